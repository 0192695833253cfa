/** Reading: the texts of the selection, one text in full, and the points of both on the map. */

import type { Context } from "../context";
import { parseAnnotations } from "../annotations";
import { copyText } from "../clipboard";
import { count, counted } from "../dom";
import { DetailView } from "../detail";
import { finder, looseFinder } from "../highlight";
import type { Find } from "../highlight";
import { HoverCard } from "../hover_card";
import type { Hover } from "../hover_card";
import { parseCopied, parseListing } from "../listing/protocol";
import { Toolbar } from "../listing/toolbar";
import type { Highlight } from "../map_view";
import type { Detail, Message, Row } from "../protocol";
import { isCut } from "../text";
import { Texts } from "../texts";
import { parseReading } from "../understand/protocol";
import { RANK } from "../views";
import type { View } from "../views";
import { holdsFocus } from "../shadow";

export class Reading {
  private readonly context: Context;
  private readonly texts: Texts;
  private readonly toolbar: Toolbar;
  private readonly detail: DetailView;
  private readonly card: HoverCard;
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
  /** What is marked in the texts, and how it is found. */
  private marks = "";
  private find: Find | null = null;
  /** Request of the text that was last opened or closed here, until Python has heard of it; or -1. */
  private wished = -1;
  private starsRevision = 0;
  /** Request of the copy that is on its way, or -1. */
  private copying = -1;
  private readonly textsView: View;

  constructor(context: Context) {
    this.context = context;
    const { link, signal } = context;
    const clusterName = (label: number): string => context.nameOf(label);
    const open = (row: number): void => {
      this.open(row);
    };
    this.texts = new Texts(
      {
        newRequest: () => link.newRequest(),
        send: (request) => {
          context.send({ type: "page", ...request });
        },
        onOpen: (row) => {
          open(row.row);
        },
        onLocate: (row) => {
          open(row.row);
          context.map.locate(row.at);
        },
        onPoint: (row) => {
          this.pointAt(row);
        },
        onStar: (row, on) => {
          this.star(row, on);
        },
        onCopy: (row) => {
          this.copyRow(row);
        },
        onFind: () => {
          this.toolbar.focus();
        },
        clusterColor: (label) => context.cluster(label)?.color ?? "",
        clusterName,
      },
      signal,
    );
    this.detail = new DetailView({
      onBack: () => {
        this.close();
      },
      onOpen: open,
      onPointNeighbor: (neighbor) => {
        this.pointAt(neighbor);
      },
      onStar: (row, on) => {
        this.star(row, on);
      },
      onCopy: (text) => {
        this.copy(text);
      },
      onLocate: (row) => {
        context.map.locate(row.at);
      },
      clusterName,
    });
    this.card = new HoverCard(
      {
        host: context.root,
        ask: (row) => {
          context.send({ type: "snippet", request: link.newRequest(), row });
        },
        known: (row) => this.known(row),
        clusterName,
      },
      signal,
    );
    this.toolbar = new Toolbar(
      {
        onArrange: (arrangement) => {
          context.send({ type: "arrange", ...arrangement });
        },
        onSelectListed: () => {
          context.send({ type: "select_listed" });
        },
        onStopReading: () => {
          context.send({ type: "cancel_metadata" });
        },
        onCopy: (format) => {
          this.copyAll(format);
        },
        onLeave: () => {
          this.texts.focusQuietly();
        },
      },
      signal,
    );
    this.textsView = this.addViews();
    this.listen();
  }

  /** Read which text is open. */
  follow(): void {
    this.readInspected();
  }

  private addViews(): View {
    const { context } = this;
    const detail = {
      element: this.detail.element,
      isWanted: () => this.opened >= 0,
      focus: () => {
        this.detail.focusQuietly();
      },
      leave: () => {
        this.close();
      },
      isLeftByMap: true,
    };
    const texts = {
      element: this.texts.element,
      isWanted: () => context.isSelected,
      focus: () => {
        this.texts.focusQuietly();
      },
      leave: () => {
        context.send({ type: "clear" });
      },
      isLeftByMap: true,
    };
    this.texts.element.prepend(context.slots.selection, this.toolbar.element);
    context.views.add(detail, RANK.text);
    context.views.add(texts, RANK.selection);
    return texts;
  }

  private listen(): void {
    const { context } = this;
    const { link } = context;
    context.onClusters(() => {
      this.texts.rename();
    });
    context.onSelection((isOther) => {
      this.showSelection(isOther);
    });
    link.onChange(["listing"], () => {
      this.showListing();
    });
    link.onChange(["metadata_reading"], () => {
      this.toolbar.showReading(parseReading(link.read("metadata_reading")).fraction);
    });
    link.onChange(["annotations"], () => {
      this.readStars();
    });
    link.on("copied", parseCopied, (copied) => {
      if (copied.request !== this.copying) return;
      this.copying = -1;
      this.copy(copied.text, copied);
    });
    context.onDismiss(() => context.views.isShown(this.textsView) && this.toolbar.clear());
    context.onMap({
      onPolygon: () => {
        this.drewSelection = true;
        if (this.opened >= 0) this.close();
      },
      onPickRow: (row) => {
        this.open(row);
      },
      onHover: (hover) => {
        this.hoverOnMap(hover);
      },
    });
    link.onChange(["inspected"], () => {
      this.readInspected();
    });
    link.onChange(["colors_revision"], () => {
      this.refetch();
    });
    link.onMessage((message) => {
      this.receive(message);
    });
  }

  // What Python says

  private showSelection(isOther: boolean): void {
    const { isSelected } = this.context;
    this.showListing();
    if (!isOther) return;
    // The rows that were pointed at go without being left by the pointer.
    this.pointAt(null);
    // Whoever has drawn a lasso goes on reading: the arrow keys move through the texts at once.
    if (this.drewSelection && isSelected && this.opened < 0) this.texts.focusQuietly();
    this.drewSelection = false;
  }

  private showListing(): void {
    const { link, selection } = this.context;
    const value = link.read("listing");
    // A page without a kernel lists the selection as it is, and arranges nothing.
    const plain = { revision: selection.revision, count: selection.count, marks: link.read("marks") };
    const listing = parseListing(value ?? plain);
    this.toolbar.element.hidden = value === undefined;
    this.toolbar.update(listing, selection.count);
    this.showMarks(listing.marks, value === undefined ? looseFinder : finder);
    this.texts.show(listing, this.find, selection.revision);
  }

  /** Mark in the texts what was looked for, as exactly as it was. */
  private showMarks(marks: readonly string[], findThem: typeof finder): void {
    if (marks.join("\n") === this.marks) return;
    this.marks = marks.join("\n");
    this.find = findThem(marks);
    this.detail.mark(this.find);
  }

  private readStars(): void {
    const { starsRevision } = parseAnnotations(this.context.link.read("annotations"));
    if (starsRevision === this.starsRevision) return;
    this.starsRevision = starsRevision;
    this.texts.refetch();
  }

  private readInspected(): void {
    const row = this.context.link.inspected;
    // Between a wish and its answer, Python may still say what it was told before; to follow that would undo the wish.
    if (row === this.opened || this.wished >= 0) return;
    this.showOpened(row);
    if (row >= 0 && this.lastDetail?.row === row) {
      this.showDetail(this.lastDetail);
      return;
    }
    // The detail was sent before this view was there, or is still on its way; asking again does no harm.
    if (row >= 0) this.context.send({ type: "detail", row });
  }

  private refetch(): void {
    this.card.forget();
    this.context.map.forgetViewport();
    this.texts.refetch();
    if (this.opened >= 0) this.context.send({ type: "detail", row: this.opened });
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
      case "inspected":
        this.hear(message.request);
        break;
      case "error":
        if (message.request !== null) {
          this.texts.fail(message.request);
          this.hear(message.request);
        }
        if (message.of === "detail" || message.of === "inspect") this.detail.showFailure(message.message);
    }
  }

  /** Python has heard a wish: if it was the newest one, what Python says holds again. */
  private hear(request: number): void {
    if (request !== this.wished) return;
    this.wished = -1;
    this.readInspected();
  }

  // What the person does

  private open(row: number): void {
    if (row === this.opened) return;
    this.showOpened(row, true);
    this.wish(row);
  }

  private close(): void {
    this.showOpened(-1);
    this.wish(-1);
  }

  private wish(row: number): void {
    this.wished = this.context.link.newRequest();
    this.context.send({ type: "inspect", request: this.wished, row });
  }

  private star(row: Row, on: boolean): void {
    this.texts.change({ ...row, starred: on });
    if (this.openedDetail?.row === row.row) {
      this.openedDetail = { ...this.openedDetail, starred: on };
      this.detail.showStar(on);
    }
    this.context.send({ type: "star", row: row.row, on });
    this.context.announce(on ? "Starred" : "Star taken away");
  }

  /** Copy the text of a row, which the list may hold a part of only. */
  private copyRow({ row, text }: Row): void {
    // What is at hand is copied without asking: some browsers allow it in the very moment of the key press alone.
    if (!isCut(text)) {
      this.copy(text);
      return;
    }
    this.copying = this.context.link.newRequest();
    this.context.send({ type: "copy", request: this.copying, format: "texts", row });
  }

  private copyAll(format: "texts" | "table"): void {
    this.copying = this.context.link.newRequest();
    this.context.send({ type: "copy", request: this.copying, format });
  }

  private copy(text: string, all: { nCopied: number; nListed: number } | null = null): void {
    const { context } = this;
    void copyText(text, context.root).then((isDone) => {
      const what = all === null ? "Text" : counted(all.nCopied, "text");
      const part = all && all.nCopied < all.nListed ? ` of ${count(all.nListed)}; ex.selection holds them all` : "";
      context.tell(isDone ? `${what} copied${part}` : "The browser does not allow copying here");
    });
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

  private showOpened(row: number, takesFocus = holdsFocus(this.context.views.element)): void {
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
    this.context.views.update();
    this.context.root.classList.toggle("ce-reading", this.opened >= 0);
  }

  private lightUp(): void {
    const lit: Highlight[] = [];
    if (this.openedDetail) {
      for (const { at, color } of this.openedDetail.neighbors) lit.push({ at, color, role: "neighbor" });
      lit.push({ at: this.openedDetail.at, color: this.openedDetail.color, role: "open" });
    }
    if (this.hover) lit.push({ at: this.hover.at, color: "transparent", role: "hovered" });
    if (this.pointed) lit.push({ at: this.pointed.at, color: this.pointed.color, role: "pointed" });
    this.context.light("reading", lit);
  }

  /** What is known of a row without asking Python. */
  private known(row: number): Row | undefined {
    return this.texts.held(row) ?? this.openedDetail?.neighbors.find((neighbor) => neighbor.row === row);
  }
}
