/** The search box of a page without a kernel: selects the texts that hold every word. */

import { counted, h } from "../dom";
import { fold } from "../highlight";
import type { Rows } from "./rows";

const PAUSE = 200;

export interface Found {
  readonly rows: readonly number[];
  readonly words: readonly string[];
}

export function wordSearch(rows: Rows, onFound: (found: Found | null) => void): HTMLElement {
  const box = h("input", { "aria-label": "Search words" });
  box.placeholder = "Search words in the texts";
  box.type = "search";
  const said = h("span", { class: "ce-found", role: "status" });
  // folded once, when the first word is typed
  let folded: readonly string[] | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      folded ??= rows.texts.map(fold);
      const words = wordsOf(box.value);
      const found = words.length > 0 ? { rows: rowsWith(words, folded), words } : null;
      said.textContent = found === null ? "" : counted(found.rows.length, "text");
      onFound(found);
    }, PAUSE);
  });
  return h("div", { class: "ce-search" }, box, said);
}

export function wordsOf(query: string): string[] {
  return fold(query)
    .split(/\s+/u)
    .filter((word) => word !== "");
}

export function rowsWith(words: readonly string[], folded: readonly string[]): number[] {
  return [...folded.keys()].filter((row) => words.every((word) => folded[row]?.includes(word)));
}
