/** The panel's main part: of several views, the first that is wanted is shown. */

import { Timer } from "./dom";
import { holdsFocus } from "./shadow";

export interface View {
  readonly element: HTMLElement;
  readonly isWanted: () => boolean;
  readonly focus: () => void;
  /** What Escape does here; the view for which nothing is left to do has none. */
  readonly leave?: () => void;
  /** Whether a click upon nothing on the map leaves it as well: where that is about what was chosen on the map. */
  readonly isLeftByMap?: boolean;
  /** Another view takes its place. What was pointed at in it goes without being left by the pointer. */
  readonly onHidden?: () => void;
}

/** Who comes before whom: one text before what a feature found, that before the selection, and the clusters last. */
export const RANK = { text: 0, feature: 10, selection: 20, clusters: 30 } as const;

export class Views {
  readonly element: HTMLElement;
  private ranked: { readonly view: View; readonly rank: number }[] = [];
  private shown: View | null = null;
  private held = false;
  private readonly release: Timer;

  constructor(element: HTMLElement, signal: AbortSignal) {
    this.element = element;
    this.release = new Timer(signal);
  }

  add(view: View, rank: number): void {
    this.ranked = [...this.ranked, { view, rank }].sort((a, b) => a.rank - b.rank);
    view.element.hidden = true;
    this.element.append(view.element);
  }

  /** Let the view that is shown stay for some milliseconds, whatever is wanted in the meantime. */
  hold(milliseconds: number): void {
    this.held = true;
    this.release.start(milliseconds, () => {
      this.held = false;
      this.update();
    });
  }

  /** Show the view that is wanted now; the keyboard goes from the one before to it. */
  update(): void {
    if (this.held) return;
    const before = this.shown;
    const hadFocus = before !== null && holdsFocus(before.element);
    this.shown = this.ranked.find(({ view }) => view.isWanted())?.view ?? null;
    if (before !== this.shown) before?.onHidden?.();
    for (const { view } of this.ranked) view.element.hidden = view !== this.shown;
    if (hadFocus && before !== this.shown) this.focus();
  }

  isShown(view: View): boolean {
    return view === this.shown;
  }

  focus(): void {
    this.shown?.focus();
  }

  /** Something on the map that is no point was clicked. */
  leaveByMap(): void {
    if (this.shown?.isLeftByMap) this.shown.leave?.();
  }

  /** Leave the view that is shown; whether there was anything to leave. */
  leave(): boolean {
    if (!this.shown?.leave) return false;
    this.shown.leave();
    return true;
  }
}
