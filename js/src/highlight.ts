/** Words that were looked for, marked where they stand in a text. */

/** A stretch of a text. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Finds what was looked for in a text, from its beginning on. */
export type Find = (text: string) => Iterable<Span>;

/** Finds any of the terms, in any case and across any white space; null without terms. */
export function finder(terms: readonly string[]): Find | null {
  const pattern = patternOf(terms);
  return pattern && ((text) => spansOf(text, pattern));
}

/** Finds any of the words, whatever their capitals and accents; null without words. */
export function looseFinder(words: readonly string[]): Find | null {
  const pattern = patternOf(words.map(fold));
  return pattern && ((text) => looseSpans(text, pattern));
}

/** A text without capitals and accents. */
export function fold(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
}

function patternOf(terms: readonly string[]): RegExp | null {
  const parts = terms
    .filter((term) => term.trim() !== "")
    .sort((a, b) => b.length - a.length)
    .map((term) => term.trim().split(/\s+/u).map(escape).join("\\s+"));
  return parts.length > 0 ? new RegExp(parts.join("|"), "giu") : null;
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/gu, (sign) => (sign === "-" ? "\\x2d" : `\\${sign}`));
}

function* spansOf(text: string, pattern: RegExp): Generator<Span> {
  for (const hit of text.matchAll(pattern)) {
    if (hit[0] !== "") yield { from: hit.index, to: hit.index + hit[0].length };
  }
}

/** What is found in the folded text, where it stands in the text itself. */
function* looseSpans(text: string, pattern: RegExp): Generator<Span> {
  let folded = "";
  // for each unit of the folded text, the character that it comes from
  const origins: number[] = [];
  let at = 0;
  for (const character of text) {
    // most characters of most texts need no table to be folded
    const plain = character < "\u0080" ? character.toLowerCase() : fold(character);
    folded += plain;
    origins.push(...Array<number>(plain.length).fill(at));
    at += character.length;
  }
  const begins = (unit: number): number => origins[unit] ?? text.length;
  for (const { from, to } of spansOf(folded, pattern)) {
    let end = to;
    // of a character that became several, all of it; and the accents that follow
    while (end < origins.length && begins(end) === begins(to - 1)) end += 1;
    yield { from: begins(from), to: begins(end) };
  }
}

/** At most this many marks in one text: a word in a text of a megabyte may stand there a hundred thousand times. */
export const MOST_MARKS = 2_000;

/** A text as nodes, with what the finder finds within `mark` elements, the first `most` of them. */
export function marked(text: string, find: Find | null, most = MOST_MARKS): (Node | string)[] {
  if (!find) return [text];
  const nodes: (Node | string)[] = [];
  let from = 0;
  for (const span of find(text)) {
    if (nodes.length >= 2 * most) break;
    const mark = document.createElement("mark");
    mark.className = "ce-mark";
    mark.textContent = text.slice(span.from, span.to);
    nodes.push(text.slice(from, span.from), mark);
    from = span.to;
  }
  nodes.push(text.slice(from));
  return nodes;
}

/** Where the first thing stands that the finder finds; -1 when it finds nothing. */
export function firstFound(text: string, find: Find | null): number {
  for (const { from } of find?.(text) ?? []) return from;
  return -1;
}
