/** Colours that the page's theme and the plot's background ask for. */

import type { PlotElement } from "./plotly";

export interface Theme {
  readonly accent: string;
  readonly subtract: string;
  readonly ink: string;
  readonly halo: string;
  readonly fontFamily: string;
}

/** Read the theme where the plot is; cheap enough for once a redraw, but not for once a label. */
export function themeOf(plot: PlotElement): Theme {
  const style = getComputedStyle(plot);
  const read = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  const layout = plot._fullLayout;
  const paper = read("--jp-layout-color0", "#ffffff");
  const background = [layout?.plot_bgcolor, layout?.paper_bgcolor].find(isOpaque) ?? paper;
  const dark = luminance(background) < 0.4;
  return {
    accent: read("--jp-brand-color1", "#1976d2"),
    subtract: read("--jp-error-color1", "#d32f2f"),
    ink: dark ? "#f1f3f4" : "#202124",
    halo: dark ? "rgba(20, 20, 20, 0.85)" : "rgba(255, 255, 255, 0.88)",
    fontFamily: read("--jp-ui-font-family", "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"),
  };
}

/** Red, green, blue (0 to 255) and alpha (0 to 1) of a CSS colour; null where there is no canvas to ask. */
export function rgba(color: string): [number, number, number, number] | null {
  const context = (probe ??= document.createElement("canvas")).getContext("2d", { willReadFrequently: true });
  if (!context) return null;
  context.fillStyle = "#000";
  context.fillStyle = color;
  const read = context.fillStyle;
  if (read.startsWith("#")) {
    const value = parseInt(read.slice(1), 16);
    return [value >> 16, (value >> 8) & 255, value & 255, 1];
  }
  const [r = 0, g = 0, b = 0, a = 1] = (read.match(/[\d.]+/gu) ?? []).map(Number);
  return [r, g, b, a];
}

let probe: HTMLCanvasElement | undefined;

/** The same colour, more or less transparent. */
export function withAlpha(color: string, alpha: number): string {
  const parts = rgba(color);
  return parts ? `rgba(${parts[0]}, ${parts[1]}, ${parts[2]}, ${alpha})` : color;
}

function isOpaque(color: string | undefined): color is string {
  return color !== undefined && (rgba(color)?.[3] ?? 0) > 0.5;
}

function luminance(color: string): number {
  const parts = rgba(color);
  return parts ? (0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]) / 255 : 1;
}
