/** The panel: wires the widget's model to the map and to the texts, and decides what is shown. */

import type { RenderProps } from "@anywidget/types";

import { DetailView } from "./detail";
import { counted, h } from "./dom";
import { Header } from "./header";
import { HoverCard } from "./hover_card";
import type { Hover } from "./hover_card";
import { Link } from "./link";
import { MapView } from "./map_view";
import type { DrawnPolygon, Highlight } from "./map_view";
import { Notices } from "./notices";
import { Overview } from "./overview";
import { clusterName } from "./protocol";
import type { Cluster, Detail, Message, Row, Selection, SelectionMode } from "./protocol";
import { Texts } from "./texts";

class Panel {
  private readonly root = h("div", {
    class: "ce-panel",
    role: "region",
    "aria-label": "Texts",
    // Keys pressed here are not JupyterLab's shortcuts: no cell may be deleted by typing "dd" in the list.
    "data-lm-suppress-shortcuts": "true",
  });
  private readonly link: Link;
  private readonly notices = new Notices();
  private readonly live = h("div", { class: "ce-visually-hidden", "aria-live": "polite" });
  private readonly header: Header;
  private readonly overview: Overview;
  private readonly texts: Texts;
  private readonly detail: DetailView;
  private readonly card: HoverCard;
  private readonly map: MapView;

  private clusters: readonly Cluster[] = [];
  private byLabel: ReadonlyMap<number, Cluster> = new Map<number, Cluster>();
  private selection: Selection;
  /** Row whose detail is open, or -1. */
  private opened = -1;
  /** Its detail, once it is here. */
  private openedDetail: Detail | null = null;
  /** The detail that came last; with several views of one widget it may come before this view is told to open it. */
  private lastDetail: Detail | null = null;
  /** Pointed at in the panel: a text of the list or a neighbour. */
  private pointed: Row | null = null;
  private hover: Hover | null = null;
  private drewSelection = false;

  constructor(link: Link, signal: AbortSignal) {
    this.link = link;
    this.selection = link.selection;
    const nameOf = (label: number): string => clusterName(this.byLabel.get(label), label);
    const clusterListeners = {
      onCluster: (label: number, mode: SelectionMode) => {
        link.send({ type: "select_cluster", label, mode });
      },
      onPointCluster: (label: number | null) => {
        this.map.setEmphasis(label);
      },
    };
    this.header = new Header({
      ...clusterListeners,
      onClear: () => {
        this.clear();
      },
    });
    this.overview = new Overview(clusterListeners);
    this.texts = new Texts(
      {
        newRequest: () => link.newRequest(),
        send: (request) => {
          link.send({ type: "page", ...request });
        },
        onOpen: (row) => {
          this.open(row.row);
        },
        onPoint: (row) => {
          this.pointAt(row);
        },
        clusterName: nameOf,
      },
      signal,
    );
    this.detail = new DetailView({
      onBack: () => {
        this.close();
      },
      onOpen: (row) => {
        this.open(row);
      },
      onPointNeighbor: (neighbor) => {
        this.pointAt(neighbor);
      },
      clusterName: nameOf,
    });
    this.card = new HoverCard(
      {
        host: this.root,
        ask: (row) => {
          link.send({ type: "snippet", request: link.newRequest(), row });
        },
        known: (row) => this.known(row),
        clusterName: nameOf,
      },
      signal,
    );
    this.map = new MapView(
      this.root,
      {
        onPolygon: (polygon) => {
          this.select(polygon);
        },
        onPickRow: (row) => {
          this.open(row);
        },
        onPickNothing: () => {
          this.stepBack();
        },
        onHover: (hover) => {
          this.hoverOnMap(hover);
        },
      },
      signal,
    );
    this.listen(signal);
  }

  /** Put the panel into an element and show what the model holds. */
  mount(host: HTMLElement, signal: AbortSignal): void {
    const views = [this.overview.element, this.texts.element, this.detail.element];
    this.root.append(this.header.element, this.notices.element, ...views, this.live);
    host.classList.add("ce-panel-host");
    host.append(this.root);
    signal.addEventListener("abort", () => {
      this.root.remove();
      host.classList.remove("ce-panel-host");
    });
    this.readClusters();
    this.readSelection();
    this.readInspected();
    this.readNotice();
  }

  private listen(signal: AbortSignal): void {
    const { link } = this;
    link.onChange(["clusters", "n_rows", "title", "n_components"], () => {
      this.readClusters();
    });
    link.onChange(["selection"], () => {
      this.readSelection();
    });
    link.onChange(["inspected"], () => {
      this.readInspected();
    });
    link.onChange(["notice"], () => {
      this.readNotice();
    });
    link.onChange(["colors_revision"], () => {
      this.refetch();
    });
    link.onMessage((message) => {
      this.receive(message);
    });
    document.addEventListener(
      "keydown",
      (event) => {
        this.key(event);
      },
      { signal, capture: true },
    );
  }

  // What Python says

  private readClusters(): void {
    this.clusters = this.link.clusters;
    this.byLabel = new Map(this.clusters.map((cluster) => [cluster.label, cluster]));
    this.map.setClusters(this.clusters);
    this.overview.update(this.clusters, this.link.nRows, this.link.nComponents);
    this.updateHeader();
    this.texts.rename();
  }

  private readSelection(): void {
    const before = this.selection.revision;
    this.selection = this.link.selection;
    this.updateHeader();
    this.map.setOutline(this.selection.outline);
    this.showView();
    this.texts.show(this.selection);
    if (this.selection.revision === before) return;
    this.live.textContent = this.isSelected ? `${counted(this.selection.count, "text")} selected` : "Selection cleared";
    // Whoever has drawn a lasso goes on reading: the arrow keys move through the texts at once.
    if (this.drewSelection && this.isSelected && this.opened < 0) this.texts.focusQuietly();
    this.drewSelection = false;
  }

  private readInspected(): void {
    const row = this.link.inspected;
    if (row === this.opened) return;
    if (row >= 0 && this.lastDetail?.row === row) {
      this.showDetail(this.lastDetail);
      return;
    }
    this.showOpened(row);
    // The detail was sent before this view was there, or is still on its way; asking again does no harm.
    if (row >= 0) this.link.send({ type: "inspect", row });
  }

  private readNotice(): void {
    this.notices.setNotice(this.link.notice);
  }

  private refetch(): void {
    this.card.forget();
    this.texts.refetch();
    if (this.opened >= 0) this.link.send({ type: "inspect", row: this.opened });
  }

  private receive(message: Message): void {
    switch (message.type) {
      case "page":
        this.texts.receive(message);
        break;
      case "detail":
        this.lastDetail = message.detail;
        if (message.detail.row === this.opened) this.showDetail(message.detail);
        break;
      case "snippet":
        this.card.receive(message.snippet);
        break;
      case "error":
        if (message.request !== null) this.texts.fail(message.request);
        this.detail.showFailure(message.message);
        this.notices.showProblem(message.message);
    }
  }

  // What the person does

  private select(polygon: DrawnPolygon): void {
    this.drewSelection = true;
    if (this.opened >= 0) this.close();
    this.link.send({ type: "select_polygon", ...polygon });
  }

  private clear(): void {
    this.link.send({ type: "clear" });
  }

  private open(row: number): void {
    if (row === this.opened) return;
    this.showOpened(row, true);
    this.link.send({ type: "inspect", row });
  }

  private close(): void {
    const hadFocus = this.detail.element.contains(document.activeElement);
    this.showOpened(-1);
    this.link.send({ type: "inspect", row: -1 });
    if (!hadFocus) return;
    if (this.isSelected) this.texts.focusQuietly();
    else this.overview.focus();
  }

  /** Leave the detail, or else the selection; whether there was anything to leave. */
  private stepBack(): boolean {
    if (this.opened >= 0) this.close();
    else if (this.isSelected) this.clear();
    else return false;
    return true;
  }

  private key(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    const isInside = event.target instanceof Node && this.root.contains(event.target);
    const isPointedAt = this.map.isUnderPointer || this.root.matches(":hover");
    const isMeant = isInside || (isPointedAt && !isEditable(event.target));
    if (!this.map.abortDrag() && !(isMeant && this.stepBack())) return;
    this.notices.dismissProblem();
    event.preventDefault();
    event.stopPropagation();
  }

  private hoverOnMap(hover: Hover | null): void {
    this.hover = hover;
    this.card.point(hover);
    this.texts.mark(hover?.row ?? null);
    this.lightUp();
  }

  private pointAt(row: Row | null): void {
    this.pointed = row;
    this.lightUp();
  }

  // What is shown

  private get isSelected(): boolean {
    return this.selection.kind !== "none";
  }

  private showOpened(row: number, takesFocus = this.root.contains(document.activeElement)): void {
    const known = row >= 0 ? this.known(row) : undefined;
    this.opened = row;
    this.openedDetail = null;
    this.pointed = null;
    if (row >= 0) this.detail.showLoading(known);
    this.showView();
    if (row >= 0 && takesFocus) this.detail.focusQuietly();
    this.texts.setOpen(row);
    this.lightUp();
  }

  private showDetail(detail: Detail): void {
    this.opened = detail.row;
    this.openedDetail = detail;
    this.detail.show(detail);
    this.showView();
    this.texts.setOpen(detail.row);
    this.lightUp();
  }

  private showView(): void {
    const isOpen = this.opened >= 0;
    this.detail.element.hidden = !isOpen;
    this.texts.element.hidden = isOpen || !this.isSelected;
    this.overview.element.hidden = isOpen || this.isSelected;
    this.root.classList.toggle("ce-reading", isOpen);
  }

  private updateHeader(): void {
    const { title, nRows } = this.link;
    this.header.update({ title, nRows, clusters: this.clusters, selection: this.selection });
  }

  private lightUp(): void {
    const lit: Highlight[] = [];
    if (this.openedDetail) {
      for (const { at, color } of this.openedDetail.neighbors) lit.push({ at, color, role: "neighbor" });
      lit.push({ at: this.openedDetail.at, color: this.openedDetail.color, role: "open" });
    }
    if (this.hover) lit.push({ at: this.hover.at, color: "transparent", role: "hovered" });
    if (this.pointed) lit.push({ at: this.pointed.at, color: this.pointed.color, role: "pointed" });
    this.map.setHighlights(lit);
  }

  /** What is known of a row without asking Python. */
  private known(row: number): Row | undefined {
    return this.texts.held(row) ?? this.openedDetail?.neighbors.find((neighbor) => neighbor.row === row);
  }
}

function isEditable(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

function render({ model, el }: Pick<RenderProps, "model" | "el">): () => void {
  const controller = new AbortController();
  const panel = new Panel(new Link(model, controller.signal), controller.signal);
  panel.mount(el, controller.signal);
  return () => {
    controller.abort();
  };
}

export default { render };
