/** The line above the list that says which cluster its first row is of, and leads to the next one. */

import { button, count, h, swatch } from "../dom";
import { groupAt } from "./protocol";
import type { Group } from "./protocol";

export interface GroupBarListeners {
  readonly onGo: (place: number) => void;
  readonly clusterName: (label: number) => string;
  readonly clusterColor: (label: number) => string;
}

export class GroupBar {
  readonly element: HTMLElement;
  private readonly listeners: GroupBarListeners;
  private readonly name = h("span", { class: "ce-group-name", dir: "auto" });
  private readonly size = h("span", { class: "ce-number" });
  private readonly place = h("span", { class: "ce-number ce-group-place" });
  private readonly before: HTMLButtonElement;
  private readonly after: HTMLButtonElement;
  private readonly color = h("span", {});
  private groups: readonly Group[] = [];
  private end = 0;
  private first = 0;

  constructor(listeners: GroupBarListeners) {
    this.listeners = listeners;
    this.before = button("ce-button ce-icon", "‹", "Cluster before", () => {
      this.go(-1);
    });
    this.after = button("ce-button ce-icon", "›", "Next cluster", () => {
      this.go(1);
    });
    const text = h("span", { class: "ce-group-text" }, this.color, this.name, this.size);
    this.element = h("div", { class: "ce-group-bar", hidden: true }, text, this.place, this.before, this.after);
  }

  update(groups: readonly Group[], end: number): void {
    this.groups = groups;
    this.end = end;
    this.element.hidden = groups.length < 2;
    this.show();
  }

  /** The first row in view is another one. */
  scrolled(first: number): void {
    if (first === this.first) return;
    this.first = first;
    this.show();
  }

  startsAt(place: number): boolean {
    return this.groups.length > 1 && groupAt(this.groups, place)?.group.start === place;
  }

  /** Go to the next group, or to the one before. */
  go(step: 1 | -1): void {
    const index = groupAt(this.groups, this.first)?.index ?? 0;
    const target = this.groups[Math.min(this.groups.length - 1, Math.max(0, index + step))];
    if (target) this.listeners.onGo(target.start);
  }

  show(): void {
    const now = groupAt(this.groups, this.first);
    if (!now) return;
    const { label, start } = now.group;
    const end = this.groups[now.index + 1]?.start ?? this.end;
    this.color.replaceChildren(swatch(this.listeners.clusterColor(label)));
    this.name.textContent = this.listeners.clusterName(label);
    this.size.textContent = count(end - start);
    this.place.textContent = `${count(now.index + 1)} / ${count(this.groups.length)}`;
    this.before.disabled = now.index === 0;
    this.after.disabled = now.index === this.groups.length - 1;
  }
}
