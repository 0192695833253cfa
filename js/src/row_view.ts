/** One text in the list: two lines of it, and which cluster it belongs to. */

import { h } from "./dom";
import type { Row } from "./protocol";
import { headlineOf } from "./text";

/** Fill an element with a row, or with a placeholder while the row is on its way. */
export function showRow(element: HTMLElement, row: Row | undefined, cluster: string, isOpen: boolean): void {
  const bar = h("span", { class: "ce-bar", "aria-hidden": "true" });
  element.classList.toggle("ce-open", isOpen);
  element.setAttribute("aria-busy", String(!row));
  if (!row) {
    const line = (): HTMLElement => h("span", { class: "ce-placeholder" });
    element.replaceChildren(bar, h("span", { class: "ce-row-text" }, line(), line()));
    return;
  }
  bar.style.backgroundColor = row.color;
  element.replaceChildren(
    bar,
    h("span", { class: "ce-row-text", dir: "auto" }, ...shownText(row.text)),
    h("span", { class: "ce-row-cluster", dir: "auto" }, cluster),
  );
}

/** A short first line is shown as the headline that it is, since the list has no room for line breaks. */
function shownText(text: string): (Node | string)[] {
  if (text.trim() === "") return [h("em", { class: "ce-muted" }, "empty text")];
  const headline = headlineOf(text);
  return headline === "" ? [text] : [h("strong", {}, headline), text.slice(headline.length)];
}
