/** What the selection is about: a cluster's keywords, texts and metadata, and what sets any selection apart. */

import { button, count, counted, h, swatch } from "../dom";
import type { Row } from "../protocol";
import { Progress } from "../progress";
import { focusedNear, holdsFocus } from "../shadow";
import { hint, passages, percent, section, shareTable, viewHead } from "./parts";
import type { About, BorderRow, ClusterAbout, Contrast, MetadataReading } from "./protocol";

export interface AboutListeners {
  readonly onBack: () => void;
  readonly onOpen: (row: number) => void;
  readonly onPoint: (row: Row | null) => void;
  readonly onReadMetadata: () => void;
  readonly onCancelMetadata: () => void;
  readonly clusterName: (label: number) => string;
  readonly clusterColor: (label: number) => string;
}

const ACCENT = "var(--ce-accent)";

export class AboutView {
  readonly element: HTMLElement;
  private readonly listeners: AboutListeners;
  /** It scrolls, and may hold nothing but a table: so the keyboard has to reach it itself. */
  private readonly body = h("div", { class: "ce-view-body", role: "group", "aria-label": "Description", tabindex: 0 });
  private readonly reading = h("div", { class: "ce-part", hidden: true });
  private readonly why = hint("");
  private readonly read: HTMLButtonElement;
  private readonly progress: Progress;

  constructor(listeners: AboutListeners) {
    this.listeners = listeners;
    this.progress = new Progress("Reading metadata …", listeners.onCancelMetadata);
    this.read = button("ce-button", "Read metadata", null, listeners.onReadMetadata);
    this.reading.append(this.why, this.read, this.progress.element);
    const head = viewHead("About", listeners.onBack);
    this.element = h(
      "section",
      { class: "ce-view", "aria-label": "About the selection", tabindex: -1 },
      head,
      this.body,
    );
  }

  focus(): void {
    this.element.focus({ preventScroll: true });
  }

  showLoading(): void {
    this.body.scrollTop = 0;
    this.fill(h("p", { class: "ce-muted ce-loading" }, "Looking …"));
  }

  showFailure(message: string): void {
    this.body.querySelector(".ce-loading")?.replaceChildren(message);
  }

  show(about: About): void {
    const { cluster } = about;
    // What is pointed at goes without being left by the pointer.
    this.listeners.onPoint(null);
    const parts = cluster ? this.cluster(cluster) : [];
    this.fill(...parts, this.apart(about), this.reading);
  }

  /** Show how far the reading of metadata is, where it is still to come. */
  showReading({ state, fraction, problem }: MetadataReading): void {
    const hadFocus = holdsFocus(this.reading);
    const isReading = state === "reading";
    this.reading.hidden = state === "none" || state === "read";
    this.progress.show(fraction);
    this.progress.element.hidden = !isReading;
    this.why.textContent = state === "failed" ? problem : "The metadata of all texts has not been read.";
    this.why.hidden = this.read.hidden = isReading;
    // the button that was pressed gives way to the one that takes it back, and the other way round
    if (hadFocus) (this.reading.hidden ? this.body : isReading ? this.progress : this.read).focus();
  }

  /** Put something else into the body; the keyboard stays on a button that is in it still, or goes to the body. */
  private fill(...children: Node[]): void {
    const focused = focusedNear(this.body);
    const hadFocus = focused instanceof HTMLElement && this.body.contains(focused);
    this.body.replaceChildren(...children);
    if (hadFocus) (focused.isConnected ? focused : this.body).focus({ preventScroll: true });
  }

  private cluster(cluster: ClusterAbout): HTMLElement[] {
    const { listeners } = this;
    const name = listeners.clusterName(cluster.label);
    const facts = `${counted(cluster.size, "text")}, mean probability ${cluster.probability.toFixed(2)}`;
    const title = h(
      "div",
      { class: "ce-about-cluster" },
      swatch(listeners.clusterColor(cluster.label)),
      h("span", { class: "ce-about-name", dir: "auto" }, name),
      h("span", { class: "ce-muted" }, facts),
    );
    const words = cluster.keywords.map((word) => h("li", { dir: "auto" }, word));
    const keywords =
      words.length > 0
        ? h("ul", { class: "ce-keywords", "aria-label": "Keywords" }, ...words)
        : hint("No word sets it apart.");
    const central = passages("Most central texts", cluster.central, listeners);
    const border =
      cluster.border.length > 0
        ? passages("Texts on the border", cluster.border, listeners, (row) => this.leaning(row))
        : hint("No text of it is near another cluster.");
    const parts = [
      title,
      section("Keywords", keywords),
      section("Most central texts", central),
      section("On the border", border),
    ];
    if (cluster.shares !== null && cluster.shares.length > 0) parts.push(this.metadata(cluster));
    return parts;
  }

  private leaning({ toward, leaving }: BorderRow): HTMLElement {
    const { clusterName, clusterColor } = this.listeners;
    return h(
      "span",
      { class: "ce-passage-note" },
      `${percent(leaving)} toward `,
      swatch(clusterColor(toward)),
      h("span", { dir: "auto" }, ` ${clusterName(toward)}`),
    );
  }

  private metadata({ label, shares }: ClusterAbout): HTMLElement {
    const color = this.listeners.clusterColor(label);
    const tables = (shares ?? []).flatMap((field) => {
      const rest = [
        field.others > 0 ? counted(field.others, "other value") : "",
        field.missing > 0 ? `${counted(field.missing, "text")} without` : "",
      ].filter((part) => part !== "");
      const table = shareTable(field.field, ["Value", "Here", "Overall"], field.values, color);
      return rest.length > 0 ? [table, hint(rest.join(", "))] : [table];
    });
    return section("Metadata", ...tables);
  }

  private apart(about: About): HTMLElement {
    const title = about.cluster
      ? "What sets it apart"
      : `What sets ${about.rows === 1 ? "this text" : `these ${count(about.rows)} texts`} apart`;
    const found: (Contrast & { prefix?: string })[] = [
      ...about.terms,
      ...(about.metadata ?? []).map((one) => ({ ...one, prefix: `${one.field}:` })),
    ];
    if (about.others === 0)
      return section(title, hint("All texts on show are selected: there is nothing to compare them with."));
    const columns = ["Word or value", "Here", "Elsewhere"] as const;
    const color = about.cluster ? this.listeners.clusterColor(about.cluster.label) : ACCENT;
    const shown =
      found.length > 0
        ? [shareTable("", columns, found, color), hint(testOf(about))]
        : [hint(`No word or value is clearly more frequent here than in the other ${counted(about.others, "text")}.`)];
    const sample = sampleOf(about);
    return section(title, ...shown, sample === "" ? null : hint(sample));
  }
}

function testOf({ others }: About): string {
  return `Compared with the other ${counted(others, "text")} by Fisher’s exact test, false discovery rate 5%.`;
}

/** In how many texts words were counted, where not in all; "" otherwise. */
function sampleOf({ rows, read, others, othersRead }: About): string {
  if (read >= rows && othersRead >= others) return "";
  const here = read < rows ? `${count(read)} of these ${counted(rows, "text")}` : `these ${counted(rows, "text")}`;
  const there = othersRead < others ? `${count(othersRead)} of the other ${count(others)}` : "all others";
  return `Words were counted in ${here} and in ${there}.`;
}
