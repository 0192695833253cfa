/** Small helpers for the page. Strings become text nodes only: texts are data, never markup. */

type Child = Node | string | null;

interface Attributes {
  readonly class?: string;
  readonly title?: string;
  readonly role?: string;
  readonly dir?: "auto";
  readonly id?: string;
  readonly type?: "button";
  readonly hidden?: boolean;
  readonly tabindex?: number;
  readonly [aria: `aria-${string}`]: string;
  readonly [data: `data-${string}`]: string;
}

/** Create an element with attributes and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes) as [string, string | number | boolean][]) {
    if (typeof value === "boolean") element.toggleAttribute(name, value);
    else element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A button with a visible text, or with a symbol and a spoken name. */
export function button(
  className: string,
  text: string,
  name: string | null,
  onClick: (event: MouseEvent) => void,
): HTMLButtonElement {
  const element = h("button", { type: "button", class: className }, text);
  if (name !== null) {
    element.setAttribute("aria-label", name);
    element.title = name;
  }
  element.addEventListener("click", onClick);
  return element;
}

/** Characters from which a line is so long that it may have a scroll bar of its own. */
const LONG = 200;

/** Let the keyboard reach an element that scrolls, if it is as long as that; nothing in it can be focused. */
export function reachIfLong(element: HTMLElement): void {
  if (element.textContent.length > LONG) element.tabIndex = 0;
  else element.removeAttribute("tabindex");
}

/** A small square in a cluster's colour. */
export function swatch(color: string): HTMLSpanElement {
  const element = h("span", { class: "ce-swatch", "aria-hidden": "true" });
  element.style.backgroundColor = color;
  return element;
}

const WHOLE = new Intl.NumberFormat("en");

/** "3,412" */
export function count(value: number): string {
  return WHOLE.format(value);
}

/** "1 text", "3,412 texts" */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** Whether a key is pressed alone, or with Shift: with others it is the browser's or the notebook's. */
export function isPlain(event: KeyboardEvent): boolean {
  return !event.ctrlKey && !event.metaKey && !event.altKey;
}

/** Milliseconds in which two clicks are one double click. */
export const DOUBLE_CLICK = 300;

/** Runs a task once in the next animation frame, however often it was asked for. */
export class FrameTask {
  private handle = 0;
  private readonly run: () => void;

  constructor(run: () => void, signal: AbortSignal) {
    this.run = run;
    signal.addEventListener("abort", () => {
      cancelAnimationFrame(this.handle);
      this.handle = -1;
    });
  }

  request(): void {
    if (this.handle !== 0) return;
    this.handle = requestAnimationFrame(() => {
      this.handle = 0;
      this.run();
    });
  }
}

/** A single timer that starts again with every call and stops with the view. */
export class Timer {
  private handle: ReturnType<typeof setTimeout> | undefined;
  private readonly signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.signal = signal;
    signal.addEventListener("abort", () => {
      this.cancel();
    });
  }

  /** Whether it has been started, and neither run nor been cancelled since. */
  get isPending(): boolean {
    return this.handle !== undefined;
  }

  start(milliseconds: number, run: () => void): void {
    this.cancel();
    if (this.signal.aborted) return;
    this.handle = setTimeout(() => {
      this.handle = undefined;
      run();
    }, milliseconds);
  }

  cancel(): void {
    clearTimeout(this.handle);
    this.handle = undefined;
  }
}
