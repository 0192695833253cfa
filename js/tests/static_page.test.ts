/** The page without a kernel answers as Python does: rows inside an outline, order of reading, words. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { fold, looseFinder } from "../src/highlight";
import type { Aim } from "../src/static_page/aim";
import { rowsInside } from "../src/static_page/inside";
import { Rows, excerpt, readingOrder, shortened } from "../src/static_page/rows";
import { StaticModel } from "../src/static_page/static_model";
import { rowsWith, wordsOf } from "../src/static_page/word_search";

function base64(array: Int32Array | Float32Array): string {
  return btoa(String.fromCharCode(...new Uint8Array(array.buffer)));
}

/** Six rows on a line, in two clusters and noise. */
function sixRows(changes: Record<string, unknown> = {}): Rows {
  return new Rows({
    ids: ["10", "11", "12", "13", "14", "9007199254740993"],
    texts: ["Café au lait", "<img src=x onerror=alert(1)>", "harbour strike", "harbour open", "comet", "noise"],
    dims: 2,
    labels: base64(Int32Array.from([0, 0, 1, 1, 1, -1])),
    probabilities: base64(Float32Array.from([0.5, 1, 0.25, 0.75, 1, 0])),
    positions: base64(Float32Array.from([0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0])),
    codes: base64(Int32Array.from([1, 1, 2, 2, 2, 0])),
    colors: ["grey", "red", "blue"],
    columns: [{ name: "section", values: ["a", "", "b", "b", "b", "c"] }],
    neighbors: {
      count: 2,
      metric: "Euclidean",
      rows: base64(Int32Array.from([1, 2, 0, 2, 3, 1, 2, 4, 3, 2, 4, -1])),
      distances: base64(Float32Array.from([1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, Infinity])),
    },
    ...changes,
  });
}

interface Opened {
  readonly model: StaticModel;
  readonly replies: Record<string, unknown>[];
  readonly lit: (readonly number[])[];
  readonly looks: Aim[];
}

function opened(): Opened {
  const lit: (readonly number[])[] = [];
  const looks: Aim[] = [];
  const listeners = {
    onSelected: (rows: readonly number[]) => lit.push(rows),
    onLook: (aim: Aim) => looks.push(aim),
  };
  const model = new StaticModel(sixRows(), { title: "six", clusters: [] }, listeners);
  const replies: Record<string, unknown>[] = [];
  model.on("msg:custom", (message) => replies.push(message as Record<string, unknown>));
  return { model, replies, lit, looks };
}

const SQUARE = { x: [-0.5, 2.5, 2.5, -0.5], y: [-1, -1, 1, 1] };

describe("rows inside an outline", () => {
  it("are those whose points it encloses", () => {
    expect(rowsInside(sixRows(), SQUARE)).toEqual([0, 1, 2]);
  });

  it("are none where the outline crosses itself an even number of times", () => {
    const twice = { x: [...SQUARE.x, ...SQUARE.x], y: [...SQUARE.y, ...SQUARE.y] };
    expect(rowsInside(sixRows(), twice)).toEqual([]);
  });

  it("are found as seen through a camera", () => {
    const mirrored = [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    expect(rowsInside(sixRows(), { ...SQUARE, matrix: mirrored })).toEqual([0]);
  });
});

describe("the model", () => {
  it("selects, counts by cluster and tells the map", async () => {
    const { model, lit } = opened();
    model.send({ type: "select_polygon", ...SQUARE, mode: "replace" });
    await Promise.resolve();
    expect(model.get("selection")).toEqual({
      revision: 1,
      kind: "polygon",
      count: 3,
      clusters: [
        { label: 0, count: 2 },
        { label: 1, count: 1 },
      ],
      outline: SQUARE,
    });
    model.send({ type: "select_cluster", label: 1, mode: "add" });
    model.send({ type: "select_cluster", label: 0, mode: "subtract" });
    await Promise.resolve();
    expect(lit).toEqual([
      [0, 1, 2],
      [0, 1, 2, 3, 4],
      [2, 3, 4],
    ]);
    model.send({ type: "clear" });
    await Promise.resolve();
    expect(model.get("selection")).toMatchObject({ revision: 4, kind: "none", count: 0 });
  });

  it("selects the rows of a colour of the legend", async () => {
    const { model, lit } = opened();
    model.send({ type: "select_color", code: 2, mode: "replace" });
    model.send({ type: "select_color", code: 0, mode: "add" });
    await Promise.resolve();
    expect(lit).toEqual([
      [2, 3, 4],
      [2, 3, 4, 5],
    ]);
    expect(model.get("selection")).toMatchObject({ count: 4, clusters: [{ label: 1, count: 3 }, { label: -1 }] });
  });

  it("sends pages in the order of reading, with ids as text", async () => {
    const { model, replies } = opened();
    model.selectFound({ rows: [0, 1, 2, 3, 4, 5], words: [] });
    model.send({ type: "page", request: 7, revision: 1, start: 0, stop: 50 });
    await Promise.resolve();
    const rows = replies[0]?.rows as { row: number; id: string; color: string }[];
    expect(rows.map(({ row }) => row)).toEqual([4, 3, 2, 1, 0, 5]);
    expect(rows.map(({ color }) => color)).toEqual(["blue", "blue", "blue", "red", "red", "grey"]);
    expect(rows.at(-1)?.id).toBe("9007199254740993");
  });

  it("shows a text whole, with its fields and the neighbours that there are", async () => {
    const { model, replies } = opened();
    model.send({ type: "inspect", row: 5 });
    await Promise.resolve();
    expect(model.get("inspected")).toBe(5);
    expect(replies[0]).toMatchObject({ text: "noise", fields: [{ name: "section", value: "c" }], metric: "Euclidean" });
    expect((replies[0]?.neighbors as { row: number }[]).map(({ row }) => row)).toEqual([4]);
  });

  it("copies a text whole, however long it is", async () => {
    const long = "word ".repeat(400);
    const replies: Record<string, unknown>[] = [];
    const listeners = { onSelected: (): void => undefined, onLook: (): void => undefined };
    const model = new StaticModel(sixRows({ texts: ["short", long] }), {}, listeners);
    model.on("msg:custom", (message) => replies.push(message as Record<string, unknown>));
    model.send({ type: "copy", request: 4, format: "texts", row: 1 });
    await Promise.resolve();
    expect(replies).toEqual([{ type: "copied", request: 4, text: long, n_copied: 1, n_listed: 1 }]);
  });

  it("looks at a place, and at a cluster as Python's aim does", async () => {
    const { model, replies, looks } = opened();
    model.send({ type: "zoom", x: [1, 2], y: [3, 4] });
    model.send({ type: "zoom_cluster", label: 1 });
    model.send({ type: "zoom_cluster", label: 99 });
    model.send({ type: "viewport", x: [0, 1], y: [0, 1], width: 500, height: 400 });
    await Promise.resolve();
    expect(looks[0]).toEqual({ x: [1, 2], y: [3, 4] });
    // what aim_at(np.array([[2, 0], [3, 0], [4, 0]])) gives
    expect(looks[1]?.x[0]).toBeCloseTo(1.752);
    expect(looks[1]?.x[1]).toBeCloseTo(4.248);
    expect(looks[1]?.y).toEqual([-0.001, 0.001]);
    expect(looks).toHaveLength(2);
    expect(replies).toEqual([]);
  });

  it("says so when it is asked for what needs a kernel", async () => {
    const { model, replies } = opened();
    model.send({ type: "rename_cluster", request: 3 });
    await Promise.resolve();
    expect(replies[0]).toMatchObject({ type: "error", request: 3 });
    expect(replies[0]?.message).toContain("rename cluster");
  });
});

describe("words", () => {
  it("are found whatever their capitals and accents, all of them", () => {
    const folded = sixRows().texts.map(fold);
    expect(rowsWith(wordsOf("CAFE"), folded)).toEqual([0]);
    expect(rowsWith(wordsOf(" harbour  open "), folded)).toEqual([3]);
    expect(rowsWith(wordsOf("onerror=alert(1)"), folded)).toEqual([1]);
  });

  it("of a text always find it", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const words = wordsOf(text);
        expect(rowsWith(words, [fold(text)])).toEqual([0]);
      }),
    );
  });
});

describe("words that were found", () => {
  it("are marked while their texts are selected, and their texts cut around them", async () => {
    const { model, replies } = opened();
    model.selectFound({ rows: [0, 2], words: ["cafe"] });
    expect(model.get("marks")).toEqual(["cafe"]);
    model.send({ type: "select_cluster", label: 1, mode: "replace" });
    await Promise.resolve();
    expect(model.get("marks")).toEqual([]);
    expect(replies).toEqual([]);
  });

  it("stand in the text that a list shows, however long it is", () => {
    const long = `${"lait ".repeat(300)}CAFÉ ${"noir ".repeat(300)}`;
    const find = looseFinder(["cafe"]);
    const cut = excerpt(long, 500, find);
    expect(cut).toMatch(/^…lait .*CAFÉ noir .*…$/u);
    expect(Array.from(cut).length).toBeLessThanOrEqual(500);
    expect(excerpt(long, 500, null)).toBe(shortened(long, 500));
    expect(excerpt("Café au lait", 500, find)).toBe("Café au lait");
  });
});

describe("texts in lists", () => {
  it("are never longer than asked for, and never cut within a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 20 }), (text, length) => {
        const short = shortened(text, length);
        expect(Array.from(short).length).toBeLessThanOrEqual(length);
        expect(/\p{Surrogate}/u.test(short)).toBe(false);
      }),
    );
  });

  it("are ordered as in Python, attached noise by how sure it is (tests/unit/test_reading.py has the same rows)", () => {
    const rows = sixRows({
      labels: base64(Int32Array.from([0, 0, 0, 0, 0, -1])),
      probabilities: base64(Float32Array.from([0, 0, 0.5, 1, 0, 0])),
      confidence: base64(Float32Array.from([0.2, 0.9, 1, 1, 0.9, 0])),
    });
    expect(readingOrder([5, 4, 3, 2, 1, 0], rows)).toEqual([3, 2, 1, 4, 0, 5]);
  });

  it("are ordered as a whole whatever was selected first", () => {
    const rows = sixRows();
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5]), (some) => {
        expect(readingOrder(some, rows)).toEqual(readingOrder([...some].reverse(), rows));
      }),
    );
  });
});
