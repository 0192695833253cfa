import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { perspective, planar } from "../src/projection";

const coordinate = fc.double({ min: -1e4, max: 1e4, noNaN: true });

describe("a map in two dimensions", () => {
  const projection = planar(
    { range: [-10, 30], _offset: 40, _length: 800 },
    { range: [5, -5], _offset: 20, _length: 500 },
  );

  it("puts the ends of the axes on the edges of the plot, reversed axes too", () => {
    expect(projection.toPixel({ x: -10, y: -5, z: 0 })).toEqual({ x: 40, y: 20 });
    expect(projection.toPixel({ x: 30, y: 5, z: 0 })).toEqual({ x: 840, y: 520 });
  });

  it("goes to pixels and back", () => {
    fc.assert(
      fc.property(coordinate, coordinate, (x, y) => {
        const pixel = projection.toPixel({ x, y, z: 0 });
        const back = projection.fromPixel(pixel ?? { x: NaN, y: NaN });
        expect(back.x).toBeCloseTo(x, 6);
        expect(back.y).toBeCloseTo(y, 6);
      }),
    );
  });

  it("shows no point that has no position", () => {
    expect(projection.toPixel({ x: NaN, y: 0, z: 0 })).toBeNull();
  });
});

describe("a map in three dimensions", () => {
  const identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  // A camera at z = 5 that looks towards -z; columns one after another, as WebGL keeps them.
  const view = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, -5, 1];
  const lens = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, -1, -1, 0, 0, -1, 0];
  const scene = {
    domain: { x: [0, 1], y: [0, 1] },
    _scene: {
      dataScale: [0.1, 0.5, 1],
      glplot: { cameraParams: { projection: lens, view, model: identity } },
    },
  } as const;
  const projection = perspective(scene, { l: 10, t: 20, w: 400, h: 200 });
  if (!projection) throw new Error("There is a camera, so there is a projection");

  it("puts what the camera looks at into the middle", () => {
    expect(projection.toPixel({ x: 0, y: 0, z: 0 })).toEqual({ x: 210, y: 120 });
  });

  it("draws what is nearer farther from the middle, and y upwards", () => {
    const far = projection.toPixel({ x: 10, y: 2, z: 0 });
    const near = projection.toPixel({ x: 10, y: 2, z: 3 });
    expect(near?.x).toBeGreaterThan(far?.x ?? Infinity);
    expect(near?.y).toBeLessThan(far?.y ?? -Infinity);
  });

  it("does not show what is behind the camera", () => {
    expect(projection.toPixel({ x: 0, y: 0, z: 6 })).toBeNull();
  });

  it("sends a row-major matrix from data to clip coordinates that agrees with what is drawn", () => {
    fc.assert(
      fc.property(
        fc.tuple(...[1, 2, 3].map(() => fc.double({ min: -4, max: 4, noNaN: true }))),
        ([x = 0, y = 0, z = 0]) => {
          const m = projection.matrix ?? [];
          const clip = [0, 1, 3].map((i) => {
            const [a = 0, b = 0, c = 0, d = 0] = m.slice(4 * i, 4 * i + 4);
            return a * x + b * y + c * z + d;
          });
          const [cx = 0, cy = 0, w = 0] = clip;
          const pixel = projection.toPixel({ x, y, z });
          const ndc = projection.fromPixel(pixel ?? { x: NaN, y: NaN });
          expect(w).toBeGreaterThan(0);
          expect(ndc.x).toBeCloseTo(cx / w, 9);
          expect(ndc.y).toBeCloseTo(cy / w, 9);
        },
      ),
    );
  });
});
