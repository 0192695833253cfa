/** Where cluster names go on the map, so that none covers another. Pure: widths come in through `measure`. */

import { overlaps } from "./geometry";
import type { Pixel, Rect } from "./geometry";
import { lengthOf, shorten } from "./text";

export interface LabelRequest {
  readonly label: number;
  /** The name, as `wrap` breaks it. */
  readonly lines: readonly string[];
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
/** Free space around a name. */
const GAP = 4;
/** Between a cluster's middle and the nearer edge of its name. */
const CLEARANCE = 7;
const LONGEST_LINE = 20;
/** Area, in square pixels, that each name has to itself on average; more names than that are a crowd. */
const AREA_PER_LABEL = 10_000;
const LARGEST_FONT = 13.5;
const SMALLEST_FONT = 11;

/** Place names, those of big clusters first; a name that fits nowhere near its cluster is left out. */
export function placeLabels(requests: readonly LabelRequest[], space: LabelSpace): PlacedLabel[] {
  const taken: Rect[] = space.obstacles.map((obstacle) => grow(obstacle, GAP));
  const placed: PlacedLabel[] = [];
  const bySize = [...requests].sort((a, b) => b.size - a.size || a.label - b.label);
  const largest = bySize[0]?.size ?? 1;
  const most = Math.ceil((space.area.width * space.area.height) / AREA_PER_LABEL);
  for (const request of bySize) {
    if (placed.length >= most) break;
    const fits = candidates(request, fontSizeOf(request.size, largest), space).find(
      ({ box }) => inside(box, space.area) && !taken.some((other) => overlaps(box, other)),
    );
    if (!fits) continue;
    taken.push(grow(fits.box, GAP));
    placed.push(fits);
  }
  return placed;
}

/** Place one name whatever it covers, but within the map as far as it can be. */
export function placeLabel(request: LabelRequest, space: LabelSpace): PlacedLabel {
  const [label] = candidates(request, LARGEST_FONT, space);
  const { box, center } = label;
  const { left, top, width, height } = space.area;
  const dx = Math.max(left, Math.min(box.left, left + width - box.width)) - box.left;
  const dy = Math.max(top, Math.min(box.top, top + height - box.height)) - box.top;
  return {
    ...label,
    center: { x: center.x + dx, y: center.y + dy },
    box: { ...box, left: box.left + dx, top: box.top + dy },
  };
}

/** Break a name into at most two lines of about `longest` characters; what is left over becomes an ellipsis. */
export function wrap(text: string, longest = LONGEST_LINE): string[] {
  const words = text.split(/\s+/u).filter((word) => word !== "");
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || lengthOf(longer) <= longest) {
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

/** Just above the middle of the cluster, so that small clusters stay visible; or below it, farther off, or upon it. */
function candidates(request: LabelRequest, fontSize: number, space: LabelSpace): [PlacedLabel, ...PlacedLabel[]] {
  const { lines } = request;
  const width = Math.max(...lines.map((line) => space.measure(line, fontSize)));
  const height = lines.length * fontSize * LINE_HEIGHT;
  const at = (dy: number): PlacedLabel => {
    const center = { x: request.at.x, y: request.at.y + dy };
    const box = { left: center.x - width / 2, top: center.y - height / 2, width, height };
    return { label: request.label, lines, fontSize, center, box };
  };
  const near = height / 2 + CLEARANCE;
  const far = near + 1.5 * CLEARANCE;
  return [at(-near), at(near), at(-far), at(far), at(0)];
}

function fontSizeOf(size: number, largest: number): number {
  const share = Math.sqrt(size / Math.max(1, largest));
  return Math.round((SMALLEST_FONT + (LARGEST_FONT - SMALLEST_FONT) * share) * 2) / 2;
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
