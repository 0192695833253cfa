/** The panel: wires the widget's model to the map and to the list, and decides what is shown. */

import type { RenderProps } from "@anywidget/types";

import { DetailView } from "./detail";
import { Timer, button, counted, h } from "./dom";
import { Header } from "./header";
import { Link } from "./link";
import { MapView } from "./map_view";
import type { Highlight } from "./map_view";
import { Overview } from "./overview";
import { PageCache } from "./pages";
import { clusterName } from "./protocol";
import type { Cluster, Detail, Message, Row, Selection, SelectionMode, Snippet } from "./protocol";
import { showRow } from "./row_view";
import { SnippetCache } from "./snippets";
import { Tooltip } from "./tooltip";
import { VirtualList } from "./virtual_list";

const HOVER_DELAY = 40;

class Panel {
  private readonly root = h("div", {
    class: "ce-panel",
    role: "region",
    "aria-label": "Texts",
    "data-lm-suppress-shortcuts": "true",
  });
  private readonly host: HTMLElement;
  private readonly link: Link;
  private readonly signal: AbortSignal;
  private readonly header: Header;
  private readonly notice = h("div", { class: "ce-notice", role: "status" });
  private readonly problem = h("div", { class: "ce-problem", role: "alert", hidden: true });
  private readonly live = h("div", { class: "ce-visually-hidden", "aria-live": "polite" });
  private readonly overview: Overview;
  private readonly list: VirtualList;
  private readonly detail: DetailView;
  private readonly pages: PageCache;
  private readonly snippets: SnippetCache;
  private readonly tooltip: Tooltip;
  private readonly hoverTimer: Timer;
  private readonly map: MapView;

  private clusters: Cluster[] = [];
  private byLabel = new Map<number, Cluster>();
  private selection: Selection;
  /** Row whose detail is open, or -1. */
  private opened = -1;
  private openedDetail: Detail | null = null;
  private lastDetail: Detail | null = null;
  /** The row under the pointer in the list, or a neighbour in the detail. */
  private pointed: Row | null = null;
  private hover: { row: number; x: number; y: number } | null = null;

  constructor(link: Link, host: HTMLElement, signal: AbortSignal) {
    this.link = link;
    this.host = host;
    this.signal = signal;
    this.selection = link.selection;
    const selectCluster = (label: number, mode: SelectionMode): void => {
      link.send({ type: "select_cluster", label, mode });
    };
    const pointCluster = (label: number | null): void => {
      this.map.setEmphasis(label);
    };
    this.header = new Header({
      onClear: () => {
        this.clear();
      },
      onCluster: selectCluster,
      onPointCluster: pointCluster,
    });
    this.overview = new Overview({ onCluster: selectCluster, onPointCluster: pointCluster });
    this.list = new VirtualList(
      {
        label: "Selected texts",
        renderRow: (element, index) => {
          this.renderRow(element, index);
        },
        onRange: (start, stop, direction) => {
          this.pages.need(start, stop, direction);
        },
        onOpen: (index) => {
          this.openIndex(index);
        },
        onPoint: (index) => {
          this.pointAt(index === null ? null : (this.pages.at(index) ?? null));
        },
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
      clusterName: (label) => this.nameOf(label),
    });
    this.pages = new PageCache({
      newRequest: () => link.newRequest(),
      send: (request) => {
        link.send({ type: "page", ...request });
      },
      onRows: (start, stop) => {
        this.list.refresh(start, stop);
      },
    });
    this.snippets = new SnippetCache((row) => {
      link.send({ type: "snippet", request: link.newRequest(), row });
    });
    this.tooltip = new Tooltip(this.root, signal);
    this.hoverTimer = new Timer(signal);
    this.map = new MapView(
      this.root,
      {
        onPolygon: (polygon) => {
          link.send({ type: "select_polygon", ...polygon });
        },
        onPickRow: (row) => {
          this.open(row);
        },
        onPickNothing: () => {
          this.clear();
        },
        onHover: (hover) => {
          this.hoverOnMap(hover);
        },
      },
      signal,
    );
    this.mount();
    this.listen();
    this.readClusters();
    this.readSelection();
    this.readInspected();
    this.readNotice();
  }

  private mount(): void {
    this.root.append(
      this.header.element,
      this.notice,
      this.problem,
      this.overview.element,
      this.list.element,
      this.detail.element,
      this.live,
    );
    this.host.classList.add("ce-panel-host");
    this.host.append(this.root);
    this.signal.addEventListener("abort", () => {
      this.root.remove();
      this.host.classList.remove("ce-panel-host");
    });
  }

  private listen(): void {
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
      { signal: this.signal, capture: true },
    );
  }

  // What Python says

  private readClusters(): void {
    this.clusters = this.link.clusters;
    this.byLabel = new Map(this.clusters.map((cluster) => [cluster.label, cluster]));
    this.map.setClusters(this.clusters);
    this.overview.update(this.clusters, this.link.nRows, this.link.nComponents);
    this.updateHeader();
    this.list.refresh(0, Infinity);
  }

  private readSelection(): void {
    const before = this.selection;
    this.selection = this.link.selection;
    const isNew = this.selection.revision !== before.revision;
    this.updateHeader();
    this.map.setOutline(this.selection.outline);
    this.showView();
    this.pages.reset(this.selection.revision, this.selection.count);
    this.list.reset(this.selection.kind === "none" ? 0 : this.selection.count);
    if (isNew)
      this.live.textContent =
        this.selection.kind === "none" ? "Selection cleared" : `${counted(this.selection.count, "text")} selected`;
  }

  private readInspected(): void {
    const row = this.link.inspected;
    if (row === this.opened) return;
    if (row < 0) this.showOpened(-1);
    else if (this.lastDetail?.row === row) this.showDetail(this.lastDetail);
    else {
      // The detail was sent before this view was there, or is still on its way; asking again does no harm.
      this.showOpened(row);
      this.link.send({ type: "inspect", row });
    }
  }

  private readNotice(): void {
    this.notice.textContent = this.link.notice;
    this.notice.hidden = this.link.notice === "";
  }

  private refetch(): void {
    this.snippets.clear();
    this.pages.markStale();
    const { start, stop } = this.list.visible;
    this.pages.need(start, stop);
    if (this.opened >= 0) this.link.send({ type: "inspect", row: this.opened });
  }

  private receive(message: Message): void {
    switch (message.type) {
      case "page":
        this.pages.receive(message);
        break;
      case "detail":
        this.lastDetail = message.detail;
        if (message.detail.row === this.opened) this.showDetail(message.detail);
        break;
      case "snippet":
        this.snippets.receive(message.snippet);
        if (message.snippet.row === this.hover?.row) this.showHover(message.snippet);
        break;
      case "error":
        if (message.request !== null) this.pages.fail(message.request);
        this.detail.showFailure(message.message);
        this.showProblem(message.message);
    }
  }

  // What the person does

  private clear(): void {
    if (this.selection.kind !== "none") this.link.send({ type: "clear" });
  }

  private openIndex(index: number): void {
    const row = this.pages.at(index);
    if (row) this.open(row.row);
  }

  private open(row: number): void {
    if (row === this.opened) return;
    this.showOpened(row);
    this.link.send({ type: "inspect", row });
  }

  private close(): void {
    if (this.opened < 0) return;
    const hadFocus = this.detail.element.contains(document.activeElement);
    this.showOpened(-1);
    this.link.send({ type: "inspect", row: -1 });
    if (!hadFocus) return;
    if (this.selection.kind === "none") this.overview.focus();
    else this.list.focus();
  }

  private key(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    const isInside = event.target instanceof Node && this.root.contains(event.target);
    if (this.map.abortDrag()) {
      event.preventDefault();
      event.stopPropagation();
    } else if (isInside || (this.map.isUnderPointer && !isEditable(event.target))) {
      this.problem.hidden = true;
      if (this.opened >= 0) this.close();
      else if (this.selection.kind !== "none") this.clear();
      else return;
      event.preventDefault();
      event.stopPropagation();
    }
  }

  private hoverOnMap(hover: { row: number; x: number; y: number } | null): void {
    this.hover = hover;
    this.list.mark(hover ? (this.pages.find(hover.row) ?? null) : null);
    if (!hover) {
      this.hoverTimer.cancel();
      this.tooltip.hide();
      return;
    }
    const known = this.known(hover.row);
    if (known) this.showHover(known);
    else {
      this.tooltip.hide();
      this.hoverTimer.start(HOVER_DELAY, () => {
        this.snippets.request(hover.row);
      });
    }
  }

  private pointAt(row: Row | null): void {
    this.pointed = row;
    this.lightUp();
  }

  // What is shown

  private showOpened(row: number): void {
    const isOpening = row >= 0 && this.opened < 0;
    const held = row >= 0 ? this.heldRow(row) : undefined;
    const hadFocus = this.root.contains(document.activeElement);
    this.opened = row;
    this.openedDetail = null;
    this.pointed = null;
    if (row >= 0) this.detail.showLoading(held);
    this.showView();
    if (isOpening && hadFocus) this.detail.focus();
    this.list.refresh(0, Infinity);
    this.lightUp();
  }

  private showDetail(detail: Detail): void {
    this.opened = detail.row;
    this.openedDetail = detail;
    this.detail.show(detail);
    this.showView();
    this.lightUp();
  }

  private showView(): void {
    const isSelected = this.selection.kind !== "none";
    this.detail.element.hidden = this.opened < 0;
    this.list.element.hidden = this.opened >= 0 || !isSelected;
    this.overview.element.hidden = this.opened >= 0 || isSelected;
  }

  private updateHeader(): void {
    const { title, nRows } = this.link;
    this.header.update({ title, nRows, clusters: this.clusters, selection: this.selection });
  }

  private renderRow(element: HTMLElement, index: number): void {
    const row = this.pages.at(index);
    showRow(element, row, row ? this.nameOf(row.label) : "", row?.row === this.opened);
  }

  private lightUp(): void {
    const lit: Highlight[] = [];
    if (this.openedDetail) {
      for (const { at, color } of this.openedDetail.neighbors) lit.push({ at, color, role: "neighbor" });
      lit.push({ at: this.openedDetail.at, color: this.openedDetail.color, role: "open" });
    }
    if (this.pointed) lit.push({ at: this.pointed.at, color: this.pointed.color, role: "focus" });
    this.map.setHighlights(lit);
  }

  private showHover(snippet: Snippet): void {
    if (this.hover) this.tooltip.show(snippet, this.nameOf(snippet.label), this.hover.x, this.hover.y);
  }

  private showProblem(message: string): void {
    const dismiss = button("ce-button", "×", "Dismiss", () => {
      this.problem.hidden = true;
    });
    this.problem.replaceChildren(h("span", {}, message), dismiss);
    this.problem.hidden = false;
  }

  private nameOf(label: number): string {
    return clusterName(this.byLabel.get(label), label);
  }

  /** What is known of a row without asking Python. */
  private heldRow(row: number): Row | undefined {
    const index = this.pages.find(row);
    const inList = index === undefined ? undefined : this.pages.at(index);
    return inList ?? this.openedDetail?.neighbors.find((neighbor) => neighbor.row === row);
  }

  private known(row: number): Snippet | undefined {
    return this.snippets.get(row) ?? this.heldRow(row);
  }
}

function isEditable(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

function render({ model, el }: RenderProps): () => void {
  const controller = new AbortController();
  new Panel(new Link(model, controller.signal), el, controller.signal);
  return () => {
    controller.abort();
  };
}

export default { render };
