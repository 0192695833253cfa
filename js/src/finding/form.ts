/** Parts of forms, made without markup. */

import { h } from "../dom";

export function textInput(className: string, name: string): HTMLInputElement {
  const input = document.createElement("input");
  input.type = "text";
  input.className = className;
  input.setAttribute("aria-label", name);
  input.autocomplete = "off";
  input.spellcheck = false;
  input.dir = "auto";
  return input;
}

/** An input and its button: Enter in the one does what a click on the other does. */
export function asking(input: HTMLInputElement, submit: HTMLButtonElement, onSubmit: () => void): void {
  // No form: notebooks keep the Enter key from submitting one.
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    onSubmit();
  });
  submit.addEventListener("click", onSubmit);
}

export function checkBox(name: string, isOn: boolean, onChange: (isOn: boolean) => void): HTMLInputElement {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = isOn;
  box.setAttribute("aria-label", name);
  box.addEventListener("change", () => {
    onChange(box.checked);
  });
  return box;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly usable?: boolean;
  readonly hint?: string;
}

/** Fill a drop-down list anew, unless it says the same already; the list stays open while it is looked at. */
export function fillSelect(select: HTMLSelectElement, choices: readonly Choice[], chosen: string): void {
  const key = JSON.stringify(choices);
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    select.replaceChildren(
      ...choices.map(({ value, label, usable, hint = "" }) => {
        const option = h("option", {}, label);
        option.value = value;
        option.disabled = usable === false;
        option.title = hint;
        return option;
      }),
    );
  }
  select.value = chosen;
}
