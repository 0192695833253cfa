import { beforeEach, describe, expect, it } from "vitest";

import widget from "../src/panel";
import { FakeModel, rowMessage } from "./fake_model";
import { connectedObservers, find, layOut, withPage } from "./page";

withPage();

const clusters = [
  { label: 0, name: "central bank, rates", color: "red", size: 700, x: 0, y: 0 },
  { label: 1, name: "", color: "green", size: 400, x: 5, y: 5 },
  { label: -1, name: "noise", color: "grey", size: 100 },
];
const hostile = `<img src=x onerror="window.hacked = true"><b>bold</b>&amp;`;
let model: FakeModel;

function open(): () => void {
  const el = document.createElement("div");
  document.body.append(el);
  const cleanup = widget.render({ model: model.asModel, el });
  layOut();
  return cleanup;
}

function select(count: number, revision = 1): void {
  const parts = [
    { label: 0, count: count - 1 },
    { label: -1, count: 1 },
  ];
  model.update({ selection: { revision, kind: "polygon", count, clusters: parts, outline: null } });
}

/** Answer all requests for pages that were not answered yet. */
function answerPages(text: (index: number) => string): void {
  for (const message of model.sent.splice(0)) {
    if (message.type !== "page") continue;
    const { start, stop } = message as { start: number; stop: number };
    const rows = Array.from({ length: stop - start }, (_, offset) => rowMessage(start + offset, text(start + offset)));
    model.reply({ ...message, rows });
  }
}

function press(key: string, target: EventTarget = find(".ce-panel")): void {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}

beforeEach(() => {
  model = new FakeModel();
  model.update({ clusters });
});

describe("while nothing is selected", () => {
  it("shows the clusters, and how many texts there are", () => {
    open();
    expect(find(".ce-summary").textContent).toBe("1,200 texts in 2 clusters");
    const names = [...document.querySelectorAll(".ce-cluster-name")].map((name) => name.textContent);
    expect(names).toEqual(["central bank, rates", "Cluster 1", "noise"]);
  });

  it("selects a cluster on a click, and adds it with Shift", () => {
    open();
    find("li:nth-child(2) .ce-cluster").click();
    expect(model.lastSent("select_cluster")).toEqual({ type: "select_cluster", label: 1, mode: "replace" });
    find(".ce-cluster").dispatchEvent(new MouseEvent("click", { shiftKey: true }));
    expect(model.lastSent("select_cluster")).toMatchObject({ label: 0, mode: "add" });
  });
});

describe("a selection", () => {
  it("is counted, told to screen readers, and read", () => {
    open();
    select(212);
    expect(find(".ce-summary").textContent).toBe("212 texts selected");
    expect(find("[aria-live]").textContent).toBe("212 texts selected");
    expect(find(".ce-row").getAttribute("aria-busy")).toBe("true");
    answerPages((index) => `text ${index}`);
    expect(find(".ce-row[data-index='3'] .ce-row-text").textContent).toBe("text 3");
    expect(find(".ce-row .ce-row-cluster").textContent).toBe("central bank, rates");
  });

  it("keeps its place when only colours and counts change, and fetches what is in view again", () => {
    open();
    select(212);
    answerPages(() => "before");
    find("[role=listbox]").dispatchEvent(new KeyboardEvent("keydown", { key: "PageDown", bubbles: true }));
    select(212);
    model.update({ colors_revision: 1 });
    expect(find(".ce-row .ce-row-text").textContent).toBe("before");
    answerPages(() => "after");
    expect(find(".ce-row .ce-row-text").textContent).toBe("after");
    expect(find("[role=listbox]").hasAttribute("aria-activedescendant")).toBe(true);
  });

  it("of nothing says so", () => {
    open();
    model.update({ selection: { revision: 1, kind: "polygon", count: 0, clusters: [], outline: null } });
    expect(find(".ce-texts .ce-hint").hidden).toBe(false);
    expect(find(".ce-summary").textContent).toBe("0 texts selected");
  });

  it("is cleared by the button and by Escape", () => {
    open();
    select(5);
    find(".ce-clear").click();
    press("Escape");
    expect(model.sent.filter((message) => message.type === "clear")).toHaveLength(2);
  });

  it("leaves Escape alone while someone types elsewhere", () => {
    open();
    select(5);
    const input = document.createElement("input");
    document.body.append(input);
    press("Escape", input);
    expect(model.sent.some((message) => message.type === "clear")).toBe(false);
  });
});

describe("one text", () => {
  const detail = {
    type: "detail",
    ...rowMessage(3, hostile),
    fields: [{ name: "source", value: "<i>Courier</i>" }],
    neighbors: [{ ...rowMessage(8, hostile), distance: 0.25 }],
    metric: "cosine",
  };

  it("opens from the list, in full, with its neighbours, which open in turn", () => {
    open();
    select(20);
    answerPages((index) => `text ${index}`);
    find(".ce-row[data-index='3']").click();
    expect(model.lastSent("inspect")).toEqual({ type: "inspect", row: 3 });
    expect(find(".ce-text").textContent).toBe("text 3");
    model.update({ inspected: 3 });
    model.reply(detail);
    expect(find(".ce-text").textContent).toBe(hostile);
    expect(find(".ce-neighbor .ce-number").textContent).toBe("0.250");
    find(".ce-neighbor").click();
    expect(model.lastSent("inspect")).toEqual({ type: "inspect", row: 8 });
  });

  it("closes with Escape first, and the selection only after that", () => {
    open();
    select(20);
    model.reply(detail);
    model.update({ inspected: 3 });
    expect(find(".ce-detail").hidden).toBe(false);
    press("Escape");
    expect(model.lastSent("inspect")).toEqual({ type: "inspect", row: -1 });
    expect(find(".ce-detail").hidden).toBe(true);
    expect(model.sent.some((message) => message.type === "clear")).toBe(false);
    press("Escape");
    expect(model.lastSent("clear")).toEqual({ type: "clear" });
  });

  it("that Python opened before this view was made is asked for", () => {
    model.update({ inspected: 3 });
    open();
    expect(model.lastSent("inspect")).toEqual({ type: "inspect", row: 3 });
    model.reply(detail);
    expect(find(".ce-text").textContent).toBe(hostile);
  });

  it("whose answer comes too late does not open again", () => {
    open();
    select(20);
    answerPages((index) => `text ${index}`);
    find(".ce-row[data-index='3']").click();
    find(".ce-detail button").click();
    model.reply(detail);
    expect(find(".ce-detail").hidden).toBe(true);
  });
});

describe("hostile texts", () => {
  it("are shown as they were written, everywhere", () => {
    model.update({ clusters: [{ ...clusters[0], name: hostile }], title: hostile, notice: hostile });
    open();
    select(20);
    answerPages(() => hostile);
    model.reply({ type: "error", message: hostile });
    model.update({ inspected: 3 });
    model.reply({
      type: "detail",
      ...rowMessage(3, hostile),
      fields: [{ name: hostile, value: hostile }],
      neighbors: [{ ...rowMessage(8, hostile), distance: 1 }],
    });
    expect(find(".ce-row-text").textContent).toBe(hostile);
    expect(find(".ce-chip-name").textContent).toBe(hostile);
    expect(find(".ce-fields dd").textContent).toBe(hostile);
    expect(document.querySelectorAll("img, b, script, i")).toHaveLength(0);
    expect("hacked" in window).toBe(false);
  });
});

describe("a view", () => {
  it("shows what failed until it is dismissed", () => {
    open();
    model.reply({ type: "error", message: "Milvus did not answer." });
    expect(find("[role=alert]").textContent).toContain("Milvus did not answer.");
    find("[role=alert] button").click();
    expect(find("[role=alert]").hidden).toBe(true);
  });

  it("that is closed leaves nothing behind", () => {
    const close = open();
    select(20);
    close();
    expect(model.listenerCount).toBe(0);
    expect(connectedObservers()).toBe(0);
    expect(document.querySelector(".ce-panel")).toBeNull();
    press("Escape", document.body);
    expect(model.sent.some((message) => message.type === "clear")).toBe(false);
  });

  it("beside another of the same widget shows the same, and answers reach both", () => {
    open();
    const closeSecond = open();
    select(20);
    answerPages((index) => `text ${index}`);
    expect(document.querySelectorAll(".ce-row[aria-busy=false][data-index='0']")).toHaveLength(2);
    const ids = [...document.querySelectorAll(".ce-row")].map((row) => row.id);
    expect(new Set(ids).size).toBe(ids.length);
    closeSecond();
    select(30, 2);
    expect(find(".ce-summary").textContent).toBe("30 texts selected");
  });
});
