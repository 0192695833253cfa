// Answers about clusters, near-duplicates and titles, as Python would give them (PROTOCOL.md).

const hostile = '<img src=x onerror="window.hacked=1">';

export const understandTraits = {
  metadata_reading: { state: "read", fraction: 0, problem: "" },
  titling: { available: true, state: "idle", fraction: 0, n_titles: 0, n_failed: 0, message: "" },
};

export function answerUnderstanding(model, message) {
  if (message.type === "about") model.reply(about(model, message.revision));
  else if (message.type === "near_duplicates") model.reply(duplicates(model, message.threshold ?? 0.2));
  else if (message.type === "titles_estimate") model.reply(estimate(model));
  else if (message.type === "titles_start")
    model.set("titling", { ...understandTraits.titling, state: "running", fraction: 0.4 });
  else if (message.type === "titles_cancel")
    model.set("titling", { ...understandTraits.titling, state: "cancelled", n_titles: 9, n_failed: 0 });
}

function about(model, revision) {
  const { selected, rows } = model;
  const [{ label } = { label: -1 }, ...others] = model.traits.selection.clusters;
  const isWhole = others.length === 0 && label >= 0 && rows.clusters[label]?.size === selected.length;
  const contrast = (field, value, inside, outside) => ({
    field,
    value,
    inside: Math.round(inside * selected.length),
    outside: 3,
    share_inside: inside,
    share_outside: outside,
    p_value: 1e-9,
  });
  return {
    type: "about",
    revision,
    n_rows: selected.length,
    n_others: rows.n - selected.length,
    terms: [
      contrast("", "harbour", 0.62, 0.03),
      contrast("", "地震", 0.3, 0.001),
      contrast("", hostile, 0.2, 0.05),
      contrast("", "انتخابات", 0.12, 0),
    ],
    metadata: [
      contrast("section", "World", 0.71, 0.2),
      contrast("source", "A very long name of a newspaper", 0.3, 0.1),
    ],
    cluster: isWhole ? cluster(model, label) : null,
  };
}

function cluster(model, label) {
  const members = model.selected;
  const value = (name, share, overall) => ({ value: name, count: 10, share, share_overall: overall });
  return {
    label,
    size: members.length,
    probability: 0.83,
    keywords: ["central bank", "interest rates", "inflation", "地震", "انتخابات", hostile],
    central: members.slice(0, 5).map((row) => model.row(row)),
    border: members.slice(-4).map((row, place) => ({ ...model.row(row), toward: place - 1, leaving: 0.7 - place / 8 })),
    shares: [
      {
        field: "section",
        others: 2,
        missing: 1,
        values: [value("World", 0.71, 0.2), value("Business", 0.2, 0.3), value("Culture", 0.05, 0.1)],
      },
      {
        field: "published",
        others: 0,
        missing: 0,
        values: [value("2026-01-02 to 02-11", 0.6, 0.2), value("2026-02-12 to 03-14", 0.4, 0.2)],
      },
    ],
  };
}

function duplicates(model, threshold) {
  const size = (place) => Math.max(2, Math.round(12 * threshold) - place);
  const groups = Array.from({ length: Math.round(60 * threshold) }, (_, group) => ({
    ...model.row(group * 7),
    group,
    size: size(group),
  }));
  const rows = groups.reduce((sum, group) => sum + group.size, 0);
  return {
    type: "near_duplicates",
    revision: 1,
    threshold,
    suggested: 0.2,
    largest: 0.9,
    metric: "cosine",
    n_rows: rows,
    n_groups: groups.length,
    n_surplus: rows - groups.length,
    groups,
  };
}

function estimate(model) {
  return {
    type: "titles_estimate",
    revision: 1,
    destination: "the model 'small' at api.example.org",
    leaves_machine: true,
    n_clusters: 24,
    n_requests: 23,
    n_cached: 1,
    n_texts: 138,
    n_tokens: 11_902,
    samples: [0, 1, 2].map((label) => ({
      label,
      keywords: ["central bank", "inflation", hostile],
      texts: [0, 1, 2].map((row) => model.row(label * 40 + row).text),
    })),
  };
}
