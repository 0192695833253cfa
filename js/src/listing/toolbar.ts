/** Above the texts: words to look for, what to sort by, groups, stars, and copying. */

import { Timer, button, count, h } from "../dom";
import { fillSelect, textInput } from "../finding/form";
import { Progress } from "../progress";
import { holdsFocus } from "../shadow";
import type { Arrangement, Listing } from "./protocol";

export interface ToolbarListeners {
  readonly onArrange: (arrangement: Arrangement) => void;
  readonly onSelectListed: () => void;
  readonly onStopReading: () => void;
  readonly onCopy: (format: "texts" | "table") => void;
  /** Leave the box for the list. */
  readonly onLeave: () => void;
}

/** Milliseconds after the last key before the texts are looked through. */
const PAUSE = 180;
/** Milliseconds after which an arrangement that was asked for is not coming: what Python said of it was lost. */
const LOST_AFTER = 10_000;
const SORTS = [
  { value: "auto", label: "Best first" },
  { value: "order", label: "Key" },
  { value: "probability", label: "Probability" },
  { value: "distance", label: "Distance to centre" },
];

export class Toolbar {
  readonly element: HTMLElement;
  private readonly listeners: ToolbarListeners;
  private readonly box = textInput("ce-find", "Find in these texts");
  private readonly matches = h("span", { class: "ce-matches ce-number", role: "status" });
  private readonly keep: HTMLButtonElement;
  private readonly sort = h("select", { class: "ce-sort", "aria-label": "Sort by" });
  private readonly direction: HTMLButtonElement;
  private readonly group: HTMLButtonElement;
  private readonly stars: HTMLButtonElement;
  private readonly problem = h("p", { class: "ce-muted ce-list-problem", role: "status", hidden: true });
  private readonly typing: Timer;
  private readonly progress: Progress;
  private readonly answering: Timer;
  private listing: Listing | null = null;
  private nSelected = 0;
  /** What was asked for last, until Python lists the texts so. */
  private wished: Arrangement | null = null;

  constructor(listeners: ToolbarListeners, signal: AbortSignal) {
    this.listeners = listeners;
    this.typing = new Timer(signal);
    this.answering = new Timer(signal);
    this.box.type = "search";
    this.keep = button("ce-button ce-keep", "Keep only these", "Select only the texts that are listed", () => {
      listeners.onSelectListed();
    });
    this.direction = button("ce-button ce-icon", "↑", "Other way round", () => {
      this.change({ descending: !this.arrangement?.descending });
    });
    this.group = button("ce-button", "By cluster", null, () => {
      this.change({ grouped: !this.arrangement?.grouped });
    });
    this.group.title = "Keep the texts of a cluster together";
    this.stars = button("ce-button ce-icon", "★", "Only starred texts", () => {
      this.change({ starred_only: !this.arrangement?.starred_only });
    });
    const copy = button("ce-button", "Copy", null, (event) => {
      listeners.onCopy(event.shiftKey ? "table" : "texts");
    });
    copy.title = "Copy all texts of the list; with Shift as a table with ids, for a spreadsheet";
    this.progress = new Progress("Reading …", listeners.onStopReading);
    this.progress.element.hidden = true;
    const finding = h("div", { class: "ce-strip" }, this.box, this.matches, this.keep);
    const arranging = h("div", { class: "ce-strip" }, this.sort, this.direction, this.group, this.stars, copy);
    this.element = h(
      "div",
      { class: "ce-toolbar", role: "group", "aria-label": "List of texts" },
      finding,
      arranging,
      this.progress.element,
      this.problem,
    );
    this.listen();
  }

  update(listing: Listing, nSelected: number): void {
    this.listing = listing;
    this.nSelected = nSelected;
    if (this.wished && isSame(this.wished, listing)) this.forgetWish();
    // What is being typed is newer than what Python says of it.
    const isAhead = holdsFocus(this.box) || this.typing.isPending || this.wished !== null;
    if (!isAhead) this.box.value = listing.query;
    this.box.placeholder = nSelected === 1 ? "Find in this text" : `Find in these ${count(nSelected)} texts`;
    const isNarrowed = listing.terms.length > 0 || listing.starred_only;
    this.matches.textContent = isNarrowed ? `${count(listing.count)} of ${count(nSelected)}` : "";
    this.matches.hidden = !isNarrowed;
    this.keep.hidden = !isNarrowed || listing.count === 0 || listing.count === nSelected;
    this.showSorts(listing);
    this.direction.textContent = listing.descending ? "↓" : "↑";
    this.direction.hidden = listing.sort === "auto";
    this.group.setAttribute("aria-pressed", String(listing.grouped));
    this.stars.setAttribute("aria-pressed", String(listing.starred_only));
    this.progress.element.hidden = !listing.isAwaited;
    this.problem.textContent = listing.problem;
    this.problem.hidden = listing.problem === "";
  }

  /** Python cannot list the texts as they were asked for: show them as they are listed. */
  refuse(): void {
    this.forgetWish();
    if (this.listing) this.update(this.listing, this.nSelected);
  }

  /** Say how far the reading of the field to sort by is. */
  showReading(fraction: number): void {
    this.progress.show(fraction);
  }

  /** Empty the box; whether there was anything in it. */
  clear(): boolean {
    if (this.box.value === "" && !this.arrangement?.query) return false;
    this.box.value = "";
    this.find();
    return true;
  }

  focus(): void {
    this.box.focus({ preventScroll: true });
    this.box.select();
  }

  private showSorts(listing: Listing): void {
    const named = listing.fields.map((name) => ({ value: `field:${name}`, label: name }));
    const choices = [...SORTS, ...named].map((choice) => {
      if (!listing.impossible.includes(choice.value)) return choice;
      const hint = choice.value === "distance" ? "The vectors stay in Milvus" : "Holds no order";
      return { ...choice, usable: false, hint };
    });
    fillSelect(this.sort, choices, (this.wished ?? listing).sort);
  }

  /** What the next change builds on: an answer that comes late is of something older. */
  private get arrangement(): Arrangement | null {
    return this.wished ?? this.listing;
  }

  private forgetWish(): void {
    this.wished = null;
    this.answering.cancel();
  }

  private listen(): void {
    this.sort.addEventListener("change", () => {
      // numbers are mostly read from the largest, a distance from the nearest, words from A
      this.change({ sort: this.sort.value, descending: this.sort.value === "probability" });
    });
    this.box.addEventListener("input", () => {
      this.typing.start(PAUSE, () => {
        this.find();
      });
    });
    this.box.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "Enter") this.find();
      if (event.key === "ArrowDown" || event.key === "Enter") {
        this.listeners.onLeave();
        event.preventDefault();
      }
    });
    // Whoever leaves the box has typed all there is.
    this.box.addEventListener("blur", () => {
      if (this.typing.isPending) this.find();
    });
    this.box.addEventListener("ce-dismiss", (event) => {
      if (this.clear()) event.preventDefault();
    });
  }

  private find(): void {
    this.typing.cancel();
    const query = this.box.value.trim();
    if (query !== this.arrangement?.query) this.change({ query });
  }

  private change(change: Partial<Arrangement>): void {
    const before = this.arrangement;
    if (!before) return;
    const { sort, descending, grouped, query, starred_only } = { ...before, ...change };
    this.wished = { sort, descending, grouped, query, starred_only };
    this.answering.start(LOST_AFTER, () => {
      this.forgetWish();
    });
    this.listeners.onArrange(this.wished);
  }
}

function isSame(one: Arrangement, other: Arrangement): boolean {
  const keys = ["sort", "descending", "grouped", "query", "starred_only"] as const;
  return keys.every((key) => one[key] === other[key]);
}
