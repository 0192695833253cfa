/** The parameter landscape beside the size slider: the leaf clusters of every size; a click shows those of one. */

import type { RenderProps } from "@anywidget/types";

import { button, h } from "../dom";
import { focusedNear } from "../shadow";
import { describePlace, parseCurves, placeOf, SizeAxis, stepPath } from "./curves";
import type { Curves } from "./curves";

const SVG = "http://www.w3.org/2000/svg";
const BOX = { width: 230, height: 44 };
const MEANING =
  "Leaf clusters of the hierarchy for every min_cluster_size. A click takes that size and selects the leaves: " +
  "cluster_selection_method becomes leaf.";

type Model = RenderProps["model"];

function svg(tag: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

class LandscapePlot {
  readonly element: HTMLElement;
  private readonly model: Model;
  private readonly caption = h("div", { class: "ce-landscape-caption" });
  private readonly plot = h("div", { class: "ce-landscape-plot", title: MEANING });
  private readonly hair = h("div", { class: "ce-landscape-hair", hidden: true });
  private readonly mark = h("div", { class: "ce-landscape-mark", hidden: true });
  /** By size. */
  private peaks: ReadonlyMap<number, HTMLButtonElement> = new Map<number, HTMLButtonElement>();
  private curves: Curves | null = null;

  constructor(model: Model, signal: AbortSignal) {
    this.model = model;
    this.element = h(
      "div",
      { class: "ce-landscape-view", role: "group", "aria-label": "Parameter landscape: leaf clusters" },
      this.caption,
      this.plot,
    );
    this.plot.addEventListener(
      "pointermove",
      (event) => {
        this.point(event.offsetX, event.target);
      },
      { signal },
    );
    this.plot.addEventListener(
      "pointerleave",
      () => {
        this.hair.hidden = true;
        this.rest();
      },
      { signal },
    );
    this.plot.addEventListener(
      "click",
      (event) => {
        if (event.target instanceof HTMLButtonElement || !this.curves) return;
        this.choose(Math.round(this.axis(this.curves).toSize(event.offsetX)));
      },
      { signal },
    );
    const reactions = {
      curves: (): void => {
        this.draw();
      },
      min_cluster_size: (): void => {
        this.showChosen();
      },
    };
    for (const [name, react] of Object.entries(reactions)) {
      model.on(`change:${name}`, react);
      signal.addEventListener("abort", () => {
        model.off(`change:${name}`, react);
      });
    }
    signal.addEventListener("abort", () => {
      this.element.remove();
    });
    this.draw();
  }

  private get chosen(): number {
    const size: unknown = this.model.get("min_cluster_size");
    return typeof size === "number" ? size : 0;
  }

  private axis(curves: Curves): SizeAxis {
    return new SizeAxis(curves, BOX.width);
  }

  private draw(): void {
    this.curves = parseCurves(this.model.get("curves"));
    this.element.classList.toggle("ce-empty", this.curves === null);
    this.rest();
    const focused = focusedNear(this.plot);
    const held = [...this.peaks].find(([, peak]) => peak === focused)?.[0];
    if (!this.curves) {
      this.peaks = new Map();
      this.plot.replaceChildren();
      return;
    }
    const curves = this.curves;
    const axis = this.axis(curves);
    const root = svg("svg", { viewBox: `0 0 ${BOX.width} ${BOX.height}`, "aria-hidden": "true" });
    const mostPersistent = Math.max(...curves.persistence);
    const steps = stepPath(curves, curves.persistence, mostPersistent, axis, BOX);
    root.append(
      svg("path", { class: "ce-landscape-persistence", d: `${steps}V${BOX.height}H0Z` }),
      svg("path", {
        class: "ce-landscape-clusters",
        d: stepPath(curves, curves.nClusters.map(Math.log1p), Math.log1p(Math.max(...curves.nClusters)), axis, BOX),
      }),
      svg("path", { class: "ce-landscape-noise", d: stepPath(curves, curves.noise, 1, axis, BOX) }),
    );
    this.peaks = new Map(curves.peaks.map((size) => [size, this.peak(curves, axis, size, mostPersistent)]));
    this.plot.replaceChildren(root, this.hair, this.mark, ...this.peaks.values());
    this.showChosen();
    if (held !== undefined) this.peaks.get(held)?.focus({ preventScroll: true });
  }

  /** Mark the size that is in force, if there is one, and its peak, if it has one; the keyboard stays where it is. */
  private showChosen(): void {
    const { chosen, curves } = this;
    this.mark.hidden = chosen <= 0 || curves === null;
    if (curves) {
      const left = this.axis(curves).toPixel(chosen);
      this.mark.style.left = `${Math.min(Math.max(left, 0), BOX.width)}px`;
    }
    for (const [size, peak] of this.peaks) peak.setAttribute("aria-pressed", String(size === chosen));
  }

  private peak(curves: Curves, axis: SizeAxis, size: number, most: number): HTMLButtonElement {
    const place = placeOf(curves, size);
    const name = `Peak at ${describePlace(curves, place, size)}; a click selects these leaves`;
    const peak = button("ce-landscape-peak", "", name, () => {
      this.choose(size);
    });
    peak.style.left = `${axis.toPixel(size)}px`;
    peak.style.top = `${BOX.height * (1 - (curves.persistence[place] ?? 0) / (most || 1))}px`;
    const say = (): void => {
      this.caption.textContent = describePlace(curves, place, size);
    };
    peak.addEventListener("focus", say);
    peak.addEventListener("pointerenter", say);
    peak.addEventListener("blur", () => {
      this.rest();
    });
    return peak;
  }

  private point(pixel: number, target: EventTarget | null): void {
    if (!this.curves || target instanceof HTMLButtonElement) return;
    const size = this.axis(this.curves).toSize(pixel);
    this.hair.hidden = false;
    this.hair.style.left = `${pixel}px`;
    this.caption.textContent = describePlace(this.curves, placeOf(this.curves, Math.round(size)), size);
  }

  /** What the caption says while nothing is pointed at: what the curves are. */
  private rest(): void {
    const key = (name: string, text: string): HTMLElement => h("span", { class: `ce-key ce-key-${name}` }, text);
    this.caption.replaceChildren(
      ...(this.curves
        ? [key("persistence", "persistence"), key("clusters", "leaf clusters"), key("noise", "noise")]
        : ["landscape"]),
    );
  }

  private choose(size: number): void {
    this.model.send({ type: "choose", min_cluster_size: size });
  }
}

function render({ model, el }: Pick<RenderProps, "model" | "el">): () => void {
  const controller = new AbortController();
  el.append(new LandscapePlot(model, controller.signal).element);
  return () => {
    controller.abort();
  };
}

export default { render };
