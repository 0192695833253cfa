/** Reading: the texts of the selection, one text in full, and the points of both on the map. */

import { parseAnnotations } from "../annotations";
import type { Context } from "../context";
import { Copying } from "../copying";
import { DetailView } from "../detail";
import { finder, looseFinder } from "../highlight";
import type { Find } from "../highlight";
import { Lights } from "../lights";
import { parseListing } from "../listing/protocol";
import { Toolbar } from "../listing/toolbar";
import { Opening } from "../opening";
import type { Detail, Message, Row } from "../protocol";
import { holdsFocus } from "../shadow";
import { Texts } from "../texts";
import { parseReading } from "../understand/protocol";
import { RANK } from "../views";
import type { View } from "../views";

export class Reading {
  private readonly context: Context;
  private readonly opening: Opening;
  private readonly copying: Copying;
  private readonly lights: Lights;
  private readonly texts: Texts;
  private readonly toolbar: Toolbar;
  private readonly detail: DetailView;
  private readonly textsView: View;
  private drewSelection = false;
  /** What is marked in the texts, and how it is found. */
  private marks = "";
  private find: Find | null = null;
  private starsRevision = 0;

  constructor(context: Context) {
    this.context = context;
    this.opening = new Opening(context.link, {
      onOpened: (row, near, isWish) => {
        this.showOpened(row, near, isWish);
      },
      onDetail: (detail) => {
        this.showDetail(detail);
      },
    });
    this.copying = new Copying(context);
    this.lights = new Lights(context, (row) => this.texts.held(row) ?? this.opening.near(row));
    this.texts = this.makeTexts();
    this.detail = this.makeDetail();
    this.toolbar = this.makeToolbar();
    this.textsView = this.addViews();
    this.listen();
  }

  /** Read which text is open. */
  follow(): void {
    this.opening.follow();
  }

  private makeTexts(): Texts {
    const { context } = this;
    return new Texts(
      {
        newRequest: () => context.link.newRequest(),
        send: (request) => {
          context.send({ type: "page", ...request });
        },
        onOpen: (row) => {
          this.opening.open(row.row);
        },
        onLocate: (row) => {
          this.opening.open(row.row);
          context.map.locate(row.at);
        },
        onPoint: (row) => {
          this.lights.pointAt(row);
        },
        onStar: (row, on) => {
          this.star(row, on);
        },
        onCopy: (row) => {
          this.copying.copyRow(row);
        },
        onFind: () => {
          this.toolbar.focus();
        },
        clusterColor: (label) => context.cluster(label)?.color ?? "",
        clusterName: (label) => context.nameOf(label),
      },
      context.signal,
    );
  }

  private makeDetail(): DetailView {
    const { context } = this;
    return new DetailView({
      onBack: () => {
        this.opening.close();
      },
      onOpen: (row) => {
        this.opening.open(row);
      },
      onPointNeighbor: (neighbor) => {
        this.lights.pointAt(neighbor);
      },
      onStar: (row, on) => {
        this.star(row, on);
      },
      onCopy: (text) => {
        this.copying.copy(text);
      },
      onLocate: (row) => {
        context.map.locate(row.at);
      },
      clusterName: (label) => context.nameOf(label),
    });
  }

  private makeToolbar(): Toolbar {
    const { context } = this;
    return new Toolbar(
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
          this.copying.copyAll(format);
        },
        onLeave: () => {
          this.texts.focusQuietly();
        },
      },
      context.signal,
    );
  }

  private addViews(): View {
    const { context } = this;
    const detail = {
      element: this.detail.element,
      isWanted: () => this.opening.isOpen,
      focus: () => {
        this.detail.focusQuietly();
      },
      leave: () => {
        this.opening.close();
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
    link.onChange(["colors_revision"], () => {
      this.refetch();
    });
    link.onMessage((message) => {
      this.receive(message);
    });
    context.onDismiss(() => context.views.isShown(this.textsView) && this.toolbar.clear());
    context.onMap({
      onPolygon: () => {
        this.drewSelection = true;
        if (this.opening.isOpen) this.opening.close();
      },
      onPickRow: (row) => {
        this.opening.open(row);
      },
      onHover: (hover) => {
        this.texts.mark(hover?.row ?? null);
        this.lights.hoverAt(hover);
      },
    });
  }

  // What Python says

  private showSelection(isOther: boolean): void {
    const { isSelected } = this.context;
    this.showListing();
    if (!isOther) return;
    // The rows that were pointed at go without being left by the pointer.
    this.lights.pointAt(null);
    // Whoever has drawn a lasso goes on reading: the arrow keys move through the texts at once.
    if (this.drewSelection && isSelected && !this.opening.isOpen) this.texts.focusQuietly();
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

  private refetch(): void {
    this.lights.forget();
    this.context.map.forgetViewport();
    this.texts.refetch();
    this.opening.refetch();
  }

  private receive(message: Message): void {
    if (message.type === "page") this.texts.receive(message);
    if (message.type === "snippet") this.lights.receive(message.snippet);
    if (message.type === "error") {
      if (message.request !== null) this.texts.fail(message.request);
      if (message.of === "arrange") this.toolbar.refuse();
      if (message.of === "detail" || message.of === "inspect") this.detail.showFailure(message.message);
    }
    this.opening.receive(message);
  }

  // What is shown

  private star(row: Row, on: boolean): void {
    this.texts.change({ ...row, starred: on });
    this.opening.star(row, on);
    if (this.opening.detail?.row === row.row) this.detail.showStar(on);
    this.context.send({ type: "star", row: row.row, on });
    this.context.announce(on ? "Starred" : "Star taken away");
  }

  private showOpened(row: number, near: Row | undefined, isWish: boolean): void {
    const takesFocus = isWish || holdsFocus(this.context.views.element);
    if (row >= 0) this.detail.showLoading(this.texts.held(row) ?? near);
    this.showView();
    if (row >= 0 && takesFocus) this.detail.focusQuietly();
    this.texts.setOpen(row);
    this.lights.pointAt(null);
    this.lights.showOpen(null);
  }

  private showDetail(detail: Detail): void {
    this.detail.show(detail);
    this.showView();
    this.texts.setOpen(detail.row);
    this.lights.showOpen(detail);
  }

  private showView(): void {
    this.context.views.update();
    this.context.root.classList.toggle("ce-reading", this.opening.isOpen);
  }
}
