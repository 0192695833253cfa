// Generated rows: clusters of points on a map, and texts in several scripts, some of them hostile.

const TOPICS = [
  [
    "central bank, interest rates, inflation",
    "The central bank left interest rates unchanged as inflation cooled for a third month",
  ],
  [
    "coral reef, bleaching, ocean heat",
    "Divers report fresh bleaching along the northern reef after weeks of record ocean heat",
  ],
  ["football final, penalties", "Penalties decided a final that neither side deserved to lose"],
  [
    "rail strike, unions, pay talks",
    "Unions call off the rail strike hours before the first trains, pending new pay talks",
  ],
  ["lunar lander, launch window", "Engineers delay the lunar lander's launch window over a stubborn valve"],
  ["", "A cluster that nobody has named holds this text"],
  [
    "地震, 余震, 避難",
    "沿岸部で強い地震があり、余震が続くなか住民が高台へ避難した。気象庁は今後一週間ほど注意を呼びかけている",
  ],
  ["انتخابات، برلمان", "أعلنت اللجنة النتائج النهائية للانتخابات البرلمانية بعد فرز آخر الصناديق"],
  ["heat pumps & subsidies 🔥", "Heat pump sales double 🔥🏠 after the subsidy is widened to flats 👩‍👩‍👧‍👧"],
  [
    "<b>bold</b> claims",
    '<img src=x onerror="window.hacked=1"> <script>window.hacked=1</script> is shown as it was written',
  ],
];

export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export function makeRows({ n, clusters: k, dims }) {
  const random = generator(7);
  const centers = Array.from({ length: k }, () => [random() * 20 - 10, random() * 20 - 10, random() * 20 - 10]);
  const weights = Array.from({ length: k }, (_, i) => 1 / (1 + i * 0.35));
  const total = weights.reduce((a, b) => a + b, 0);
  const shares = weights.map((w) => w / total);
  const x = new Float32Array(n);
  const y = new Float32Array(n);
  const z = new Float32Array(n);
  const labels = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const noise = random() < 0.08;
    let u = random();
    let label = 0;
    while (label < k - 1 && u > shares[label]) u -= shares[label++];
    const spread = noise ? 3 : 0.28 + 1.2 * shares[label];
    x[i] = centers[label][0] + normal(random) * spread;
    y[i] = centers[label][1] + normal(random) * spread;
    z[i] = dims === 3 ? centers[label][2] + normal(random) * spread : 0;
    labels[i] = noise ? -1 : label;
  }
  const colors = Array.from({ length: k }, (_, i) => `hsl(${Math.round((i * 137.5) % 360)} 62% ${46 + (i % 3) * 7}%)`);
  const clusters = centers.map((center, label) => ({
    label,
    name:
      k <= 60 || label % 3
        ? `${TOPICS[label % TOPICS.length][0]}${label >= 10 && TOPICS[label % 10][0] ? ` ${label}` : ""}`
        : "",
    color: colors[label],
    keywords: TOPICS[label % TOPICS.length][1].toLowerCase().split(" ").slice(0, 6),
    probability: 0.5 + ((label * 37) % 50) / 100,
    size: labels.reduce((sum, other) => sum + (other === label ? 1 : 0), 0),
    x: center[0],
    y: center[1],
    ...(dims === 3 && { z: center[2] }),
  }));
  clusters.push({ label: -1, name: "noise", color: "#9aa0a6", size: labels.reduce((s, l) => s + (l < 0 ? 1 : 0), 0) });
  const color = (row) => (labels[row] < 0 ? "#9aa0a6" : colors[labels[row]]);
  const text = (row) => {
    const topic =
      labels[row] < 0 ? "Something that belongs to no story at all" : TOPICS[labels[row] % TOPICS.length][1];
    return `${topic} (${row}).${row % 3 ? "" : " Officials said that a longer account of the matter would follow within days, and that nobody had been hurt; neighbours saw it differently."}`;
  };
  return { n, dims, x, y, z, labels, clusters, color, text };
}
