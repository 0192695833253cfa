/** The lines at the top of the panel: what Python has to say, quietly, and what went wrong, until it is dismissed. */

import { button, h, reachIfLong } from "./dom";

export class Notices {
  readonly element: HTMLElement;
  private readonly notice = h("div", { class: "ce-notice", role: "status", dir: "auto", hidden: true });
  private readonly problem = h("div", { class: "ce-problem", role: "alert", hidden: true });

  constructor() {
    this.element = h("div", { class: "ce-notices" }, this.notice, this.problem);
  }

  setNotice(text: string): void {
    this.notice.textContent = text;
    this.notice.hidden = text === "";
    reachIfLong(this.notice);
  }

  showProblem(text: string): void {
    const dismiss = button("ce-button", "×", "Dismiss", () => {
      this.dismissProblem();
    });
    this.problem.replaceChildren(h("span", { dir: "auto" }, text), dismiss);
    this.problem.hidden = false;
  }

  /** Take the problem off; whether there was one. */
  dismissProblem(): boolean {
    const wasShown = !this.problem.hidden;
    this.problem.hidden = true;
    return wasShown;
  }
}
