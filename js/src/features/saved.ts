/** Saved selections: kept under a name, and brought together with what is selected. */

import { parseAnnotations } from "../annotations";
import type { SavedSelection } from "../annotations";
import type { Context } from "../context";
import { button, count, h } from "../dom";
import { Popover } from "../popover";
import type { SelectionMode } from "../protocol";
import { holdsFocus } from "../shadow";

const COMBINE: readonly (readonly [SelectionMode, string, string])[] = [
  ["add", "∪", "Add to the selection (union)"],
  ["intersect", "∩", "Keep only what is in both (intersection)"],
  ["subtract", "−", "Take away from the selection (difference)"],
];

export function addSaved(context: Context): void {
  const { link } = context;
  const read = (): ReturnType<typeof parseAnnotations> => parseAnnotations(link.read("annotations"));
  const popover = new Popover(context, "Saved", "Saved selections", () => {
    show();
  });
  popover.button.classList.add("ce-saved-button");
  context.slots.actions.append(popover.button);

  const combine = (name: string, size: number, choose: (mode: SelectionMode) => void): HTMLElement => {
    const whole = button("ce-saved-name", "", null, () => {
      choose("replace");
      popover.close();
    });
    whole.title = `Select “${name}”`;
    whole.append(h("span", { dir: "auto" }, name), h("span", { class: "ce-number" }, count(size)));
    const modes = COMBINE.map(([mode, sign, hint]) => {
      const item = button("ce-button ce-icon", sign, `${hint}: ${name}`, () => {
        choose(mode);
      });
      item.disabled = !context.isSelected;
      return item;
    });
    return h("li", { class: "ce-saved" }, whole, ...modes);
  };
  const saved = ({ name, count: size }: SavedSelection): HTMLElement => {
    const item = combine(name, size, (mode) => {
      context.send({ type: "select_saved", name, mode });
    });
    const remove = button("ce-button ce-icon", "×", `Delete the saved selection ${name}`, () => {
      context.send({ type: "delete_selection", name });
    });
    item.append(remove);
    return item;
  };
  const starred = (size: number): HTMLElement =>
    combine("★ Starred texts", size, (mode) => {
      context.send({ type: "select_starred", mode });
    });
  const form = (): HTMLElement => {
    const input = h("input", { class: "ce-find", dir: "auto", "aria-label": "Name for the selection" });
    input.placeholder = `Name for these ${count(context.selection.count)} texts`;
    input.maxLength = 200;
    const save = (): void => {
      if (input.value.trim() === "") return;
      context.send({ type: "save_selection", name: input.value });
      context.announce(`Selection saved as ${input.value}`);
      input.value = "";
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) save();
    });
    return h("div", { class: "ce-strip" }, input, button("ce-button", "Save", "Save the selection", save));
  };
  const show = (): void => {
    const { selections, nStarred } = read();
    const items = selections.map(saved);
    if (nStarred > 0) items.unshift(starred(nStarred));
    const hint = context.isSelected ? "" : "Select texts to save them here.";
    popover.body.replaceChildren(
      ...(context.isSelected ? [form()] : []),
      ...(items.length > 0 ? [h("ul", { class: "ce-saved-list" }, ...items)] : []),
      ...(hint === "" ? [] : [h("p", { class: "ce-hint" }, hint)]),
    );
  };
  const update = (): void => {
    const { selections } = read();
    popover.button.textContent = selections.length > 0 ? `Saved ${count(selections.length)}` : "Saved";
    if (!popover.isOpen) return;
    const hadFocus = holdsFocus(popover.body);
    show();
    if (hadFocus) popover.body.querySelector<HTMLElement>("input, button")?.focus();
  };
  link.onChange(["annotations"], update);
  context.onSelection((isOther) => {
    if (isOther && popover.isOpen) update();
  });
  update();
}
