/** The parameter landscape: its peaks are buttons, which keep the keyboard while sizes are chosen. */

import { beforeEach, describe, expect, it } from "vitest";

import widget from "../src/landscape/landscape";
import { FakeModel } from "./fake_model";
import { find, withPage } from "./page";

withPage();

const curves = {
  sizes: [5, 10, 20, 40],
  n_clusters: [9, 5, 3, 1],
  noise: [0.3, 0.2, 0.1, 0],
  persistence: [0.1, 0.9, 0.2, 0.7],
  peaks: [10, 40],
};
let model: FakeModel;
let close: () => void;

beforeEach(() => {
  model = new FakeModel();
  model.update({ curves, min_cluster_size: 10 });
  close = widget.render({ model: model.asModel, el: document.body });
});

function pressed(): string[] {
  return [...document.querySelectorAll(".ce-landscape-peak")].map((peak) => peak.getAttribute("aria-pressed") ?? "");
}

describe("the parameter landscape", () => {
  it("keeps the keyboard on a peak that is chosen, also when other curves come of it", () => {
    const peak = find(".ce-landscape-peak:last-child");
    peak.focus();
    peak.click();
    expect(model.lastSent("choose")).toEqual({ type: "choose", min_cluster_size: 40 });
    model.update({ min_cluster_size: 40 });
    expect(document.activeElement).toBe(peak);
    expect(pressed()).toEqual(["false", "true"]);
    model.update({ curves: { ...curves, persistence: [0.1, 0.8, 0.2, 0.7] } });
    expect(document.activeElement).toBe(find(".ce-landscape-peak:last-child"));
    expect(pressed()).toEqual(["false", "true"]);
  });

  it("says that it counts leaf clusters, and that a click selects leaves", () => {
    const caption = find(".ce-landscape-caption");
    expect(caption.textContent).toContain("leaf clusters");
    expect(find(".ce-landscape-plot").title).toContain("cluster_selection_method becomes leaf");
    const peak = find(".ce-landscape-peak");
    expect(peak.getAttribute("aria-label")).toBe(
      "Peak at size 10: 5 leaf clusters, 20% noise; a click selects these leaves",
    );
    peak.dispatchEvent(new Event("pointerenter"));
    expect(caption.textContent).toBe("size 10: 5 leaf clusters, 20% noise");
    find(".ce-landscape-peak:last-child").dispatchEvent(new Event("pointerenter"));
    expect(caption.textContent).toBe("size 40: 1 leaf cluster, 0% noise");
  });

  it("tells those who listen nothing of where the pointer is, and leaves nothing behind", () => {
    expect(document.querySelector("[role=status], [aria-live]")).toBeNull();
    close();
    expect(document.body.childElementCount).toBe(0);
    expect(model.listenerCount).toBe(0);
  });
});
