/** A list box of equally tall rows, of which only those in view are in the page; made for a million rows. */

import { FrameTask, Timer, count as formatted, h, isPlain } from "./dom";
import { ScrollMap } from "./scroll_map";
import { holdsFocus, marksText } from "./shadow";

export interface VirtualListOptions {
  readonly label: string;
  /** Fill a row element that may have shown another row before. */
  readonly renderRow: (element: HTMLElement, index: number) => void;
  /** Rows start..stop-1 came into view, scrolling down (1) or up (-1). */
  readonly onRange: (start: number, stop: number, direction: 1 | -1) => void;
  /** A row was clicked, or Enter pressed on it. */
  readonly onOpen: (index: number, byKey: boolean) => void;
  /** A row's star was clicked. */
  readonly onPress?: (index: number) => void;
  /** Another key was pressed, with the keyboard's cursor on a row or on none; whether that meant something. */
  readonly onKey?: (event: KeyboardEvent, index: number | null) => boolean;
  /** The row under the pointer or the keyboard's cursor changed; null for none. */
  readonly onPoint: (index: number | null) => void;
}

const OVERSCAN = 4;
/** The height of a row where there is no layout to measure it. */
const FALLBACK_ROW_HEIGHT = 64;
const IDLE_AFTER = 140;
const INDICATOR_LINGERS = 900;

let lists = 0;

export class VirtualList {
  readonly element: HTMLElement;
  private readonly options: VirtualListOptions;
  private readonly id = `ce-list-${++lists}`;
  private readonly box: HTMLElement;
  private readonly spacer: HTMLElement;
  private readonly indicator: HTMLElement;
  private readonly frame: FrameTask;
  private readonly idle: Timer;
  private readonly indicatorTimer: Timer;
  private readonly rows = new Map<number, HTMLElement>();
  private pool: HTMLElement[] = [];
  private count = 0;
  private rowHeight = FALLBACK_ROW_HEIGHT;
  private map = new ScrollMap(0, 0);
  private contentTop = 0;
  private scrollTop = 0;
  private direction: 1 | -1 = 1;
  private active: number | null = null;
  private pointed: number | null = null;
  private marked: number | null = null;

  constructor(options: VirtualListOptions, signal: AbortSignal) {
    this.options = options;
    this.spacer = h("div", { class: "ce-list-spacer", role: "presentation" });
    this.box = h("div", { class: "ce-list", role: "listbox", tabindex: 0, "aria-label": options.label }, this.spacer);
    this.indicator = h("div", { class: "ce-indicator", "aria-hidden": "true" });
    this.element = h("div", { class: "ce-list-frame" }, this.box, this.indicator);
    this.frame = new FrameTask(() => {
      this.render();
    }, signal);
    this.idle = new Timer(signal);
    this.indicatorTimer = new Timer(signal);
    this.listen(signal);
    const resized = new ResizeObserver(() => {
      this.resize();
    });
    resized.observe(this.box);
    signal.addEventListener("abort", () => {
      resized.disconnect();
    });
  }

  /** Show `count` other rows, from the first one, or from the place where the rows before were looked at. */
  reset(count: number, keepsPlace = false): void {
    const [top, active] = keepsPlace ? [this.contentTop, this.active] : [0, null];
    this.count = count;
    this.setActive(null);
    this.point(null);
    this.recycle(() => false);
    this.remap();
    this.scrollTo(top);
    this.render();
    if (active !== null && count > 0) this.setActive(Math.min(active, count - 1));
  }

  /** Rows start..stop-1 have something else to show. */
  refresh(start: number, stop: number): void {
    for (const [index, element] of this.rows) if (index >= start && index < stop) this.fill(element, index);
  }

  /** Rows first..last-1 that are in view, in whole or in part. */
  get visible(): { readonly start: number; readonly stop: number } {
    const start = Math.floor(this.contentTop / this.rowHeight);
    const stop = Math.ceil((this.contentTop + this.box.clientHeight) / this.rowHeight);
    return { start: Math.min(start, this.count), stop: Math.min(stop, this.count) };
  }

  /** Mark the row that is pointed at elsewhere (on the map), if it is in view. */
  mark(index: number | null): void {
    this.styleRow(this.marked, "ce-marked", false);
    this.marked = index;
    this.styleRow(index, "ce-marked", true);
  }

  /** Take the keyboard without drawing the eye; the ring appears with the first key. */
  focusQuietly(): void {
    this.box.classList.add("ce-quiet");
    this.box.focus({ preventScroll: true });
  }

  /** Move the keyboard's cursor to a row and bring it into view. */
  moveTo(index: number): void {
    if (this.count === 0) return;
    const target = Math.min(this.count - 1, Math.max(0, index));
    const top = target * this.rowHeight;
    const bottom = top + this.rowHeight - this.box.clientHeight;
    if (top < this.contentTop) this.scrollTo(top);
    else if (bottom > this.contentTop) this.scrollTo(bottom);
    this.render();
    this.setActive(target);
  }

  /** Move the keyboard's cursor to a row and bring it to the top. */
  moveToTop(index: number): void {
    this.scrollTo(index * this.rowHeight);
    this.moveTo(index);
  }

  private listen(signal: AbortSignal): void {
    this.box.addEventListener(
      "scroll",
      () => {
        this.scrolled();
      },
      { signal, passive: true },
    );
    this.box.addEventListener(
      "keydown",
      (event) => {
        this.key(event);
      },
      { signal },
    );
    this.box.addEventListener(
      "click",
      (event) => {
        const index = this.indexOf(event.target);
        if (index === null) return;
        this.setActive(index);
        if (event.target instanceof Element && event.target.closest(".ce-star")) this.options.onPress?.(index);
        // whoever has marked a part of a text to copy it does not want to leave the list
        else if (!marksText(this.box)) this.options.onOpen(index, false);
      },
      { signal },
    );
    this.box.addEventListener(
      "pointerover",
      (event) => {
        this.point(this.indexOf(event.target));
      },
      { signal },
    );
    this.box.addEventListener(
      "pointerleave",
      () => {
        this.point(null);
      },
      { signal },
    );
    this.box.addEventListener(
      "blur",
      () => {
        this.box.classList.remove("ce-quiet");
        this.announcePoint();
      },
      { signal },
    );
    this.box.addEventListener(
      "focus",
      () => {
        this.announcePoint();
      },
      { signal },
    );
  }

  private key(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.box.clientHeight / this.rowHeight) - 1);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    const step = steps[event.key];
    this.box.classList.remove("ce-quiet");
    if (isPlain(event) && step !== undefined) {
      const first = Math.ceil(this.contentTop / this.rowHeight);
      this.moveTo(this.active === null && Math.abs(step) === 1 ? first : (this.active ?? first) + step);
    } else if (isPlain(event) && (event.key === "Enter" || event.key === " ") && this.active !== null) {
      this.options.onOpen(this.active, true);
    } else if (!this.options.onKey?.(event, this.active)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private indexOf(target: EventTarget | null): number | null {
    const element = target instanceof Element ? target.closest<HTMLElement>(".ce-row") : null;
    const index = Number(element?.dataset.index ?? NaN);
    return Number.isNaN(index) ? null : index;
  }

  private setActive(index: number | null): void {
    this.styleRow(this.active, "ce-active", false);
    this.active = index;
    this.styleRow(index, "ce-active", true);
    this.nameActive();
    this.announcePoint();
  }

  /** Tell assistive technology which row the cursor is on, while that row is in the page. */
  private nameActive(): void {
    const isHere = this.active !== null && this.rows.has(this.active);
    if (isHere) this.box.setAttribute("aria-activedescendant", this.rowId(this.active ?? 0));
    else this.box.removeAttribute("aria-activedescendant");
  }

  private point(index: number | null): void {
    if (index === this.pointed) return;
    this.pointed = index;
    this.announcePoint();
  }

  private announcePoint(): void {
    const isFocused = holdsFocus(this.box);
    this.options.onPoint(this.pointed ?? (isFocused ? this.active : null));
  }

  private styleRow(index: number | null, className: string, on: boolean): void {
    const row = index === null ? undefined : this.rows.get(index);
    row?.classList.toggle(className, on);
    if (className === "ce-active") row?.setAttribute("aria-selected", String(on));
  }

  private rowId(index: number): string {
    return `${this.id}-${index}`;
  }

  private resize(): void {
    // While hidden the list has no height; it comes back where it was.
    if (this.box.clientHeight === 0) return;
    const index = this.contentTop / this.rowHeight;
    const probe = h("div", { class: "ce-row", "aria-hidden": "true" });
    this.spacer.append(probe);
    this.rowHeight = probe.offsetHeight || FALLBACK_ROW_HEIGHT;
    probe.remove();
    this.remap();
    this.scrollTo(index * this.rowHeight);
    this.frame.request();
  }

  private remap(): void {
    this.map = new ScrollMap(this.count * this.rowHeight, this.box.clientHeight);
    this.spacer.style.height = `${this.map.elementHeight}px`;
  }

  private scrollTo(contentTop: number): void {
    this.contentTop = Math.min(this.map.contentEnd, Math.max(0, contentTop));
    this.box.scrollTop = this.map.toElement(this.contentTop);
    this.scrollTop = this.box.scrollTop;
  }

  private scrolled(): void {
    const { scrollTop, clientHeight } = this.box;
    if (scrollTop === this.scrollTop || clientHeight === 0) return;
    const before = this.contentTop;
    this.contentTop = this.map.follow(before, this.scrollTop, scrollTop);
    this.scrollTop = scrollTop;
    this.direction = this.contentTop >= before ? 1 : -1;
    this.showIndicator();
    this.frame.request();
    // Once at rest, put the scroll bar where the content is; rows are placed relative to it, so nothing moves to the eye.
    this.idle.start(IDLE_AFTER, () => {
      if (!this.map.isCompressed) return;
      this.scrollTo(this.contentTop);
      this.render();
    });
  }

  private showIndicator(): void {
    const first = Math.min(this.count, Math.floor(this.contentTop / this.rowHeight) + 1);
    this.indicator.textContent = `row ${formatted(first)} of ${formatted(this.count)}`;
    this.indicator.classList.add("ce-shown");
    this.indicatorTimer.start(INDICATOR_LINGERS, () => {
      this.indicator.classList.remove("ce-shown");
    });
  }

  private render(): void {
    const { start, stop } = this.visible;
    const from = Math.max(0, start - OVERSCAN);
    const to = Math.min(this.count, stop + OVERSCAN);
    this.recycle((index) => index >= from && index < to);
    for (let index = from; index < to; index++) {
      const row = this.rows.get(index) ?? this.addRow(index);
      row.style.transform = `translateY(${this.scrollTop + index * this.rowHeight - this.contentTop}px)`;
    }
    this.nameActive();
    if (stop > start) this.options.onRange(start, stop, this.direction);
  }

  private recycle(keep: (index: number) => boolean): void {
    for (const [index, element] of this.rows) {
      if (keep(index)) continue;
      this.rows.delete(index);
      element.remove();
      this.pool.push(element);
    }
    this.pool = this.pool.slice(0, 40);
  }

  private addRow(index: number): HTMLElement {
    const element = this.pool.pop() ?? h("div", { role: "option" });
    this.fill(element, index);
    this.rows.set(index, element);
    this.spacer.append(element);
    return element;
  }

  private fill(element: HTMLElement, index: number): void {
    element.className = "ce-row";
    element.id = this.rowId(index);
    element.dataset.index = String(index);
    element.setAttribute("aria-setsize", String(this.count));
    element.setAttribute("aria-posinset", String(index + 1));
    element.setAttribute("aria-selected", String(index === this.active));
    element.classList.toggle("ce-active", index === this.active);
    element.classList.toggle("ce-marked", index === this.marked);
    this.options.renderRow(element, index);
  }
}
