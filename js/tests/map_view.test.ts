/** Clicks on the map, with a plot that is drawn as plotly.js draws one. */

import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { h } from "../src/dom";
import widget from "../src/panel";
import { FakeModel, arranged, rowMessage } from "./fake_model";
import { FakePointerEvent, find, layOut, withPage } from "./page";

withPage();

let model: FakeModel;
const zoomedOut = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  zoomedOut.mockClear();
  model = new FakeModel();
  const axis = { range: [0, 600], _offset: 0, _length: 600 };
  const reset = h("a", { class: "modebar-btn", "data-attr": "zoom", "data-val": "reset" });
  reset.addEventListener("click", zoomedOut);
  const plot = Object.assign(h("div", { class: "js-plotly-plot" }, h("div", { class: "nsewdrag" }), reset), {
    _fullLayout: { width: 600, height: 600, dragmode: "lasso", xaxis: axis, yaxis: axis },
    on: () => undefined,
  });
  const el = h("div", {});
  document.body.append(h("div", { class: "ce-root" }, plot, el));
  widget.render({ model: model.asModel, el });
  layOut();
  const selection = { revision: 1, kind: "polygon", count: 5, clusters: [], outline: null };
  model.update({ selection, listing: arranged({ revision: 1, count: 5 }) });
});

afterEach(() => {
  vi.useRealTimers();
});

function clickGround(): void {
  for (const type of ["pointerdown", "pointerup"]) {
    const at = { clientX: 50, clientY: 50, button: 0, isPrimary: true, bubbles: true, cancelable: true };
    find(".nsewdrag").dispatchEvent(new FakePointerEvent(type, at));
  }
}

function cleared(): number {
  return model.sent.filter(({ type }) => type === "clear").length;
}

it("a click on empty ground clears the selection, once it is no double click", () => {
  clickGround();
  vi.advanceTimersByTime(1_000);
  expect([cleared(), zoomedOut.mock.calls.length]).toEqual([1, 0]);
});

it("a double click on empty ground shows all of the map, and leaves the selection as it is", () => {
  clickGround();
  vi.advanceTimersByTime(150);
  clickGround();
  vi.advanceTimersByTime(1_000);
  expect([cleared(), zoomedOut.mock.calls.length]).toEqual([0, 1]);
});

it("a click on empty ground closes the text that is open, and after that clears the selection", () => {
  model.update({ inspected: 3 });
  model.reply({ type: "detail", ...rowMessage(3, "text"), fields: [], neighbors: [], metric: "" });
  clickGround();
  vi.advanceTimersByTime(400);
  expect(model.lastSent("inspect")).toMatchObject({ row: -1 });
  expect(cleared()).toBe(0);
  clickGround();
  vi.advanceTimersByTime(400);
  expect(cleared()).toBe(1);
});

it("a click on empty ground leaves what is read about the selection, and near-duplicates, alone", () => {
  const about = [...document.querySelectorAll("button")].find((each) => each.textContent === "What sets these apart");
  about?.click();
  expect(find("[aria-label='About the selection']").hidden).toBe(false);
  clickGround();
  vi.advanceTimersByTime(400);
  expect(find("[aria-label='About the selection']").hidden).toBe(false);
  expect(cleared()).toBe(0);
});
