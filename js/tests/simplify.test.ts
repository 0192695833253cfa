import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { segmentDistance } from "../src/geometry";
import type { Pixel } from "../src/geometry";
import { simplifyOutline } from "../src/simplify";

function contains(outline: readonly Pixel[], { x, y }: Pixel): boolean {
  let inside = false;
  outline.forEach((a, index) => {
    const b = outline.at(index - 1) ?? a;
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  });
  return inside;
}

function distance(outline: readonly Pixel[], point: Pixel): number {
  return Math.min(...outline.map((a, index) => segmentDistance(point, a, outline.at(index - 1) ?? a)));
}

/** A wobbly loop as a hand draws it; it may cross itself. */
const drawn = fc
  .record({
    waves: fc.array(
      fc.record({ size: fc.double({ min: 0, max: 60, noNaN: true }), turns: fc.integer({ min: 1, max: 9 }) }),
      {
        maxLength: 4,
      },
    ),
    vertices: fc.integer({ min: 12, max: 1500 }),
  })
  .map(({ waves, vertices }) =>
    Array.from({ length: vertices }, (_, step) => {
      const angle = (2 * Math.PI * step) / vertices;
      const radius = waves.reduce((sum, { size, turns }) => sum + size * Math.sin(turns * angle), 120);
      return { x: 300 + radius * Math.cos(angle), y: 250 + radius * Math.sin(angle) };
    }),
  );

const point = fc.record({
  x: fc.double({ min: 0, max: 600, noNaN: true }),
  y: fc.double({ min: 0, max: 500, noNaN: true }),
});

describe("an outline with fewer vertices", () => {
  it("holds the same points, but for those on the line itself", () => {
    fc.assert(
      fc.property(drawn, fc.array(point, { minLength: 30, maxLength: 30 }), (outline, points) => {
        const simplified = simplifyOutline(outline, 500, 0.4);
        for (const each of points) {
          if (distance(outline, each) <= 0.4 || distance(simplified, each) <= 0.4) continue;
          expect(contains(simplified, each)).toBe(contains(outline, each));
        }
      }),
      { numRuns: 60 },
    );
  });

  it("has at most 500 of them, whatever the hand did", () => {
    const scribble = Array.from({ length: 20_000 }, (_, step) => ({
      x: 300 + 200 * Math.sin(step * 0.37) + (step % 7),
      y: 250 + 200 * Math.cos(step * 0.21) + (step % 5),
    }));
    const simplified = simplifyOutline(scribble);
    expect(simplified.length).toBeLessThanOrEqual(500);
    expect(simplified.length).toBeGreaterThan(400);
  });

  it("uses vertices that were drawn, in their order", () => {
    fc.assert(
      fc.property(drawn, (outline) => {
        const indices = simplifyOutline(outline).map((vertex) => outline.indexOf(vertex));
        expect(indices).not.toContain(-1);
        expect(indices).toEqual([...indices].sort((a, b) => a - b));
      }),
      { numRuns: 30 },
    );
  });

  it("leaves a box alone", () => {
    const box = [
      { x: 0, y: 0 },
      { x: 9, y: 0 },
      { x: 9, y: 5 },
      { x: 0, y: 5 },
    ];
    expect(simplifyOutline(box)).toEqual(box);
  });
});
