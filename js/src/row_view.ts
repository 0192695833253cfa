/** One text in the list: two lines of it, and which cluster it belongs to. */

import { h } from "./dom";
import { score } from "./finding/format";
import type { Row } from "./protocol";
import { firstFound, marked } from "./highlight";
import type { Find } from "./highlight";
import { headlineOf, shortlyBefore } from "./text";

/** Characters of a text that a row has room for on any screen; what is found farther on is brought forward. */
const IN_VIEW = 60;
/** Characters that are shown before it then. */
const BEFORE = 30;

export interface RowLook {
  readonly cluster: string;
  readonly isOpen: boolean;
  /** Whether a cluster's texts begin with it, in a list that is grouped. */
  readonly isFirst: boolean;
  readonly find: Find | null;
}

/** Fill an element with a row, or with a placeholder while the row is on its way. */
export function showRow(element: HTMLElement, row: Row | undefined, look: RowLook): void {
  const bar = h("span", { class: "ce-bar", "aria-hidden": "true" });
  element.classList.toggle("ce-open", look.isOpen);
  element.classList.toggle("ce-first", look.isFirst);
  element.setAttribute("aria-busy", String(!row));
  if (!row) {
    const line = (): HTMLElement => h("span", { class: "ce-placeholder" });
    element.replaceChildren(bar, h("span", { class: "ce-row-text" }, line(), line()));
    return;
  }
  bar.style.backgroundColor = row.color;
  element.replaceChildren(
    bar,
    h("span", { class: "ce-row-text", dir: "auto" }, ...shownText(row.text, look.find)),
    h("span", { class: "ce-row-cluster", dir: "auto" }, look.cluster),
    star(row.starred),
    ...(Number.isNaN(row.score) ? [] : [h("span", { class: "ce-row-score ce-number" }, score(row.score))]),
  );
}

/** A short first line is shown as the headline that it is, since the list has no room for line breaks. */
function shownText(text: string, find: Find | null): (Node | string)[] {
  if (text.trim() === "") return [h("em", { class: "ce-muted" }, "empty text")];
  const found = firstFound(text, find);
  if (found > IN_VIEW) return marked(`…${text.slice(shortlyBefore(text, found, BEFORE)).trimStart()}`, find);
  const headline = headlineOf(text);
  if (headline === "") return marked(text, find);
  return [h("strong", {}, ...marked(headline, find)), ...marked(text.slice(headline.length), find)];
}

/** For the mouse alone: an option of a list holds no buttons, the keyboard has its own way ("S"). */
function star(isOn: boolean): HTMLElement {
  const element = h("span", { class: "ce-star" }, isOn ? "★" : "☆");
  element.title = isOn ? "Take the star away (S)" : "Star (S)";
  if (isOn) element.append(h("span", { class: "ce-visually-hidden" }, "starred"));
  else element.setAttribute("aria-hidden", "true");
  element.classList.toggle("ce-on", isOn);
  return element;
}
