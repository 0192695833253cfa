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

/** Whether a text that Python sent for a list may be a part of a longer one: such a part begins or ends with "…". */
export function isCut(text: string): boolean {
  return text.startsWith("…") || text.endsWith("…");
}

/** Number of visible characters. */
export function lengthOf(text: string): number {
  return Array.from(GRAPHEMES.segment(text)).length;
}

/** Characters after which a part of a long text ends, at the next chance. */
const PART = 8_000;
/** Characters within which a line or a word has to end, before a part is cut where it stands. */
const CHANCE = 4_000;

/**
 * A text in parts that a browser lays out one by one: a paragraph of a megabyte takes it half a minute. Parts end with a
 * line where there is one, otherwise with a word.
 */
export function partsOf(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  while (text.length - from > PART + CHANCE) {
    const ahead = text.slice(from + PART, from + PART + CHANCE);
    const line = ahead.indexOf("\n");
    const word = line >= 0 ? line : ahead.search(/\s/u);
    let to = from + PART + word + 1;
    // never between the halves of one character
    if (word < 0 && /[\uDC00-\uDFFF]/u.test(text.charAt(to))) to += 1;
    parts.push(text.slice(from, to));
    from = to;
  }
  parts.push(text.slice(from));
  return parts;
}

/** The place where a word begins, some characters before a place of a text; never between the halves of one character. */
export function shortlyBefore(text: string, place: number, characters: number): number {
  const start = Math.max(0, place - characters);
  const word = text.slice(start, place).search(/\s/u);
  if (word >= 0) return start + word + 1;
  return /[\uDC00-\uDFFF]/u.test(text.charAt(start)) ? start + 1 : start;
}

/** Characters that a first line may have to pass for a headline. */
const LONGEST_HEADLINE = 160;

/** The first line of a text, where it is short and others follow; otherwise nothing. */
export function headlineOf(text: string): string {
  const end = text.indexOf("\n");
  return end > 0 && end <= LONGEST_HEADLINE && text.slice(end).trim() !== "" ? text.slice(0, end) : "";
}
