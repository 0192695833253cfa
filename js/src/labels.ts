/** Where cluster names go on the map, so that none covers another. Pure: widths come in through `measure`. */

import { overlaps } from "./geometry";
import type { Pixel, Rect } from "./geometry";
import { lengthOf, shorten } from "./text";

export interface LabelRequest {
  readonly label: number;
  readonly text: string;
  readonly size: number;
  readonly at: Pixel;
}

export interface PlacedLabel {
  readonly label: number;
  readonly lines: readonly string[];
  readonly fontSize: number;
  readonly center: Pixel;
  readonly box: Rect;
}

export interface LabelSpace {
  readonly area: Rect;
  /** Controls that names must not hide under. */
  readonly obstacles: readonly Rect[];
  readonly measure: (text: string, fontSize: number) => number;
}

const LINE_HEIGHT = 1.2;
const GAP = 5;
const LONGEST_LINE = 20;
const LARGEST_FONT = 14;
const SMALLEST_FONT = 11;

/** Place names, those of big clusters first; a name that fits nowhere near its cluster is left out. */
export function placeLabels(requests: readonly LabelRequest[], space: LabelSpace): PlacedLabel[] {
  const taken: Rect[] = space.obstacles.map((obstacle) => grow(obstacle, GAP));
  const placed: PlacedLabel[] = [];
  const bySize = [...requests].sort((a, b) => b.size - a.size || a.label - b.label);
  const largest = bySize[0]?.size ?? 1;
  for (const request of bySize) {
    const fontSize = fontSizeOf(request.size, largest);
    const lines = wrap(request.text, LONGEST_LINE);
    const width = Math.max(...lines.map((line) => space.measure(line, fontSize)));
    const height = lines.length * fontSize * LINE_HEIGHT;
    for (const center of candidates(request.at, height)) {
      const box = { left: center.x - width / 2, top: center.y - height / 2, width, height };
      if (!inside(box, space.area) || taken.some((other) => overlaps(box, other))) continue;
      taken.push(grow(box, GAP));
      placed.push({ label: request.label, lines, fontSize, center, box });
      break;
    }
  }
  return placed;
}

/** Break a name into at most two lines of about `longest` characters; what is left over becomes an ellipsis. */
export function wrap(text: string, longest: number): string[] {
  const words = text.split(/\s+/u).filter((word) => word !== "");
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (lengthOf(longer) <= longest || line === "") {
      line = longer;
    } else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  const shown = lines.slice(0, 2).map((item) => shorten(item, longest + 4));
  if (lines.length > 2) shown[1] = `${shorten(shown[1] ?? "", longest).replace(/[\s,;…]+$/u, "")}…`;
  return shown;
}

function fontSizeOf(size: number, largest: number): number {
  const share = Math.sqrt(size / Math.max(1, largest));
  return Math.round((SMALLEST_FONT + (LARGEST_FONT - SMALLEST_FONT) * share) * 2) / 2;
}

function* candidates(at: Pixel, height: number): Generator<Pixel> {
  yield at;
  for (const step of [0.6, 1.2, 1.8]) {
    yield { x: at.x, y: at.y - step * height };
    yield { x: at.x, y: at.y + step * height };
  }
}

function inside(box: Rect, area: Rect): boolean {
  return (
    box.left >= area.left &&
    box.top >= area.top &&
    box.left + box.width <= area.left + area.width &&
    box.top + box.height <= area.top + area.height
  );
}

function grow(rect: Rect, by: number): Rect {
  return { left: rect.left - by, top: rect.top - by, width: rect.width + 2 * by, height: rect.height + 2 * by };
}
