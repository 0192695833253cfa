/** Understanding: what the selection is about, near-duplicates, and titles; each a view of its own. */

import type { Context } from "../context";
import { button, h } from "../dom";
import type { Row } from "../protocol";
import { AboutView } from "../understand/about_view";
import { DuplicatesView } from "../understand/duplicates_view";
import { parseAbout, parseDuplicates, parseEstimate, parseReading, parseTitling } from "../understand/protocol";
import type { MetadataReading, Titling, UnderstandIntent } from "../understand/protocol";
import { TitlesView } from "../understand/titles_view";
import { RANK } from "../views";
import { holdsFocus } from "../shadow";

type Open = "about" | "duplicates" | "titles" | null;

export class Understand {
  private readonly context: Context;
  private readonly about: AboutView;
  private readonly duplicates: DuplicatesView;
  private readonly titles: TitlesView;
  private readonly aboutButton: HTMLButtonElement;
  private readonly titlesButton: HTMLButtonElement;
  private readonly backToDuplicates: HTMLButtonElement;
  private open: Open = null;
  /** Whether the selection was chosen in the list of near-duplicates: then there is a way back to it. */
  private cameFromDuplicates = false;
  private isChoosing = false;

  constructor(context: Context) {
    this.context = context;
    this.about = this.makeAbout();
    this.duplicates = this.makeDuplicates();
    this.titles = this.makeTitles();
    this.aboutButton = this.opener("about", "");
    this.titlesButton = this.opener("titles", "Titles…");
    this.backToDuplicates = this.opener("duplicates", "‹ Near-duplicates");
    const { slots } = context;
    slots.overview.append(
      h("div", { class: "ce-cluster-tools" }, this.opener("duplicates", "Near-duplicates"), this.titlesButton),
    );
    slots.selection.append(h("div", { class: "ce-cluster-tools" }, this.backToDuplicates, this.aboutButton));
    this.addView("about", this.about);
    this.addView("duplicates", this.duplicates);
    this.addView("titles", this.titles);
    this.listen();
  }

  /** Read the traits as they are. */
  follow(): void {
    this.readMetadataState();
    this.readTitling();
    this.updateButtons();
  }

  private makeAbout(): AboutView {
    const { context } = this;
    return new AboutView({
      ...this.wayBack(),
      onOpen: (row) => {
        context.send({ type: "inspect", row });
      },
      onReadMetadata: () => {
        this.send({ type: "read_metadata" });
      },
      onCancelMetadata: () => {
        this.send({ type: "cancel_metadata" });
      },
      clusterName: (label) => context.nameOf(label),
      clusterColor: (label) => context.cluster(label)?.color ?? "var(--ce-muted)",
    });
  }

  private makeDuplicates(): DuplicatesView {
    const { context } = this;
    const listeners = {
      ...this.wayBack(),
      onThreshold: (threshold: number) => {
        this.send({ type: "near_duplicates", threshold });
      },
      onSelect: (revision: number, group: number | null) => {
        // the view closes once the selection is here, as for any other
        this.isChoosing = true;
        this.send({ type: "select_duplicates", revision, group });
      },
    };
    return new DuplicatesView(listeners, context.signal);
  }

  private makeTitles(): TitlesView {
    const { context } = this;
    return new TitlesView({
      ...this.wayBack(),
      onStart: (revision) => {
        this.send({ type: "titles_start", revision });
      },
      onCancel: () => {
        this.send({ type: "titles_cancel" });
      },
      clusterName: (label) => context.nameOf(label),
    });
  }

  private wayBack(): { onBack: () => void; onPoint: (row: Row | null) => void } {
    return {
      onBack: () => {
        this.show(null);
      },
      onPoint: (row) => {
        this.context.light("understand", row ? [{ at: row.at, color: row.color, role: "pointed" }] : []);
      },
    };
  }

  private opener(open: Open, text: string): HTMLButtonElement {
    return button("ce-button", text, null, () => {
      this.show(open);
    });
  }

  private addView(kind: Open, view: { readonly element: HTMLElement; focus: () => void }): void {
    const { context } = this;
    context.views.add(
      {
        element: view.element,
        isWanted: () => this.open === kind && (kind !== "about" || context.isSelected),
        focus: () => {
          view.focus();
        },
        leave: () => {
          this.show(null);
        },
        onHidden: () => {
          context.light("understand", []);
        },
      },
      RANK.feature,
    );
  }

  private listen(): void {
    const { context } = this;
    const { link } = context;
    link.on("about", parseAbout, (about) => {
      if (about.revision !== context.selection.revision) return;
      this.about.show(about);
      this.about.showReading(this.reading);
    });
    link.on("near_duplicates", parseDuplicates, (duplicates) => {
      this.duplicates.show(duplicates);
    });
    link.on("titles_estimate", parseEstimate, (estimate) => {
      this.titles.showEstimate(estimate, this.titling);
    });
    link.onMessage((message) => {
      if (message.type === "error") this.fail(message.of, message.message);
    });
    link.onChange(["metadata_reading"], () => {
      this.readMetadataState();
    });
    link.onChange(["titling"], () => {
      this.readTitling();
    });
    link.onChange(["colors_revision"], () => {
      this.ask();
    });
    context.onClusters(() => {
      this.updateButtons();
    });
    context.onSelection((isOther) => {
      if (isOther) this.readOtherSelection();
      this.updateButtons();
    });
  }

  // What Python says

  /** Something could not be answered: what else was asked may be still. */
  private fail(of: string, message: string): void {
    if (of === "about") this.about.showFailure(message);
    if (of === "near_duplicates") this.duplicates.showFailure(message);
    if (of === "titles_estimate") this.titles.showFailure(message);
    // what was to be agreed to is another one by now
    if (of === "titles_start") this.ask();
    // the groups that were chosen among are older than those that Python knows
    if (of === "select_duplicates") {
      this.isChoosing = false;
      this.ask();
    }
  }

  private get reading(): MetadataReading {
    return parseReading(this.context.link.read("metadata_reading"));
  }

  private get titling(): Titling {
    return parseTitling(this.context.link.read("titling"));
  }

  private readOtherSelection(): void {
    const { isSelected } = this.context;
    this.cameFromDuplicates = this.isChoosing && isSelected;
    this.isChoosing = false;
    // Whoever reads about selections goes on doing so; over any other view, a new selection is there to be read.
    if (this.open === "about" && isSelected) {
      // what was said of the rows before is not said of these
      this.about.showLoading();
      this.ask();
    } else if (this.open === "about" || isSelected) this.show(null);
  }

  private readMetadataState(): void {
    const { reading } = this;
    this.about.showReading(reading);
    if (reading.state === "read" && this.open === "about") this.ask();
  }

  private readTitling(): void {
    const { titling } = this;
    this.titlesButton.hidden = !titling.available;
    this.titles.showTitling(titling);
    // What was asked for is known by now, so that something else would be sent next.
    if (this.open === "titles" && titling.state !== "running") this.ask();
  }

  private updateButtons(): void {
    const { selection } = this.context;
    const [first] = selection.clusters;
    const isOne = selection.clusters.length === 1 && first !== undefined && first.label >= 0;
    const isWhole = isOne && this.context.cluster(first.label)?.size === selection.count;
    this.aboutButton.textContent = isWhole ? "About this cluster" : "What sets these apart";
    this.backToDuplicates.hidden = !this.cameFromDuplicates;
  }

  // What the person does

  private show(open: Open): void {
    const { context } = this;
    if (open === null && this.open === null) return;
    const hadFocus = holdsFocus(context.views.element);
    this.open = open;
    context.light("understand", []);
    if (open === "about") this.about.showLoading();
    if (open === "about" && this.reading.state === "unread") this.send({ type: "read_metadata" });
    if (open === "titles") this.titles.showLoading();
    this.ask();
    context.views.update();
    if (open !== null || hadFocus) context.views.focus();
  }

  private send(intent: UnderstandIntent): void {
    this.context.link.send(intent);
  }

  /** Ask Python for what the open view shows. */
  private ask(): void {
    const { context } = this;
    if (this.open === "about" && context.isSelected) this.send({ type: "about", revision: context.selection.revision });
    if (this.open === "duplicates") {
      this.duplicates.showAsked();
      this.send({ type: "near_duplicates", threshold: this.duplicates.wanted });
    }
    if (this.open !== "titles") return;
    this.titles.showCounting();
    this.send({ type: "titles_estimate" });
  }
}
