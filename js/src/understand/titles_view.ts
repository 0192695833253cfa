/** Titles by a model or a function: first what would be sent and where, then a button, progress and the outcome. */

import { button, count, counted, h } from "../dom";
import { Progress } from "../progress";
import { holdsFocus } from "../shadow";
import { hint, viewHead } from "./parts";
import type { Titling, TitlesEstimate } from "./protocol";

export interface TitlesListeners {
  readonly onBack: () => void;
  /** Send what an estimate has shown. */
  readonly onStart: (revision: number) => void;
  readonly onCancel: () => void;
  readonly clusterName: (label: number) => string;
}

export class TitlesView {
  readonly element: HTMLElement;
  private readonly listeners: TitlesListeners;
  private readonly said = h("div", { class: "ce-part" });
  private readonly action = h("div", { class: "ce-part", role: "status" });
  private readonly contents = h("div", { class: "ce-part" });
  private readonly outcome = h("p", { dir: "auto" });
  private readonly start: HTMLButtonElement;
  private readonly progress: Progress;
  private estimate: TitlesEstimate | null = null;
  /** Whether what is shown may be out of date: then nothing can be sent. */
  private isCounting = false;

  constructor(listeners: TitlesListeners) {
    this.listeners = listeners;
    this.start = button("ce-button ce-primary", "", null, () => {
      if (this.estimate && !this.isCounting) listeners.onStart(this.estimate.revision);
    });
    this.progress = new Progress("Asking …", listeners.onCancel);
    this.action.append(this.outcome, this.start, this.progress.element);
    const body = h("div", { class: "ce-view-body" }, this.said, this.action, this.contents);
    const head = viewHead("Titles for clusters", listeners.onBack);
    this.element = h("section", { class: "ce-view", "aria-label": "Titles for clusters", tabindex: -1 }, head, body);
    this.showLoading();
  }

  focus(): void {
    this.element.focus({ preventScroll: true });
  }

  showLoading(): void {
    this.estimate = null;
    this.said.replaceChildren(h("p", { class: "ce-muted ce-loading" }, "Counting what would be sent …"));
    this.contents.replaceChildren();
    this.action.hidden = true;
  }

  showFailure(message: string): void {
    if (this.isCounting) this.said.replaceChildren(h("p", { class: "ce-muted", dir: "auto" }, message));
  }

  /** It is being counted anew what would be sent. */
  showCounting(): void {
    this.setCounting(true);
  }

  showEstimate(estimate: TitlesEstimate, titling: Titling): void {
    this.estimate = estimate;
    this.setCounting(false);
    this.said.replaceChildren(...sentences(estimate).map((sentence) => h("p", { dir: "auto" }, sentence)));
    this.showSamples(estimate);
    this.showTitling(titling);
  }

  private setCounting(isCounting: boolean): void {
    this.isCounting = isCounting;
    // unlike a disabled button, it keeps the keyboard
    this.start.setAttribute("aria-disabled", String(isCounting));
  }

  /** Whoever reads what would be sent goes on doing so while that is counted anew. */
  private showSamples(estimate: TitlesEstimate): void {
    const isOpen = this.contents.querySelector("details")?.open ?? false;
    const hadFocus = holdsFocus(this.contents);
    const samples = estimate.requests > 0 ? this.samples(estimate) : null;
    if (samples) samples.open = isOpen;
    this.contents.replaceChildren(...(samples ? [samples] : []));
    if (hadFocus) (samples?.querySelector("summary") ?? this.element).focus({ preventScroll: true });
  }

  showTitling(titling: Titling): void {
    if (!this.estimate) return;
    const { requests } = this.estimate;
    const hadFocus = holdsFocus(this.action);
    const isRunning = titling.state === "running";
    const outcome = isRunning ? "" : outcomeOf(titling);
    this.action.hidden = false;
    this.progress.show(titling.fraction);
    this.progress.element.hidden = !isRunning;
    this.outcome.textContent = outcome;
    this.outcome.hidden = outcome === "";
    this.start.textContent = requests > 0 ? `Send ${counted(requests, "request")}` : "Use the known titles";
    this.start.hidden = isRunning || this.estimate.clusters === 0;
    // the button that was pressed gives way to the one that takes it back, and the other way round
    if (hadFocus) (isRunning ? this.progress : this.start.hidden ? this : this.start).focus();
  }

  private samples(estimate: TitlesEstimate): HTMLDetailsElement {
    const shown = estimate.samples.map(({ label, keywords, texts }) =>
      h(
        "li",
        {},
        h("div", { class: "ce-sample-name", dir: "auto" }, this.listeners.clusterName(label)),
        h("div", { class: "ce-muted", dir: "auto" }, keywords.join(", ")),
        h("ul", {}, ...texts.map((text) => h("li", { dir: "auto" }, text))),
      ),
    );
    const left = estimate.requests - estimate.samples.length;
    if (left > 0) shown.push(h("li", {}, hint(`and ${counted(left, "more cluster")}`)));
    const summary = h("summary", {}, "Exactly what would be sent");
    return h("details", { class: "ce-samples" }, summary, h("ul", {}, ...shown));
  }
}

export function sentences(estimate: TitlesEstimate): string[] {
  const { requests, texts, tokens, destination, leavesMachine, cached, clusters } = estimate;
  if (clusters === 0) return ["There are no clusters without a name of your own."];
  if (requests === 0)
    return [`The titles of all ${counted(cached, "cluster")} are known already; nothing would be sent.`];
  const known = cached > 0 ? [`${counted(cached, "title")} known already.`] : [];
  return [
    `${counted(requests, "request")}, roughly ${count(tokens)} tokens: the keywords and ${counted(texts, "text")} of ${counted(requests, "cluster")}.`,
    leavesMachine ? `They would leave this machine for ${destination}.` : `They would go to ${destination}.`,
    ...known,
    "Nothing is sent before you press the button.",
  ];
}

export function outcomeOf({ state, titles, failed, message }: Titling): string {
  if (state === "idle") return "";
  const kept = failed > 0 ? ` ${counted(failed, "cluster")} kept the keywords: ${message}` : "";
  if (state === "failed") return failed > 0 ? `No title came.${kept}` : `No title came. ${message}`;
  const came = `${counted(titles, "title")} came`;
  return state === "cancelled" ? `Cancelled; ${came} before.${kept}` : `${came}.${kept}`;
}
