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

/** Characters that a first line may have to pass for a headline. */
const LONGEST_HEADLINE = 160;

/** The first line of a text, where it is short and others follow; otherwise nothing. */
export function headlineOf(text: string): string {
  const end = text.indexOf("\n");
  return end > 0 && end <= LONGEST_HEADLINE && text.slice(end).trim() !== "" ? text.slice(0, end) : "";
}
