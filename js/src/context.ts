/** What every feature of the panel is given: the model, the map, the views, and what all of them speak of. */

import { Timer, h } from "./dom";
import type { Link } from "./link";
import { MapView } from "./map_view";
import type { MapListeners } from "./map_view";
import type { Highlight } from "./overlay";
import { clusterName } from "./protocol";
import type { Cluster, Intent, Selection, SelectionMode } from "./protocol";
import { closestAcross } from "./shadow";
import { keepKeys } from "./shortcuts";
import { Views } from "./views";

/** Takes a key press or a click upon nothing as the wish to close something; whether there was anything to close. */
type Dismisser = () => boolean;

/** Milliseconds that a brief message stays. */
const TOAST = 2500;

export class Context {
  readonly root = h("div", { class: "ce-panel", role: "region", "aria-label": "Texts" });
  /** Places that features append to: below the head, in every view; and above the texts of a selection. */
  readonly slots = {
    actions: h("div", { class: "ce-actions", role: "group", "aria-label": "Panel" }),
    top: h("div", { class: "ce-slot ce-slot-top" }),
    selection: h("div", { class: "ce-slot ce-slot-selection" }),
    overview: h("div", { class: "ce-slot" }),
  };
  readonly views: Views;
  readonly link: Link;
  readonly signal: AbortSignal;
  readonly map: MapView;

  clusters: readonly Cluster[] = [];
  selection: Selection;

  private clustersRead: readonly unknown[] = [];
  private byLabel: ReadonlyMap<number, Cluster> = new Map<number, Cluster>();
  private readonly live = h("div", { class: "ce-visually-hidden", "aria-live": "polite" });
  private readonly toast = h("div", { class: "ce-toast", "aria-hidden": "true" });
  private readonly toastTimer: Timer;
  private readonly clusterListeners: (() => void)[] = [];
  private readonly selectionListeners: ((isOther: boolean) => void)[] = [];
  private readonly mapListeners: Partial<MapListeners>[] = [];
  private readonly dismissers: Dismisser[] = [];
  private readonly lights = new Map<string, readonly Highlight[]>();

  constructor(link: Link, signal: AbortSignal) {
    this.link = link;
    this.signal = signal;
    this.selection = link.selection;
    this.views = new Views(h("div", { class: "ce-views" }), signal);
    this.map = new MapView(
      this.root,
      {
        onPolygon: (polygon) => {
          for (const listener of this.mapListeners) listener.onPolygon?.(polygon);
          this.send({ type: "select_polygon", ...polygon });
        },
        onPickRow: (row) => {
          for (const listener of this.mapListeners) listener.onPickRow?.(row);
        },
        onPickNothing: () => {
          this.views.leaveByMap();
        },
        onHover: (hover) => {
          for (const listener of this.mapListeners) listener.onHover?.(hover);
        },
        onLook: (x, y) => {
          this.send({ type: "zoom", x, y });
        },
        onViewport: (viewport) => {
          this.send({ type: "viewport", ...viewport });
        },
      },
      signal,
    );
    this.toastTimer = new Timer(signal);
    keepKeys(this.root, signal);
    this.root.append(this.live, this.toast);
  }

  get isSelected(): boolean {
    return this.selection.kind !== "none";
  }

  cluster(label: number): Cluster | undefined {
    return this.byLabel.get(label);
  }

  /** The name to show for a cluster. */
  nameOf(label: number): string {
    return clusterName(this.byLabel.get(label), label);
  }

  send(intent: Intent): void {
    this.link.send({ ...intent });
  }

  selectCluster(label: number, mode: SelectionMode): void {
    this.map.setEmphasis(null);
    this.send({ type: "select_cluster", label, mode });
  }

  /** Tell something to those who listen to the page. */
  announce(text: string): void {
    this.live.textContent = text;
  }

  /** Tell something briefly to those who see the page, and to those who listen to it. */
  tell(text: string): void {
    this.announce(text);
    this.toast.textContent = text;
    this.toast.classList.add("ce-shown");
    this.toastTimer.start(TOAST, () => {
      this.toast.classList.remove("ce-shown");
    });
  }

  /** Light up points of the map; each feature has lights of its own. */
  light(feature: string, highlights: readonly Highlight[]): void {
    this.lights.set(feature, highlights);
    this.map.setHighlights([...this.lights.values()].flat());
  }

  /** Call `react` when the clusters, their names or the number of rows change. */
  onClusters(react: () => void): void {
    this.clusterListeners.push(react);
  }

  /** Call `react` when the selection changes; `isOther` is false when only its counts did. */
  onSelection(react: (isOther: boolean) => void): void {
    this.selectionListeners.push(react);
  }

  onMap(listeners: Partial<MapListeners>): void {
    this.mapListeners.push(listeners);
  }

  /** Let Escape close something before it leaves the view. */
  onDismiss(dismiss: Dismisser): void {
    this.dismissers.push(dismiss);
  }

  /** Read the model and go on following it. */
  follow(): void {
    this.link.onChange(["clusters", "n_rows", "title", "n_components"], () => {
      this.readClusters();
    });
    this.link.onChange(["selection"], () => {
      this.readSelection();
    });
    document.addEventListener(
      "keydown",
      (event) => {
        this.key(event);
      },
      { signal: this.signal, capture: true },
    );
    this.readClusters();
    this.readSelection();
  }

  /** Let Escape call off what is being typed, where a box knows how to; whether it did. */
  private endTyping(target: EventTarget): boolean {
    if (!(target instanceof HTMLInputElement)) return false;
    return !target.dispatchEvent(new CustomEvent("ce-dismiss", { cancelable: true }));
  }

  /** Leave a box that holds something typed, and nothing else: that would be for a second key press. */
  private leaveTyped(target: EventTarget): boolean {
    const isText = target instanceof HTMLInputElement && !target.matches("[type=range], [type=checkbox]");
    // a window that hangs from a button closes as a whole
    if (!isText || target.value === "" || target.closest(".ce-popover")) return false;
    target.blur();
    this.views.focus();
    return true;
  }

  /** Whether a key was pressed in another explorer, or in another view of the same one. */
  private isOfAnother(path: readonly EventTarget[]): boolean {
    const explorer = closestAcross(this.root, ".ce-root");
    return path.some((each) => {
      if (!(each instanceof Element) || !each.matches(".ce-root, .ce-panel")) return false;
      return each !== this.root && each !== explorer;
    });
  }

  private readClusters(): void {
    const { link } = this;
    const read = [link.read("clusters"), link.nRows, link.title, link.nComponents];
    // All of them are set before each is told: what was read when the first was told is read once.
    if (read.every((value, place) => value === this.clustersRead[place])) return;
    this.clustersRead = read;
    this.clusters = this.link.clusters;
    this.byLabel = new Map(this.clusters.map((cluster) => [cluster.label, cluster]));
    this.map.setClusters(this.clusters);
    for (const react of this.clusterListeners) react();
  }

  private readSelection(): void {
    const before = this.selection.revision;
    this.selection = this.link.selection;
    this.map.setOutline(this.selection.outline);
    this.slots.selection.hidden = !this.isSelected;
    this.root.classList.toggle("ce-selected", this.isSelected);
    this.views.update();
    for (const react of this.selectionListeners) react(this.selection.revision !== before);
  }

  private key(event: KeyboardEvent): void {
    // Calling off what an input method composes, or what another explorer has taken for itself, is no wish to leave.
    if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
    // seen from the document, what happens in a shadow root happens to its host
    const path = event.composedPath();
    const target = path[0] ?? null;
    const isInside = target instanceof Node && this.root.contains(target);
    const isPointedAt = this.map.isUnderPointer || this.root.matches(":hover");
    const isMeant = isInside || (isPointedAt && !isEditable(target) && !this.isOfAnother(path));
    if (isInside && (this.endTyping(target) || this.leaveTyped(target))) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const isDone = this.map.abortDrag() || (isMeant && (this.dismissers.some((each) => each()) || this.views.leave()));
    if (!isDone) return;
    event.preventDefault();
    event.stopPropagation();
  }
}

export function isEditable(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}
