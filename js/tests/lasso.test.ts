import { describe, expect, it } from "vitest";

import { LassoMachine } from "../src/lasso";
import type { Modifiers, Tool } from "../src/lasso";

const none: Modifiers = { shift: false, alt: false };
const shift: Modifiers = { shift: true, alt: false };
const alt: Modifiers = { shift: false, alt: true };
const square = [
  { x: 10, y: 10 },
  { x: 60, y: 10 },
  { x: 60, y: 60 },
  { x: 10, y: 60 },
];

function drawSquare(tool: Tool, start: Modifiers, during = start): LassoMachine {
  const machine = new LassoMachine();
  machine.press(tool, { x: 10, y: 10 }, start, 3);
  for (const corner of square) machine.move(corner, during);
  return machine;
}

describe("a drag", () => {
  it("draws an outline and hands it over on release", () => {
    const machine = drawSquare("lasso", none);
    expect(machine.drawing?.outline).toEqual(square);
    expect(machine.release({ x: 10, y: 40 }, none)).toEqual({
      kind: "outline",
      outline: [...square, { x: 10, y: 40 }],
      mode: "replace",
    });
    expect(machine.active).toBe(false);
    expect(machine.drawing).toBeNull();
  });

  it("with the box spans a rectangle between press and release", () => {
    const release = drawSquare("box", none).release({ x: 40, y: 30 }, none);
    expect(release).toMatchObject({
      kind: "outline",
      outline: [
        { x: 10, y: 10 },
        { x: 40, y: 10 },
        { x: 40, y: 30 },
        { x: 10, y: 30 },
      ],
    });
  });

  it.each([
    [shift, none, "add"],
    [none, shift, "add"],
    [alt, none, "subtract"],
    [none, alt, "subtract"],
    [none, none, "replace"],
  ])("with modifiers %o at the press and %o during the drag means the right thing", (start, during, mode) => {
    expect(drawSquare("lasso", start, during).release({ x: 10, y: 40 }, none)).toMatchObject({ mode });
  });

  it("says while it is under way whether it adds or takes away", () => {
    expect(drawSquare("lasso", alt).drawing?.mode).toBe("subtract");
  });

  it("that encloses nothing selects nothing", () => {
    const machine = new LassoMachine();
    machine.press("lasso", { x: 10, y: 10 }, none, 3);
    machine.move({ x: 50, y: 10 }, none);
    expect(machine.release({ x: 90, y: 10 }, none)).toEqual({ kind: "none" });
  });

  it("that was aborted leaves nothing, not even a click", () => {
    const machine = drawSquare("lasso", none);
    machine.abort();
    expect(machine.drawing).toBeNull();
    expect(machine.release({ x: 10, y: 40 }, none)).toEqual({ kind: "none" });
  });

  it("does not carry its mode over to the next", () => {
    const machine = drawSquare("lasso", shift);
    machine.release({ x: 10, y: 40 }, none);
    machine.press("lasso", { x: 10, y: 10 }, none, 3);
    for (const corner of square) machine.move(corner, none);
    expect(machine.release({ x: 10, y: 40 }, none)).toMatchObject({ mode: "replace" });
  });
});

describe("a press that hardly moves", () => {
  it("is a click", () => {
    const machine = new LassoMachine();
    machine.press("lasso", { x: 10, y: 10 }, none, 3);
    machine.move({ x: 12, y: 11 }, none);
    expect(machine.drawing).toBeNull();
    expect(machine.release({ x: 12, y: 11 }, none)).toEqual({ kind: "click", at: { x: 12, y: 11 } });
  });

  it("is a drag once it went too far, even when it comes back", () => {
    const machine = new LassoMachine();
    machine.press("lasso", { x: 10, y: 10 }, none, 3);
    machine.move({ x: 30, y: 25 }, none);
    machine.move({ x: 10, y: 30 }, none);
    expect(machine.release({ x: 10, y: 10 }, none).kind).toBe("outline");
  });
});
