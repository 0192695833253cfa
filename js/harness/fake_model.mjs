// A widget model that answers the panel as Python would (PROTOCOL.md).

import { answerUnderstanding, understandTraits } from "./understand.mjs";

const ARRANGED = {
  sort: "auto",
  descending: false,
  grouped: true,
  query: "",
  starred_only: false,
  terms: [],
  groups: [],
  fields: ["published", "section"],
  problem: "",
};

export class FakeModel {
  constructor(rows, { delay = 2 } = {}) {
    this.rows = rows;
    this.delay = delay;
    this.handlers = new Map();
    this.sent = [];
    this.selected = [];
    this.listed = [];
    this.starred = new Set();
    this.traits = {
      n_components: rows.dims,
      title: "headlines",
      n_rows: rows.n,
      text_field: "text",
      clusters: rows.clusters,
      selection: { revision: 0, kind: "none", count: 0, clusters: [], outline: null },
      listing: { ...ARRANGED, revision: 0, count: 0 },
      annotations: { stars_revision: 0, n_starred: 0, selections: [] },
      inspected: -1,
      notice: "",
      colors_revision: 0,
      ...understandTraits,
    };
  }

  get(name) {
    return this.traits[name];
  }

  set(name, value) {
    this.traits[name] = value;
    this.emit(`change:${name}`);
  }

  save_changes() {}

  on(event, handler) {
    this.handlers.set(event, [...(this.handlers.get(event) ?? []), handler]);
  }

  off(event, handler) {
    this.handlers.set(
      event,
      (this.handlers.get(event) ?? []).filter((other) => other !== handler),
    );
  }

  emit(event, ...values) {
    for (const handler of this.handlers.get(event) ?? []) handler(...values);
  }

  listenerCount() {
    return [...this.handlers.values()].reduce((sum, handlers) => sum + handlers.length, 0);
  }

  send(message) {
    this.sent.push(message);
    setTimeout(() => this.answer(message), this.delay);
  }

  reply(message) {
    this.emit("msg:custom", message, []);
  }

  answer(message) {
    const { rows } = this;
    if (message.type === "select_polygon") {
      const inside = message.matrix ? insideNdc(rows, message) : insidePlane(rows, message);
      this.select(
        "polygon",
        combine(this.selected, inside, message.mode),
        message.matrix ? null : { x: message.x, y: message.y },
      );
    } else if (message.type === "select_cluster") {
      const members = all(rows.n).filter((row) => rows.labels[row] === message.label);
      this.select("cluster", combine(this.selected, members, message.mode), null);
    } else if (message.type === "clear") {
      this.select("none", [], null);
    } else if (message.type === "inspect") {
      this.set("inspected", message.row);
      if (message.row >= 0) this.reply(this.detail(message.row));
    } else if (message.type === "detail") {
      this.reply(this.detail(message.row));
    } else if (message.type === "page") {
      if (message.revision !== this.traits.listing.revision) return;
      const page = this.listed.slice(message.start, message.stop).map((row) => this.row(row));
      this.reply({
        type: "page",
        request: message.request,
        revision: message.revision,
        start: message.start,
        rows: page,
      });
    } else if (message.type === "arrange") {
      const { type: _, ...arrangement } = message;
      this.list(arrangement);
    } else if (message.type === "star") {
      if (message.on) this.starred.add(message.row);
      else this.starred.delete(message.row);
    } else if (message.type === "rename_cluster") {
      const renamed = (cluster) => (cluster.label === message.label ? { ...cluster, name: message.name } : cluster);
      this.set("clusters", this.traits.clusters.map(renamed));
    } else if (message.type === "save_selection") {
      const { annotations } = this.traits;
      const saved = { name: message.name, count: this.selected.length };
      this.set("annotations", { ...annotations, selections: [...annotations.selections, saved] });
    } else if (message.type === "snippet") {
      const { id: _, ...row } = this.row(message.row);
      this.reply({ type: "snippet", request: message.request, ...row, text: row.text.slice(0, 140) });
    } else {
      answerUnderstanding(this, message);
    }
  }

  select(kind, selected, outline) {
    this.selected = selected;
    const counts = new Map();
    for (const row of selected) counts.set(this.rows.labels[row], (counts.get(this.rows.labels[row]) ?? 0) + 1);
    const clusters = [...counts].map(([label, count]) => ({ label, count })).sort((a, b) => b.count - a.count);
    const revision = this.traits.selection.revision + 1;
    this.list(this.traits.listing);
    this.set("selection", { revision, kind, count: selected.length, clusters, outline });
  }

  list(arrangement) {
    const { rows } = this;
    const terms = (arrangement.query ?? "").split(" ").filter(Boolean);
    const holds = (row) => terms.every((term) => rows.text(row).toLowerCase().includes(term.toLowerCase()));
    this.listed = this.selected.filter(holds);
    if (arrangement.grouped) this.listed.sort((a, b) => rows.labels[b] - rows.labels[a]);
    const groups = this.listed.flatMap((row, start) => {
      const label = rows.labels[row];
      return label === rows.labels[this.listed[start - 1]] ? [] : [{ label, start }];
    });
    const revision = this.traits.listing.revision + 1;
    const count = this.listed.length;
    const shown = arrangement.grouped ? groups : [];
    this.set("listing", { ...ARRANGED, ...arrangement, revision, count, terms, groups: shown });
  }

  row(row) {
    const { rows } = this;
    const at = { x: rows.x[row], y: rows.y[row], ...(rows.dims === 3 && { z: rows.z[row] }) };
    const label = rows.labels[row];
    return {
      row,
      id: `9007199254740993${row}`,
      text: rows.text(row),
      starred: this.starred.has(row),
      label,
      color: rows.color(row),
      probability: label < 0 ? 0 : 0.5 + (row % 50) / 100,
      ...at,
    };
  }

  detail(row) {
    const { rows } = this;
    const distance = (other) =>
      Math.hypot(rows.x[other] - rows.x[row], rows.y[other] - rows.y[row], rows.z[other] - rows.z[row]);
    const nearest = all(Math.min(rows.n, 20_000))
      .filter((other) => other !== row)
      .sort((a, b) => distance(a) - distance(b))
      .slice(0, 10);
    return {
      type: "detail",
      ...this.row(row),
      text: `${rows.text(row)}\n\nA second paragraph, kept apart as it was written.`,
      fields: [
        { name: "source", value: "The Harbour Courier" },
        { name: "published", value: "2026-03-14" },
        { name: "section", value: "World" },
      ],
      neighbors: nearest.map((other) => ({ ...this.row(other), distance: distance(other) })),
      metric: "cosine",
    };
  }
}

function all(n) {
  return Array.from({ length: n }, (_, row) => row);
}

function combine(before, found, mode) {
  if (mode === "replace") return found;
  const set = new Set(found);
  if (mode === "subtract") return before.filter((row) => !set.has(row));
  for (const row of before) set.add(row);
  return [...set].sort((a, b) => a - b);
}

function insidePlane(rows, { x, y }) {
  return all(rows.n).filter((row) => isInside(rows.x[row], rows.y[row], x, y));
}

function insideNdc(rows, { x, y, matrix: m }) {
  return all(rows.n).filter((row) => {
    const p = [rows.x[row], rows.y[row], rows.z[row], 1];
    const [cx, cy, , w] = [0, 1, 2, 3].map(
      (i) => m[4 * i] * p[0] + m[4 * i + 1] * p[1] + m[4 * i + 2] * p[2] + m[4 * i + 3],
    );
    return w > 0 && isInside(cx / w, cy / w, x, y);
  });
}

function isInside(px, py, x, y) {
  let inside = false;
  for (let i = 0, j = x.length - 1; i < x.length; j = i++) {
    if (y[i] > py !== y[j] > py && px < ((x[j] - x[i]) * (py - y[i])) / (y[j] - y[i]) + x[i]) inside = !inside;
  }
  return inside;
}
