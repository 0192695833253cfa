/** A press, a drag and a release on the map, as a machine without a page: what was drawn, and what it means. */

import type { Pixel } from "./geometry";
import type { SelectionMode } from "./protocol";

export type Tool = "lasso" | "box";

export interface Modifiers {
  readonly shift: boolean;
  readonly alt: boolean;
}

export interface Drawing {
  readonly tool: Tool;
  readonly mode: SelectionMode;
  /** Outline so far; the last vertex is joined to the first. */
  readonly outline: readonly Pixel[];
  readonly pointer: Pixel;
}

export type Release =
  | { readonly kind: "none" }
  | { readonly kind: "click"; readonly at: Pixel }
  | { readonly kind: "outline"; readonly outline: readonly Pixel[]; readonly mode: SelectionMode };

/** Vertices nearer than this to the one before add nothing. */
const SPACING = 1.5;

export class LassoMachine {
  private tool: Tool | null = null;
  private mode: SelectionMode = "replace";
  private path: Pixel[] = [];
  private slop = 0;
  private moved = false;

  /** A press is held down, moved or not. */
  get active(): boolean {
    return this.tool !== null;
  }

  /** What to draw now, or null. */
  get drawing(): Drawing | null {
    const pointer = this.path.at(-1);
    if (this.tool === null || !this.moved || !pointer) return null;
    return { tool: this.tool, mode: this.mode, outline: this.outline(), pointer };
  }

  /** `slop` is how far the pointer may stray, in pixels, for the press to count as a click still. */
  press(tool: Tool, at: Pixel, modifiers: Modifiers, slop: number): void {
    this.tool = tool;
    this.mode = "replace";
    this.path = [at];
    this.slop = slop;
    this.moved = false;
    this.readModifiers(modifiers);
  }

  move(at: Pixel, modifiers: Modifiers): void {
    const start = this.path[0];
    const last = this.path.at(-1);
    if (this.tool === null || !start || !last) return;
    this.readModifiers(modifiers);
    if (!this.moved && Math.hypot(at.x - start.x, at.y - start.y) <= this.slop) return;
    this.moved = true;
    if (Math.hypot(at.x - last.x, at.y - last.y) >= SPACING) this.path.push(at);
  }

  release(at: Pixel, modifiers: Modifiers): Release {
    if (this.tool === null) return { kind: "none" };
    this.move(at, modifiers);
    const outline = this.outline();
    const { mode, moved } = this;
    this.abort();
    if (!moved) return { kind: "click", at };
    return encloses(outline) ? { kind: "outline", outline, mode } : { kind: "none" };
  }

  abort(): void {
    this.tool = null;
    this.path = [];
    this.moved = false;
  }

  // Some window managers take Alt + press for themselves, so a modifier counts whenever it is held during the drag.
  private readModifiers(modifiers: Modifiers): void {
    if (modifiers.alt) this.mode = "subtract";
    else if (modifiers.shift) this.mode = "add";
  }

  private outline(): Pixel[] {
    const start = this.path[0];
    const end = this.path.at(-1);
    if (this.tool !== "box" || !start || !end) return [...this.path];
    return [start, { x: end.x, y: start.y }, end, { x: start.x, y: end.y }];
  }
}

function encloses(outline: readonly Pixel[]): boolean {
  if (outline.length < 3) return false;
  const xs = outline.map((point) => point.x);
  const ys = outline.map((point) => point.y);
  const width = Math.max(...xs) - Math.min(...xs);
  const height = Math.max(...ys) - Math.min(...ys);
  return width >= 1 && height >= 1;
}
