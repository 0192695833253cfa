/** Cutting texts without cutting through what a reader sees as one character. */

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** At most `longest` visible characters, with an ellipsis where something was cut. */
export function shorten(text: string, longest: number): string {
  let seen = 0;
  let lastStart = 0;
  for (const { index } of GRAPHEMES.segment(text)) {
    if (seen === longest) return `${text.slice(0, lastStart).trimEnd()}…`;
    lastStart = index;
    seen += 1;
  }
  return text;
}

/** Number of visible characters. */
export function lengthOf(text: string): number {
  return Array.from(GRAPHEMES.segment(text)).length;
}
