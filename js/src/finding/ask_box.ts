/** The box for questions: by meaning where there is an embedding function, by words everywhere; and what came of the last one. */

import { button, count, h, reachIfLong } from "../dom";
import { asking, fillSelect, textInput } from "./form";
import { score } from "./format";
import type { FindingTrait, Hits, Ways } from "./protocol";

export interface AskListeners {
  readonly onAsk: (question: string, by: Ways) => void;
  readonly onStop: () => void;
  readonly onToggleFilter: () => void;
}

export class AskBox {
  readonly element: HTMLElement;
  private readonly input = textInput("ce-ask-input", "Question to all texts");
  private readonly way = h("select", { class: "ce-ask-way", "aria-label": "How to look" });
  private readonly submit = button("ce-button", "Ask", null, () => undefined);
  private readonly hint = h("p", { class: "ce-ask-hint" });
  private readonly line = h("p", { class: "ce-ask-line", role: "status" });
  private readonly filter: HTMLButtonElement;
  private canEmbed = false;
  private listeners: AskListeners;

  constructor(listeners: AskListeners) {
    this.listeners = listeners;
    this.filter = button("ce-button ce-filter-toggle", "Filter", null, () => {
      listeners.onToggleFilter();
    });
    this.filter.setAttribute("aria-expanded", "false");
    this.way.addEventListener("change", () => {
      this.invite();
    });
    asking(this.input, this.submit, () => {
      const question = this.input.value.trim();
      if (question !== "") listeners.onAsk(question, this.by);
    });
    const asked = h("div", { class: "ce-ask", role: "search" }, this.input, this.way, this.submit, this.filter);
    this.element = h("div", { class: "ce-ask-box" }, asked, this.hint, this.line);
  }

  show(finding: FindingTrait, isShown: boolean): void {
    this.canEmbed = finding.canEmbed;
    const meaning = { value: "meaning", label: "meaning", usable: finding.canEmbed };
    fillSelect(this.way, [meaning, { value: "words", label: "words" }], this.by);
    this.way.hidden = !finding.canEmbed;
    this.hint.hidden = finding.canEmbed;
    this.hint.textContent =
      "Without an embedding function, texts are found by their words. Pass embedding_function= to ask by meaning.";
    this.invite();
    this.tell(finding, isShown);
  }

  setFilterOpen(isOpen: boolean, isActive: boolean): void {
    this.filter.setAttribute("aria-expanded", String(isOpen));
    this.filter.classList.toggle("ce-pressed", isOpen || isActive);
  }

  /** Take the keyboard back from the filter. */
  focusFilter(): void {
    this.filter.focus({ preventScroll: true });
  }

  private get by(): Ways {
    return this.canEmbed && this.way.value !== "words" ? "meaning" : "words";
  }

  private invite(): void {
    this.input.placeholder = this.by === "meaning" ? "Ask all texts …" : "Find in all texts …";
    this.submit.textContent = this.by === "meaning" ? "Ask" : "Find";
  }

  private tell(finding: FindingTrait, isShown: boolean): void {
    this.line.classList.toggle("ce-ask-problem", finding.problem !== "" && finding.doing === "");
    this.line.hidden = false;
    if (finding.doing !== "") {
      const share = finding.fraction > 0 ? ` ${Math.round(100 * finding.fraction)} %` : "";
      const stop = button("ce-button ce-small", "Cancel", null, () => {
        this.listeners.onStop();
      });
      this.line.replaceChildren(h("span", {}, `${finding.doing} …${share}`), stop);
    } else if (finding.problem !== "") {
      this.line.replaceChildren(h("span", { dir: "auto" }, finding.problem));
    } else if (finding.hits && (isShown || finding.hits.count === 0)) {
      this.line.replaceChildren(h("span", { dir: "auto" }, summary(finding.hits)));
    } else {
      this.line.hidden = true;
      this.line.replaceChildren();
    }
    reachIfLong(this.line);
  }
}

/** "50 nearest to “harbour strike” · cosine similarity 0.812 to 0.633" */
export function summary(hits: Hits): string {
  const { kind, question } = hits;
  if (hits.count === 0) return kind === "words" ? `No text holds “${question}”.` : "Nothing was found.";
  const many = hits.found > hits.count ? `${count(hits.count)} of ${count(hits.found)}` : count(hits.count);
  const what = { words: `with “${question}”`, similar: `most like ${question}` }[kind] ?? `nearest to “${question}”`;
  const scores = hits.best.map((hit) => hit.score).filter((value) => !Number.isNaN(value));
  const [best, last] = [scores[0], scores.at(-1)];
  const range = best === undefined || last === undefined ? "" : ` ${score(best)} to ${score(last)}`;
  return `${many} ${what} · ${hits.scoreName}${best === last && best !== undefined ? ` ${score(best)}` : range}`;
}
