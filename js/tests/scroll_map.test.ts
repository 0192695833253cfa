import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { ScrollMap } from "../src/scroll_map";

const ROW = 64;
const VIEWPORT = 600;
const million = new ScrollMap(1_000_000 * ROW, VIEWPORT);

describe("scrolling through a million rows", () => {
  it("never asks for an element taller than browsers can make", () => {
    expect(million.elementHeight).toBeLessThanOrEqual(16_000_000);
  });

  it("reaches the first and the last row", () => {
    expect(million.toContent(0)).toBe(0);
    expect(million.toContent(million.elementHeight - VIEWPORT)).toBe(million.contentEnd);
    expect(million.follow(900_000, 10, 0)).toBe(0);
    expect(million.follow(0, 0, million.elementHeight - VIEWPORT)).toBe(million.contentEnd);
  });

  it("moves the content as far as the wheel moves the element, anywhere", () => {
    const middle = million.contentEnd / 2;
    const from = million.toElement(middle);
    expect(million.follow(middle, from, from + 100)).toBe(middle + 100);
    expect(million.follow(middle, from, from - 100)).toBe(middle - 100);
  });

  it("takes a drag of the scroll bar as a share of the whole", () => {
    const half = (million.elementHeight - VIEWPORT) / 2;
    expect(million.follow(0, 0, half)).toBeCloseTo(million.contentEnd / 2, -2);
  });

  it("goes there and back to the same row", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: million.contentEnd, noNaN: true }), (content) => {
        expect(million.toContent(million.toElement(content))).toBeCloseTo(content, 3);
      }),
    );
  });

  it("never scrolls backwards when the bar goes forwards", () => {
    const position = fc.double({ min: 0, max: million.elementHeight, noNaN: true });
    fc.assert(
      fc.property(position, position, (a, b) => {
        expect(million.toContent(Math.max(a, b))).toBeGreaterThanOrEqual(million.toContent(Math.min(a, b)));
      }),
    );
  });
});

describe("scrolling through a few rows", () => {
  it("is plain scrolling", () => {
    const few = new ScrollMap(100 * ROW, VIEWPORT);
    expect(few.isCompressed).toBe(false);
    expect(few.elementHeight).toBe(100 * ROW);
    expect(few.follow(0, 0, 4321)).toBe(4321);
  });

  it("stays at the top when everything fits", () => {
    const fits = new ScrollMap(3 * ROW, VIEWPORT);
    expect(fits.contentEnd).toBe(0);
    expect(fits.follow(0, 0, 50)).toBe(0);
  });
});
