/** How things look on the overlay: names, outlines, lit points. Drawing only; what and where is decided elsewhere. */

import { overlaps } from "./geometry";
import type { Pixel, Rect } from "./geometry";
import type { PlacedLabel } from "./labels";
import type { Drawing } from "./lasso";
import { withAlpha } from "./theme";
import type { Theme } from "./theme";

export interface LitPoint {
  readonly at: Pixel;
  readonly color: string;
  /** Pointed at in the panel; pointed at on the map; its text is being read; near the one that is being read. */
  readonly role: "pointed" | "hovered" | "open" | "neighbor" | "hit";
  /** Written beside it: a score. */
  readonly text?: string;
}

export function clipTo(context: CanvasRenderingContext2D, area: Rect): void {
  context.beginPath();
  context.rect(area.left, area.top, area.width, area.height);
  context.clip();
}

/** Names, each with a halo so that it can be read on any colour. */
export function paintLabels(
  context: CanvasRenderingContext2D,
  labels: readonly PlacedLabel[],
  theme: Theme,
  emphasized: number | null,
): void {
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  for (const { label, lines, fontSize, center } of labels) {
    context.font = labelFont(fontSize, theme, label === emphasized);
    context.globalAlpha = emphasized === null || label === emphasized ? 1 : 0.35;
    const step = fontSize * 1.2;
    lines.forEach((line, index) => {
      const y = center.y + (index - (lines.length - 1) / 2) * step;
      context.lineWidth = 3.5;
      context.strokeStyle = theme.halo;
      context.strokeText(line, center.x, y);
      context.fillStyle = theme.ink;
      context.fillText(line, center.x, y);
    });
  }
  context.globalAlpha = 1;
}

export function labelFont(fontSize: number, theme: Theme, strong = false): string {
  return `${strong ? 700 : 600} ${fontSize}px ${theme.fontFamily}`;
}

/** The outline of the selection that is shown in the panel. */
export function paintOutline(context: CanvasRenderingContext2D, outline: readonly Pixel[], theme: Theme): void {
  trace(context, outline);
  context.closePath();
  context.fillStyle = withAlpha(theme.accent, 0.06);
  context.fill("evenodd");
  context.lineWidth = 1.5;
  context.strokeStyle = withAlpha(theme.accent, 0.9);
  context.stroke();
}

/** The outline under the pointer, with a dashed line where letting go would close it. */
export function paintDrawing(context: CanvasRenderingContext2D, drawing: Drawing, theme: Theme): void {
  const color = drawing.mode === "subtract" ? theme.subtract : theme.accent;
  const isLasso = drawing.tool === "lasso";
  (isLasso ? traceSmooth : trace)(context, drawing.outline);
  if (!isLasso) context.closePath();
  context.lineJoin = "round";
  context.lineCap = "round";
  context.fillStyle = withAlpha(color, 0.14);
  context.fill("evenodd");
  context.lineWidth = 2;
  context.strokeStyle = color;
  context.stroke();
  if (isLasso) paintClosingLine(context, drawing.outline, color);
  if (drawing.mode !== "replace") paintSign(context, drawing.pointer, drawing.mode === "add" ? "+" : "−", color);
}

/** Points that the panel speaks of. */
export function paintLitPoints(context: CanvasRenderingContext2D, points: readonly LitPoint[], theme: Theme): void {
  const open = points.find((point) => point.role === "open");
  if (open) {
    context.lineWidth = 1;
    context.strokeStyle = withAlpha(theme.ink, 0.3);
    for (const point of points) if (point.role === "neighbor") trace(context, [open.at, point.at], true);
  }
  for (const point of points) paintLitPoint(context, point, theme);
  paintTexts(context, points, theme);
}

/** What is written beside points, the first ones first; what would cover another is left out. */
function paintTexts(context: CanvasRenderingContext2D, points: readonly LitPoint[], theme: Theme): void {
  const height = 12;
  const taken: Rect[] = [];
  context.font = `600 ${height - 1}px ${theme.fontFamily}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  for (const { at, text } of points) {
    if (text === undefined) continue;
    const { width } = context.measureText(text);
    const place = { left: at.x + 9, top: at.y - height / 2, width, height };
    if (taken.some((other) => overlaps(place, other))) continue;
    taken.push(place);
    context.lineWidth = 3;
    context.strokeStyle = theme.halo;
    context.strokeText(text, place.left, at.y);
    context.fillStyle = theme.ink;
    context.fillText(text, place.left, at.y);
  }
}

function paintLitPoint(context: CanvasRenderingContext2D, { at, color, role }: LitPoint, theme: Theme): void {
  const isMinor = role === "neighbor" || role === "hovered" || role === "hit";
  const radius = isMinor ? 4 : 5.5;
  if (role !== "hovered") {
    circle(context, at, radius);
    context.fillStyle = color;
    context.fill();
  }
  circle(context, at, radius + 2.5);
  context.lineWidth = isMinor ? 3 : 5;
  context.strokeStyle = theme.halo;
  context.stroke();
  context.lineWidth = isMinor ? 1.25 : 2;
  context.strokeStyle = theme.ink;
  context.stroke();
}

function paintClosingLine(context: CanvasRenderingContext2D, outline: readonly Pixel[], color: string): void {
  const [first] = outline;
  const last = outline.at(-1);
  if (!first || !last) return;
  context.setLineDash([5, 5]);
  context.lineWidth = 1.25;
  context.strokeStyle = withAlpha(color, 0.8);
  trace(context, [last, first], true);
  context.setLineDash([]);
}

function paintSign(context: CanvasRenderingContext2D, at: Pixel, sign: string, color: string): void {
  const center = { x: at.x + 16, y: at.y + 16 };
  circle(context, center, 8);
  context.fillStyle = color;
  context.fill();
  context.fillStyle = "#fff";
  context.font = "700 13px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(sign, center.x, center.y + 0.5);
}

function circle(context: CanvasRenderingContext2D, at: Pixel, radius: number): void {
  context.beginPath();
  context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
}

function trace(context: CanvasRenderingContext2D, points: readonly Pixel[], stroke = false): void {
  context.beginPath();
  for (const point of points) context.lineTo(point.x, point.y);
  if (stroke) context.stroke();
}

/** A curve through the middles of the segments, with the vertices as control points. */
function traceSmooth(context: CanvasRenderingContext2D, points: readonly Pixel[]): void {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return;
  context.beginPath();
  context.moveTo(first.x, first.y);
  points.slice(1).forEach((point, index) => {
    const before = points[index] ?? point;
    context.quadraticCurveTo(before.x, before.y, (before.x + point.x) / 2, (before.y + point.y) / 2);
  });
  context.lineTo(last.x, last.y);
}
