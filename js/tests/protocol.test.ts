import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { clusterName, parseClusters, parseMessage, parseSelection } from "../src/protocol";

const row = { row: 3, id: "9007199254740993", text: "t", label: 2, color: "#fff", probability: 0.5, x: 1, y: 2 };

describe("messages", () => {
  it("keep ids that are larger than the browser's whole numbers", () => {
    const message = parseMessage({ type: "page", request: 1, revision: 1, start: 0, rows: [row] });
    expect(message).toMatchObject({ rows: [{ row: 3, id: "9007199254740993", at: { x: 1, y: 2, z: 0 } }] });
  });

  it("with a row that cannot be read are refused, rather than shift the rows after it", () => {
    const message = parseMessage({ type: "page", request: 7, revision: 1, start: 0, rows: [row, { text: "no row" }] });
    expect(message).toMatchObject({ type: "error", request: 7 });
  });

  it("may lack what is not known yet", () => {
    const message = parseMessage({ type: "detail", row: 3, text: "t", neighbors: [row, null] });
    expect(message).toMatchObject({ detail: { fields: [], neighbors: [{ row: 3, distance: NaN }], probability: NaN } });
  });

  it("of any shape never throw", () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom("page", "detail", "snippet", "error", "other"), (value, type) => {
        parseMessage(value);
        parseMessage(typeof value === "object" ? { ...value, type } : value);
        parseClusters(value);
        parseSelection(value);
      }),
    );
  });
});

describe("a selection", () => {
  it("has no outline unless it can be drawn", () => {
    expect(parseSelection({ outline: { x: [0, 1], y: [0, 1] } }).outline).toBeNull();
    expect(parseSelection({ outline: { x: [0, 1, null], y: [0, 1, 1] } }).outline).toBeNull();
    expect(parseSelection({ outline: { x: [0, 1, 1], y: [0, 1, 0] } }).outline).toEqual({ x: [0, 1, 1], y: [0, 1, 0] });
  });

  it("is none until Python says otherwise", () => {
    expect(parseSelection(undefined)).toMatchObject({ kind: "none", count: 0, clusters: [] });
  });
});

describe("clusters", () => {
  it("without a name are called by their number, and noise is noise", () => {
    const [unnamed] = parseClusters([{ label: 7, name: "", color: "red", size: 1 }]);
    expect(clusterName(unnamed, 7)).toBe("Cluster 7");
    expect(clusterName(undefined, -1)).toBe("noise");
    expect(unnamed?.at).toBeNull();
  });
});
