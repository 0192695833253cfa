import { beforeEach, describe, expect, it, vi } from "vitest";

import { summary } from "../src/finding/ask_box";
import { shown } from "../src/finding/format";
import { Legend } from "../src/finding/legend";
import type { LegendListeners } from "../src/finding/legend";
import { parseColoring, parseFilter } from "../src/finding/protocol";
import { RangeSlider } from "../src/finding/range_slider";
import widget from "../src/panel";
import { FakeModel } from "./fake_model";
import { find, layOut, until, withPage } from "./page";

withPage();

const hostile = `<img src=x onerror="window.hacked = true">`;
const section = {
  name: hostile,
  kind: "categories",
  categories: [
    { place: 0, name: hostile, count: 7, on: true },
    { place: 1, name: "chess", count: 3, on: true },
    { place: -1, name: "", count: 1, on: true },
  ],
  others: 0,
  chosen: null,
};
const published = { name: "published", kind: "dates", low: 0, high: 864_000, from: 0, to: 864_000 };
const filtering = { expression: "", outside: "grey", rows: 11, kept: null, fields: [section, published] };
const coloring = {
  wanted: "cluster",
  by: "cluster",
  kind: "clusters",
  choices: [
    { value: "cluster", label: "cluster" },
    { value: `field:${hostile}`, label: hostile },
    { value: "field:summary", label: "summary", usable: false },
  ],
  legend: [],
  low: null,
  high: null,
  colors: [],
};
const asked = { can_embed: true, doing: "", fraction: 0, problem: "", hits: null };
let model: FakeModel;

function open(): void {
  const el = document.createElement("div");
  document.body.append(el);
  widget.render({ model: model.asModel, el });
  layOut();
}

function submit(selector: string, text: string): void {
  const input = find(`${selector} input`) as HTMLInputElement;
  input.value = text;
  input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
}

function unfold(index: number): void {
  const field = document.querySelectorAll<HTMLDetailsElement>(".ce-filter-field")[index];
  if (field) field.open = true;
  field?.dispatchEvent(new Event("toggle"));
}

function checks(): HTMLInputElement[] {
  return [...document.querySelectorAll<HTMLInputElement>(".ce-filter-row input")];
}

beforeEach(() => {
  model = new FakeModel();
  model.update({ finding: asked, filtering, coloring });
});

describe("the ask box", () => {
  it("asks by meaning, or by words when that is chosen", () => {
    open();
    submit(".ce-ask", " harbour strike ");
    expect(model.lastSent("ask")).toEqual({ type: "ask", question: "harbour strike", by: "meaning" });
    (find(".ce-ask-way") as HTMLSelectElement).value = "words";
    submit(".ce-ask", "harbour");
    expect(model.lastSent("ask")).toMatchObject({ by: "words" });
  });

  it("says that there is no embedding function, and offers words", () => {
    model.update({ finding: { ...asked, can_embed: false } });
    open();
    expect(find(".ce-ask-hint").textContent).toContain("Without an embedding function");
    submit(".ce-ask", "harbour");
    expect(model.lastSent("ask")).toMatchObject({ by: "words" });
  });

  it("shows what is being done, and stops it", () => {
    open();
    model.update({ finding: { ...asked, doing: "Looking for words", fraction: 0.4 } });
    expect(find(".ce-ask-line").textContent).toBe("Looking for words … 40 %Cancel");
    find(".ce-ask-line button").click();
    expect(model.lastSent("stop_asking")).toEqual({ type: "stop_asking" });
    model.update({ finding: { ...asked, problem: hostile } });
    expect(find(".ce-ask-line").textContent).toBe(hostile);
    expect(document.querySelector("img")).toBeNull();
  });

  it("sums up what was found, and what the scores are", () => {
    const best = [0.8123, 0.5].map((score, row) => ({ row, at: { x: 0, y: 0, z: 0 }, score, color: "red" }));
    const hits = { kind: "meaning", question: "strike", scoreName: "cosine similarity", count: 2, found: 2, best };
    expect(summary(hits)).toBe("2 nearest to “strike” · cosine similarity 0.812 to 0.500");
    expect(summary({ ...hits, kind: "words", found: 40 })).toContain("2 of 40 with “strike”");
    expect(summary({ ...hits, kind: "words", count: 0, best: [] })).toBe("No text holds “strike”.");
  });
});

describe("the filter", () => {
  it("applies an expression, and reads no field unasked", () => {
    open();
    expect(find(".ce-filter").hidden).toBe(true);
    find(".ce-filter-toggle").click();
    expect(model.sent).toEqual([]);
    submit(".ce-filter-form", 'section == "sport"');
    expect(model.lastSent("filter_expression")).toMatchObject({ expression: 'section == "sport"' });
  });

  it("takes the keyboard when it is opened, once it is there to take it", () => {
    open();
    const focused: boolean[] = [];
    vi.spyOn(HTMLElement.prototype, "focus").mockImplementation(function (this: HTMLElement) {
      if (this.matches(".ce-filter-expression")) focused.push(this.closest("[hidden]") === null);
    });
    find(".ce-filter-toggle").click();
    expect(focused).toEqual([true]);
  });

  it("reads a field when it is unfolded, shows how far it is, and stops", () => {
    const unread = { name: "author", kind: "unread" };
    const other = { name: "tags", kind: "unread" };
    model.update({ filtering: { ...filtering, fields: [unread, other] } });
    open();
    find(".ce-filter-toggle").click();
    unfold(0);
    expect(model.sent.filter(({ type }) => type === "want_field")).toEqual([{ type: "want_field", field: "author" }]);
    model.update({
      filtering: { ...filtering, fields: [unread, other], reading: ["author"] },
      metadata_reading: { state: "reading", fraction: 0.25, problem: "" },
    });
    const [progress, idle] = [...document.querySelectorAll<HTMLElement>(".ce-filter .ce-progress-line")];
    expect([progress?.hidden, idle?.hidden]).toEqual([false, true]);
    expect(progress?.querySelector("progress")?.value).toBe(0.25);
    progress?.querySelector("button")?.click();
    expect(model.lastSent("cancel_metadata")).toEqual({ type: "cancel_metadata" });
    model.update({ filtering: { ...filtering, fields: [{ ...section, name: "author" }, other] } });
    expect(checks().length).toBe(3);
    // after a refresh, what is being looked at is read again
    model.update({ filtering: { ...filtering, fields: [unread, other] } });
    expect(model.sent.filter(({ type }) => type === "want_field").length).toBe(2);
  });

  it("leaves the ticked categories, by their places; hostile names are names", () => {
    open();
    find(".ce-filter-toggle").click();
    expect(checks().map((box) => box.checked)).toEqual([true, true, true]);
    checks()[1]?.click();
    expect(model.lastSent("filter_tick")).toEqual({ type: "filter_tick", field: hostile, place: 1, on: false });
    find(".ce-filter-row:nth-child(2) .ce-only").click();
    expect(model.lastSent("filter_places")).toMatchObject({ places: [1] });
    find(".ce-filter-row:nth-child(3) .ce-only").click();
    expect(model.lastSent("filter_places")).toMatchObject({ places: [-1] });
    expect(find(".ce-filter-row:nth-child(3) .ce-filter-value").textContent).toBe("no value");
    expect(document.querySelector("img")).toBeNull();
  });

  it("counts what is left, also when it is closed, and clears", () => {
    open();
    const categories = section.categories.map((each) => ({ ...each, on: each.place === 1 }));
    const narrowed = { ...section, categories, chosen: 1 };
    model.update({ filtering: { ...filtering, kept: 3, fields: [narrowed, published] } });
    expect(find(".ce-filter-left").textContent).toBe("3 of 11 texts left");
    expect(checks().map((box) => box.checked)).toEqual([false, true, false]);
    find(".ce-filter-line button").click();
    expect(model.lastSent("clear_filter")).toEqual({ type: "clear_filter" });
  });

  it("brings a field into sight when it is unfolded, and when its values have come", () => {
    const seen: HTMLElement[] = [];
    vi.spyOn(HTMLElement.prototype, "scrollIntoView").mockImplementation(function (this: HTMLElement) {
      seen.push(this);
    });
    model.update({ filtering: { ...filtering, fields: [{ name: "author", kind: "unread" }, published] } });
    open();
    find(".ce-filter-toggle").click();
    find(".ce-filter-field summary").focus();
    unfold(0);
    model.update({ filtering: { ...filtering, fields: [{ ...section, name: "author" }, published] } });
    const body = find(".ce-filter-field-body");
    expect(seen).toEqual([body, body]);
  });

  it("keeps the keyboard when its button to clear it goes", () => {
    open();
    const clear = find(".ce-filter-line button");
    for (const isOpen of [true, false]) {
      model.update({ filtering: { ...filtering, kept: 3 } });
      find(".ce-filter-toggle").click();
      clear.focus();
      model.update({ filtering });
      expect(document.activeElement).toBe(find(isOpen ? ".ce-filter-expression" : ".ce-filter-toggle"));
    }
  });

  it("finds the values that are too many to list, and ticks them", async () => {
    const many = { ...section, others: 1_400 };
    model.update({ filtering: { ...filtering, fields: [many] } });
    open();
    find(".ce-filter-toggle").click();
    const input = find(".ce-filter-find") as HTMLInputElement;
    input.value = "Lee";
    input.dispatchEvent(new Event("input"));
    await until(() => {
      expect(model.lastSent("find_values")).toEqual({ type: "find_values", field: hostile, text: "Lee" });
    });
    const values = (text: string, on: boolean): object => ({
      type: "values",
      field: hostile,
      text,
      categories: [{ place: 977, name: "Ann Lee", count: 1, on }],
      others: 0,
    });
    model.reply(values("Le", true));
    expect(checks().length).toBe(3);
    model.reply(values("Lee", true));
    expect(checks().map((box) => box.checked)).toEqual([true]);
    const asked = (): number => model.sent.filter(({ type }) => type === "find_values").length;
    for (const fraction of [0.1, 0.2, 0.3]) {
      model.update({ metadata_reading: { state: "reading", fraction, problem: "" } });
    }
    expect(asked()).toBe(1);
    const [box] = checks();
    box?.focus();
    box?.click();
    expect(model.lastSent("filter_tick")).toMatchObject({ place: 977, on: false });
    model.update({ filtering: { ...filtering, kept: 10, fields: [{ ...many, chosen: 1_402 }] } });
    expect(asked()).toBe(2);
    model.reply(values("Lee", false));
    expect(checks()).toEqual([box]);
    expect(box?.checked).toBe(false);
  });

  it("keeps what is typed while other parts of the filter change", () => {
    open();
    find(".ce-filter-toggle").click();
    const input = find(".ce-filter-expression") as HTMLInputElement;
    input.value = "half of an expr";
    model.update({ filtering: { ...filtering, kept: 3 } });
    expect(input.value).toBe("half of an expr");
  });
});

describe("the legend", () => {
  let told: LegendListeners;

  function legend(changes: Record<string, unknown>): HTMLElement {
    const listeners = {
      onColorBy: vi.fn(),
      onStopReading: vi.fn(),
      onSelect: vi.fn(),
      onIsolate: vi.fn(),
      onRange: vi.fn(),
    };
    told = listeners;
    const made = new Legend(listeners, new AbortController().signal);
    made.show(parseColoring({ ...coloring, ...changes }), parseFilter(filtering).fields, 0.5);
    document.body.append(made.element);
    return made.element;
  }

  it("offers what can be coloured by, and wishes for it", () => {
    const select = find("select", legend({})) as HTMLSelectElement;
    expect([...select.options].map((option) => [option.text, option.disabled])).toEqual([
      ["cluster", false],
      [hostile, false],
      ["summary", true],
    ]);
    select.value = `field:${hostile}`;
    select.dispatchEvent(new Event("change"));
    expect(told.onColorBy).toHaveBeenCalledWith(`field:${hostile}`);
  });

  it("can be folded away from the points beneath it, and back", () => {
    const element = legend({ legend: [{ code: 1, name: "sport", color: "red", count: 7 }] });
    const isSeen = (selector: string): boolean => find(selector, element).closest("[hidden]") === null;
    const fold = find(".ce-legend-fold", element);
    expect([isSeen("select"), isSeen(".ce-legend-entry"), fold.getAttribute("aria-expanded")]).toEqual([
      true,
      true,
      "true",
    ]);
    fold.click();
    expect([isSeen("select"), isSeen(".ce-legend-entry"), isSeen(".ce-legend-fold")]).toEqual([false, false, true]);
    fold.click();
    expect(isSeen("select")).toBe(true);
  });

  it("selects a colour on a click, adds it with Shift, and looks at it alone", () => {
    const entries = [
      { code: 1, name: hostile, color: "red", count: 7 },
      { code: 0, name: "no value", color: "grey", count: 1 },
    ];
    const element = legend({ by: "section", kind: "categories", legend: entries });
    find(".ce-legend-entry", element).dispatchEvent(new MouseEvent("click", { shiftKey: true }));
    expect(told.onSelect).toHaveBeenCalledWith(1, "add");
    find(".ce-only", element).click();
    expect(told.onIsolate).toHaveBeenCalledWith(1);
    find("li:last-child .ce-only", element).click();
    expect(told.onIsolate).toHaveBeenCalledWith(0);
    expect(document.querySelector("img")).toBeNull();
  });

  it("shows how far the reading of its field is, and stops it; that of others is none of its business", () => {
    const waiting = legend({ wanted: "field:section" });
    expect(find(".ce-progress-line", waiting).hidden).toBe(false);
    find(".ce-progress-line button", waiting).click();
    expect(told.onStopReading).toHaveBeenCalled();
    expect(find(".ce-progress-line", legend({ wanted: "trust" })).hidden).toBe(true);
    expect(find(".ce-progress-line", legend({})).hidden).toBe(true);
  });

  it("leaves a thumb where it was moved to until that was told, whatever Python says of before", () => {
    vi.useFakeTimers();
    const onRange = vi.fn();
    const slider = new RangeSlider(onRange, new AbortController().signal);
    const range = { name: "year", kind: "numbers", low: 0, high: 400, from: 0, to: 400 };
    slider.show(range);
    const first = find(".ce-range-least", slider.element) as HTMLInputElement;
    for (const value of ["10", "20"]) {
      first.value = value;
      first.dispatchEvent(new Event("input"));
      slider.show({ ...range, from: 5 });
      expect(first.value).toBe(value);
    }
    vi.advanceTimersByTime(200);
    expect(onRange.mock.calls).toEqual([[20, 400]]);
    slider.show({ ...range, from: 30 });
    expect(first.value).toBe("30");
    vi.useRealTimers();
  });

  it("lets the first thumb be taken hold of where both are at the right end, and the last one at the left", () => {
    const slider = new RangeSlider(vi.fn(), new AbortController().signal);
    const range = { name: "year", kind: "numbers", low: 0, high: 400 };
    const onTop = (from: number, to: number): boolean => {
      slider.show({ ...range, from, to });
      return find(".ce-range-least", slider.element).style.zIndex !== "";
    };
    expect([onTop(400, 400), onTop(0, 0), onTop(0, 400)]).toEqual([true, false, false]);
  });

  it("narrows dates by a slider whose ends are exact", async () => {
    const dates = { wanted: "field:published", by: "published", kind: "dates", low: 0, high: 864_000 };
    const element = legend({ ...dates, colors: ["blue", "yellow"] });
    expect(find(".ce-legend-ends", element).textContent).toBe("1970-01-011970-01-11");
    const first = find(".ce-range-least", element) as HTMLInputElement;
    first.value = "100";
    first.dispatchEvent(new Event("input"));
    await until(() => {
      expect(told.onRange).toHaveBeenCalledWith("published", 216_000, 864_000);
    });
  });
});

it("shows numbers and dates as people read them", () => {
  expect(shown(1234.5678, "numbers", 1)).toBe("1,235");
  expect(shown(86_400 * 365, "dates", 1e7)).toBe("1971-01-01");
  expect(shown(3_600, "dates", 7_200)).toBe("1970-01-01 01:00");
});
