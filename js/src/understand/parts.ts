/** Parts that the views about clusters share: a head with a way back, passages of texts, tables of shares. */

import { button, h } from "../dom";
import { pointing } from "../pointing";
import type { Row } from "../protocol";
import type { Share } from "./protocol";

/** The head of a view: a way back and what this is. */
export function viewHead(title: string, onBack: () => void): HTMLElement {
  const back = button("ce-button", "‹ Back", "Back", onBack);
  return h("div", { class: "ce-view-head" }, back, h("h3", { class: "ce-view-title" }, title));
}

export function section(title: string, ...children: (Node | null)[]): HTMLElement {
  return h("section", { class: "ce-part" }, h("h4", {}, title), ...children);
}

export function hint(text: string): HTMLElement {
  return h("p", { class: "ce-muted ce-part-hint" }, text);
}

/** "62%"; what is there but rounds to nothing is "<1%". */
export function percent(share: number): string {
  const rounded = Math.round(100 * share);
  if (share > 0 && rounded === 0) return "<1%";
  return `${rounded}%`;
}

export interface PassageListeners {
  readonly onOpen: (row: number) => void;
  readonly onPoint: (row: Row | null) => void;
}

/** Texts to read, each a button that opens the whole text; `note` says something about each. */
export function passages<T extends Row>(
  name: string,
  rows: readonly T[],
  { onOpen, onPoint }: PassageListeners,
  note: (row: T) => Node | null = () => null,
): HTMLElement {
  const items = rows.map((row) => {
    const text = h("span", { class: "ce-passage-text", dir: "auto" }, row.text.trim() === "" ? "empty text" : row.text);
    const bar = h("span", { class: "ce-bar", "aria-hidden": "true" });
    bar.style.backgroundColor = row.color;
    const item = button("ce-passage", "", null, () => {
      onOpen(row.row);
    });
    item.append(...[bar, text, note(row)].filter((child) => child !== null));
    pointing(item, row, onPoint);
    return h("li", {}, item);
  });
  return h("ol", { class: "ce-passages", "aria-label": name }, ...items);
}

/** Shares as bars, in a table that can also be listened to; a mark on each bar shows the other share. */
export function shareTable(
  caption: string,
  columns: readonly [string, string, string],
  shares: readonly (Share & { readonly prefix?: string })[],
  color: string,
): HTMLElement {
  const head = h("tr", {}, ...columns.map((column) => heading("col", column)));
  const body = shares.map((one) => {
    const name = heading("row");
    name.dir = "auto";
    name.title = one.value;
    if (one.prefix) name.append(h("span", { class: "ce-muted" }, `${one.prefix} `));
    name.append(one.value);
    const here = h("td", {}, shareBar(one, color), h("span", { class: "ce-share-number" }, percent(one.share)));
    return h("tr", {}, name, here, h("td", { class: "ce-share-number ce-muted" }, percent(one.other)));
  });
  return h(
    "table",
    { class: "ce-shares" },
    h("caption", { class: caption === "" ? "ce-visually-hidden" : "", dir: "auto" }, caption),
    h("thead", {}, head),
    h("tbody", {}, ...body),
  );
}

function heading(scope: "col" | "row", text = ""): HTMLTableCellElement {
  const cell = h("th", {}, text);
  cell.scope = scope;
  return cell;
}

function shareBar({ share, other }: Share, color: string): HTMLElement {
  const fill = h("span", { class: "ce-share-fill" });
  fill.style.width = `${100 * share}%`;
  fill.style.backgroundColor = color;
  const mark = h("span", { class: "ce-share-mark" });
  mark.style.insetInlineStart = `${100 * other}%`;
  return h("span", { class: "ce-share-bar", "aria-hidden": "true" }, fill, mark);
}
