/** What the keyboard and the mouse do here, on "?". */

import type { Context } from "../context";
import { isEditable } from "../context";
import { h } from "../dom";
import { Popover } from "../popover";

const KEYS: readonly (readonly [string, string])[] = [
  ["Lasso, box", "select texts on the map; Shift adds, Alt takes away"],
  ["↑ ↓, Page, Home, End", "through texts and clusters"],
  ["Enter", "open the text, and locate it on the map"],
  ["Escape", "back, then clear the selection"],
  ["S", "star the text, or take its star away"],
  ["Ctrl C", "copy the text"],
  ["/", "find words in the selected texts"],
  ["[ ]", "cluster before, next cluster"],
  ["F2", "rename the cluster"],
  ["Z, double click", "zoom the map to the cluster"],
  ["Double click on the map", "show all of it"],
  ["F", "full screen"],
  ["?", "this help"],
];

export function addHelp(context: Context): void {
  const popover = new Popover(context, "?", "Keyboard and mouse", () => undefined);
  popover.button.classList.add("ce-icon");
  const lines = KEYS.flatMap(([keys, what]) => [h("dt", {}, keys), h("dd", {}, what)]);
  popover.body.append(h("dl", { class: "ce-keys" }, ...lines));
  context.slots.actions.append(popover.button);
  context.root.addEventListener("keydown", (event) => {
    if (event.key !== "?" || isEditable(event.target)) return;
    popover.button.click();
    event.preventDefault();
  });
}
