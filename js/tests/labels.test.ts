import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { overlaps } from "../src/geometry";
import { placeLabel, placeLabels, wrap } from "../src/labels";
import type { LabelSpace } from "../src/labels";

const area = { left: 0, top: 0, width: 700, height: 500 };
const modebar = { left: 560, top: 0, width: 140, height: 30 };
const space: LabelSpace = { area, obstacles: [modebar], measure: (text, fontSize) => text.length * fontSize * 0.55 };

const request = fc.record({
  label: fc.nat(5000),
  lines: fc.oneof(fc.lorem({ maxCount: 6 }), fc.string({ unit: "grapheme" })).map((name) => wrap(name)),
  size: fc.integer({ min: 1, max: 100_000 }),
  at: fc.record({
    x: fc.double({ min: -50, max: 750, noNaN: true }),
    y: fc.double({ min: -50, max: 550, noNaN: true }),
  }),
});

describe("names on the map", () => {
  it("never cover each other, nor hide under the modebar, nor leave the map", () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 120 }), (requests) => {
        const boxes = placeLabels(requests, space).map(({ box }) => box);
        boxes.forEach((box, index) => {
          expect(boxes.slice(index + 1).some((other) => overlaps(box, other))).toBe(false);
          expect(overlaps(box, modebar)).toBe(false);
          expect(box.left).toBeGreaterThanOrEqual(area.left);
          expect(box.left + box.width).toBeLessThanOrEqual(area.left + area.width);
        });
      }),
    );
  });

  it("are those of the big clusters where there is no room for all", () => {
    const at = { x: 300, y: 250 };
    const crowd = Array.from({ length: 30 }, (_, label) => ({
      label,
      lines: [`cluster ${label}`],
      size: 100 + label,
      at,
    }));
    const labels = placeLabels(crowd, space).map(({ label }) => label);
    expect(labels).toContain(29);
    expect(labels.length).toBeLessThan(10);
    expect(Math.min(...labels)).toBeGreaterThan(29 - labels.length);
  });

  it("do not depend on the order in which the clusters came", () => {
    fc.assert(
      fc.property(fc.uniqueArray(request, { selector: ({ label }) => label, maxLength: 40 }), (requests) => {
        expect(placeLabels([...requests].reverse(), space)).toEqual(placeLabels(requests, space));
      }),
    );
  });

  it("can be shown whatever they cover, within the map", () => {
    const { box } = placeLabel({ label: 1, lines: ["far out"], size: 1, at: { x: 699, y: 1 } }, space);
    expect(box.left + box.width).toBeLessThanOrEqual(700);
    expect(box.top).toBeGreaterThanOrEqual(0);
  });
});

describe("long names", () => {
  it("take two lines, and an ellipsis says that there is more", () => {
    expect(wrap("central bank, interest rates, inflation", 20)).toEqual(["central bank,", "interest rates…"]);
    expect(wrap("penalties", 20)).toEqual(["penalties"]);
    expect(wrap("", 20)).toEqual([""]);
  });

  it("are never cut within what a reader sees as one character", () => {
    const family = "👩‍👩‍👧‍👧";
    const [line = ""] = wrap(family.repeat(40), 20);
    expect(line.replaceAll(family, "")).toBe("…");
  });

  it("in writing without spaces are cut too", () => {
    expect(wrap("沿岸部で強い地震があり余震が続くなか住民が高台へ避難した", 20)).toEqual([
      "沿岸部で強い地震があり余震が続くなか住民が高台…",
    ]);
  });
});
