import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { h } from "../src/dom";
import widget from "../src/panel";
import { FakeModel, arranged, rowMessage } from "./fake_model";
import { connectedObservers, find, layOut, until, withPage } from "./page";

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
  const selection = { revision, kind: "polygon", count, clusters: parts, outline: null };
  model.update({ selection, listing: arranged({ revision, count }) });
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

/** Python has heard the newest wish to open or close a text. */
function heard(): void {
  model.reply({ type: "inspected", request: model.lastSent("inspect").request });
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

  it("lists the clusters once when all that is said of them changes at once", () => {
    open();
    const drawn = vi.spyOn(find(".ce-table-body"), "replaceChildren");
    model.update({ clusters: clusters.slice(0, 2), n_rows: 1100, title: "news", n_components: 3 });
    expect(drawn).toHaveBeenCalledOnce();
    expect(find(".ce-summary").textContent).toBe("1,100 texts in 2 clusters");
    expect(find(".ce-title").textContent).toBe("news");
  });

  it("selects a cluster on a click, and adds it with Shift", () => {
    open();
    find(".ce-cluster:nth-child(2)").click();
    expect(model.lastSent("select_cluster")).toEqual({ type: "select_cluster", label: 1, mode: "replace" });
    find(".ce-cluster").dispatchEvent(new MouseEvent("click", { shiftKey: true, bubbles: true }));
    expect(model.lastSent("select_cluster")).toMatchObject({ label: 0, mode: "add" });
  });
});

describe("keys on a cluster", () => {
  it("are left to the browser when Ctrl is held", () => {
    open();
    const key = (init: KeyboardEventInit): boolean =>
      find(".ce-cluster").dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init }));
    expect(key({ key: "z", ctrlKey: true })).toBe(true);
    expect(model.sent.map((message) => message.type)).not.toContain("zoom_cluster");
    expect(key({ key: "z" })).toBe(false);
    expect(model.lastSent("zoom_cluster")).toMatchObject({ label: 0 });
    expect(key({ key: "Enter", altKey: true })).toBe(false);
    expect(model.lastSent("select_cluster")).toMatchObject({ label: 0, mode: "subtract" });
  });
});

/** Whether Lumino, which JupyterLab and Notebook 7 are built of, finds a shortcut's element for an event. */
function luminoMatches(event: Event, selector: string): boolean {
  for (let at = event.target as Element | null; at; at = at.parentElement) {
    if (at.hasAttribute("data-lm-suppress-shortcuts")) return false;
    if (at.matches(selector)) return true;
  }
  return false;
}

describe.each([
  ["JupyterLab, which listens behind the panel", false],
  ["Notebook 7, which listens before it", true],
])("shortcuts of %s", (_, capture) => {
  const cellKeys: string[] = [];
  const pageKeys: string[] = [];
  let listening: AbortController;

  beforeEach(() => {
    cellKeys.length = pageKeys.length = 0;
    listening = new AbortController();
    const hear = (event: KeyboardEvent): void => {
      if (luminoMatches(event, ".jp-Notebook :focus")) cellKeys.push(event.key);
      else if (luminoMatches(event, "body")) pageKeys.push(event.key);
    };
    document.addEventListener("keydown", hear, { capture, signal: listening.signal });
    const el = h("div", {});
    document.body.append(h("div", { class: "jp-Notebook" }, el));
    widget.render({ model: model.asModel, el });
    layOut();
    select(20);
  });

  afterEach(() => {
    listening.abort();
  });

  const type = (target: HTMLElement, key: string, more: KeyboardEventInit = {}): void => {
    target.focus();
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  };

  it.each(["[role=listbox]", ".ce-clear", ".ce-sort", ".ce-find", ".ce-ask-input"])(
    "are not typed in %s",
    (selector) => {
      for (const key of ["d", "d", "0", "ArrowDown", "Enter"]) type(find(selector), key);
      type(find(selector), "M", { shiftKey: true });
      type(find(selector), "Enter", { ctrlKey: true });
      expect(cellKeys).toEqual([]);
      expect(pageKeys).toEqual([]);
    },
  );

  it.each(["[role=listbox]", ".ce-sort", ".ce-find", ".ce-ask-input"])(
    "that save and open the palette work in %s, after any other key",
    (selector) => {
      type(find(".ce-texts"), "d");
      type(find(selector), "d");
      type(find(selector), "s", { ctrlKey: true });
      expect([...cellKeys, ...pageKeys]).toEqual(["s"]);
    },
  );

  it("work again beside the panel, and once it is closed", () => {
    const cell = h("div", { tabindex: 0 });
    find(".jp-Notebook").append(cell);
    type(find("[role=listbox]"), "d");
    type(cell, "b");
    expect(cellKeys).toEqual(["b"]);
  });
});

describe("in a shadow root, as in marimo", () => {
  it("a popover stays open when it is pressed, and closes when the rest is", () => {
    const host = document.createElement("div");
    document.body.append(host);
    const root = host.attachShadow({ mode: "open" });
    const el = document.createElement("div");
    root.append(el);
    widget.render({ model: model.asModel, el });
    const pressed = (selector: string): boolean =>
      find(selector, root).dispatchEvent(new Event("pointerdown", { bubbles: true, composed: true }));
    select(12);
    find(".ce-saved-button", root).click();
    pressed("[aria-label='Saved selections'] input");
    expect(find("[aria-label='Saved selections'].ce-popover", root).hidden).toBe(false);
    pressed(".ce-summary");
    expect(find("[aria-label='Saved selections'].ce-popover", root).hidden).toBe(true);
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

  it("of starred texts stays where it is when a star is taken away, and begins anew with other rows", () => {
    open();
    select(400);
    const starred = (revision: number, count: number, more: Record<string, unknown> = {}): void => {
      model.update({ listing: arranged({ revision, count, starred_only: true, ...more }) });
      answerPages((index) => `text ${index}`);
    };
    starred(2, 200);
    const list = find("[role=listbox]");
    for (let step = 0; step < 4; step++) press("PageDown", list);
    const active = list.getAttribute("aria-activedescendant");
    expect(active).toMatch(/-3\d$/u);
    starred(3, 199);
    expect(list.getAttribute("aria-activedescendant")).toBe(active);
    expect(document.querySelector(".ce-row[data-index='0']")).toBeNull();
    starred(4, 10);
    expect(list.getAttribute("aria-activedescendant")).toMatch(/-9$/u);
    starred(5, 200, { sort: "order" });
    expect(document.querySelector(".ce-row[data-index='0']")).not.toBeNull();
    expect(list.hasAttribute("aria-activedescendant")).toBe(false);
  });

  it("whose texts could not be read asks for them once more, and then offers to", () => {
    vi.useFakeTimers();
    open();
    select(12);
    const failed = (): void => {
      model.reply({ type: "error", request: model.lastSent("page").request, of: "page", message: "Gone." });
    };
    const asked = (): number => model.sent.filter(({ type }) => type === "page").length;
    failed();
    expect(asked()).toBe(1);
    vi.advanceTimersByTime(3_000);
    expect(asked()).toBe(2);
    expect(find(".ce-failure").hidden).toBe(true);
    failed();
    vi.advanceTimersByTime(60_000);
    expect(asked()).toBe(2);
    expect(find(".ce-failure").hidden).toBe(false);
    find(".ce-failure button").click();
    expect(asked()).toBe(3);
    answerPages((index) => `text ${index}`);
    expect(find(".ce-failure").hidden).toBe(true);
    expect(find(".ce-row-text").textContent).toBe("text 0");
    vi.useRealTimers();
  });

  it("of nothing says so", () => {
    open();
    const selection = { revision: 1, kind: "polygon", count: 0, clusters: [], outline: null };
    model.update({ selection, listing: arranged({ revision: 1, count: 0 }) });
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

describe("the keyboard", () => {
  const clear = (): void => {
    const selection = { revision: 9, kind: "none", count: 0, clusters: [], outline: null };
    model.update({ selection, listing: arranged({ revision: 9, count: 0 }) });
  };
  const focusIsIn = (selector: string): boolean => document.activeElement?.closest(selector) !== null;

  it("goes from a cluster to its texts at once on Enter, and back to the clusters on Escape", () => {
    open();
    const row = find(".ce-cluster");
    row.focus();
    press("Enter", row);
    select(20);
    expect(find(".ce-overview").hidden).toBe(true);
    expect(document.activeElement).toBe(find("[role=listbox]"));
    press("Escape", find("[role=listbox]"));
    clear();
    expect(focusIsIn(".ce-cluster")).toBe(true);
  });

  it("is in no list that is hidden: it waits for the texts, and leaves a list that becomes empty", () => {
    open();
    find(".ce-cluster").focus();
    const focused: boolean[] = [];
    find(".ce-panel").addEventListener("focusin", ({ target }) => {
      focused.push(target instanceof Element && target.closest("[hidden]") === null);
    });
    select(20);
    expect(document.activeElement).toBe(find("[role=listbox]"));
    model.update({ listing: arranged({ revision: 2, count: 0, starred_only: true }) });
    expect(document.activeElement).toBe(find(".ce-texts"));
    expect(focused).not.toContain(false);
  });

  it("waits for a second click after a click on a cluster, and follows then", () => {
    vi.useFakeTimers();
    open();
    find(".ce-cluster").focus();
    find(".ce-cluster").click();
    select(20);
    expect(find(".ce-overview").hidden).toBe(false);
    vi.advanceTimersByTime(400);
    vi.useRealTimers();
    expect(document.activeElement).toBe(find("[role=listbox]"));
  });

  it("goes to the clusters when the selection is cleared by its button, which goes", () => {
    open();
    select(20);
    find(".ce-clear").focus();
    find(".ce-clear").click();
    clear();
    expect(focusIsIn(".ce-cluster")).toBe(true);
  });

  it("stays on the chip of a cluster when chips are made anew, and goes to the texts when it has gone", () => {
    open();
    select(20);
    find(".ce-chip").focus();
    select(30, 2);
    expect(document.activeElement).toBe(find(".ce-chip"));
    model.update({ clusters: [...clusters] });
    expect(document.activeElement).toBe(find(".ce-chip"));
    const selection = { revision: 3, kind: "polygon", count: 1, clusters: [{ label: 1, count: 1 }], outline: null };
    model.update({ selection, listing: arranged({ revision: 3, count: 1 }) });
    expect(document.activeElement).toBe(find("[role=listbox]"));
  });

  it("is not taken by a text that is opened elsewhere, except from what that text covers", () => {
    open();
    select(20);
    const box = find(".ce-ask-input");
    box.focus();
    model.update({ inspected: 3 });
    expect(document.activeElement).toBe(box);
    model.update({ inspected: -1 });
    find("[role=listbox]").focus();
    model.update({ inspected: 4 });
    expect(document.activeElement).toBe(find(".ce-detail"));
  });
});

describe("Escape", () => {
  const cleared = (): number => model.sent.filter(({ type }) => type === "clear").length;

  it("that calls off what an input method composes does nothing else", () => {
    open();
    select(20);
    const box = find(".ce-toolbar .ce-find") as HTMLInputElement;
    box.value = "한";
    const composing = { key: "Escape", isComposing: true, bubbles: true, cancelable: true };
    box.dispatchEvent(new KeyboardEvent("keydown", composing));
    expect(box.value).toBe("한");
    expect(cleared()).toBe(0);
  });

  it.each([".ce-ask-input", ".ce-filter-expression"])("leaves what is typed in %s at first", (selector) => {
    open();
    select(20);
    const box = find(selector) as HTMLInputElement;
    box.value = "a long question";
    box.focus();
    press("Escape", box);
    expect(cleared()).toBe(0);
    expect(box.value).toBe("a long question");
    expect(document.activeElement).toBe(find("[role=listbox]"));
    press("Escape", find("[role=listbox]"));
    expect(cleared()).toBe(1);
  });

  it("is of the explorer that has the keyboard, and of the one that is pointed at where none has it", () => {
    open();
    const other = new FakeModel();
    const el = h("div", {});
    document.body.append(el);
    widget.render({ model: other.asModel, el });
    const selection = { revision: 1, kind: "polygon", count: 1, clusters: [], outline: null };
    for (const each of [model, other]) each.update({ selection, listing: arranged({ revision: 1, count: 1 }) });
    const [first, second] = document.querySelectorAll<HTMLElement>(".ce-panel");
    if (!first || !second) throw new Error("There should be two panels");
    // the pointer is over the first one
    const matches = first.matches.bind(first);
    vi.spyOn(first, "matches").mockImplementation((selector) => selector === ":hover" || matches(selector));
    press("Escape", find("[role=listbox]", second));
    expect([cleared(), other.sent.filter(({ type }) => type === "clear").length]).toEqual([0, 1]);
    press("Escape", document.body);
    expect([cleared(), other.sent.filter(({ type }) => type === "clear").length]).toEqual([1, 1]);
  });
});

describe("the whole page, where the browser does not lend its screen", () => {
  const isFull = (): boolean => document.querySelector(".ce-full-screen") !== null;

  it("is given back on Escape, wherever that is pressed, after what hangs over it", () => {
    open();
    select(20);
    find(".ce-full-button").click();
    expect(isFull()).toBe(true);
    press("?");
    press("Escape");
    expect(find("[aria-label='Keyboard and mouse'].ce-popover").hidden).toBe(true);
    expect(isFull()).toBe(true);
    press("Escape");
    expect(isFull()).toBe(false);
    find(".ce-full-button").click();
    press("Escape", document.body);
    expect(isFull()).toBe(false);
    expect(model.sent.some((message) => message.type === "clear")).toBe(false);
  });
});

describe("words typed into the box above the list", () => {
  const box = (): HTMLInputElement => find(".ce-toolbar .ce-find") as HTMLInputElement;
  const typed = (text: string): void => {
    box().focus();
    box().value = text;
    box().dispatchEvent(new Event("input"));
  };
  const answer = (query: string, more: Record<string, unknown> = {}): void => {
    model.update({ listing: arranged({ revision: 5, count: 3, query, terms: [query], ...more }) });
  };

  beforeEach(() => {
    open();
    select(20);
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it.each(["ArrowDown", "Tab"])("are looked for when the box is left by %s, whatever is answered meanwhile", (key) => {
    typed("str");
    vi.advanceTimersByTime(200);
    typed("strike");
    press(key, box());
    if (key === "Tab") find(".ce-sort").focus();
    expect(document.activeElement).not.toBe(box());
    answer("str");
    expect(box().value).toBe("strike");
    vi.advanceTimersByTime(200);
    expect(model.sent.filter(({ type }) => type === "arrange").map(({ query }) => query)).toEqual(["str", "strike"]);
    answer("strike");
    expect(box().value).toBe("strike");
  });

  it("do not undo, nor are undone by, what else was asked for before the answer came", () => {
    typed("strike");
    vi.advanceTimersByTime(200);
    find(".ce-toolbar [aria-pressed][title^='Keep']").click();
    answer("strike", { grouped: true });
    const sort = find(".ce-sort") as HTMLSelectElement;
    sort.value = "order";
    sort.dispatchEvent(new Event("change"));
    expect(model.lastSent("arrange")).toMatchObject({ query: "strike", grouped: false, sort: "order" });
  });

  it("are not asked for again with the next wish when Python has refused them", () => {
    typed("strike");
    vi.advanceTimersByTime(200);
    model.reply({ type: "error", request: null, of: "arrange", message: "The texts cannot be read." });
    find(".ce-toolbar [aria-pressed][title^='Keep']").click();
    expect(model.lastSent("arrange")).toMatchObject({ query: "", grouped: false });
  });

  it("follow Python again when it cannot list the texts as was wished, and its answer is lost", () => {
    typed("strike");
    vi.advanceTimersByTime(200);
    find(".ce-sort").focus();
    vi.advanceTimersByTime(20_000);
    answer("");
    expect(box().value).toBe("");
  });
});

describe("copying a text of the list", () => {
  const writeText = vi.fn<(text: string) => Promise<void>>(() => Promise.resolve());

  /** Copy the first text of a list that shows it like this. */
  function copyFirst(text: string): void {
    writeText.mockClear();
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    open();
    select(20);
    answerPages(() => text);
    const list = find("[role=listbox]");
    press("Home", list);
    list.dispatchEvent(new KeyboardEvent("keydown", { key: "c", ctrlKey: true, bubbles: true, cancelable: true }));
  }

  it("copies at once what is there whole", () => {
    copyFirst("a short text");
    expect(writeText).toHaveBeenCalledWith("a short text");
  });

  it("asks for the whole text where the list shows a part of it", async () => {
    copyFirst("a part of a text…");
    expect(writeText).not.toHaveBeenCalled();
    const { request, row } = model.lastSent("copy");
    expect(row).toBe(0);
    model.reply({ type: "copied", request, text: "a part of a text, and the rest", n_copied: 1, n_listed: 1 });
    expect(writeText).toHaveBeenCalledWith("a part of a text, and the rest");
    await until(() => {
      expect(find(".ce-toast").textContent).toBe("1 text copied");
    });
  });
});

describe("one text", () => {
  it("marks the words that texts were found by, in the list and in the text that is open", () => {
    const far = `${"word ".repeat(40)}Harbour ${"word ".repeat(40)}`;
    open();
    select(2, 2);
    model.update({ listing: arranged({ revision: 2, count: 2, marks: ["harbour"] }) });
    const { request } = model.lastSent("page") as { request: number };
    model.reply({ type: "page", request, revision: 2, start: 0, rows: [rowMessage(3, far)] });
    const row = find(".ce-row-text");
    expect(row.textContent).toMatch(/^….{0,40}Harbour/u);
    expect(find(".ce-mark", row).textContent).toBe("Harbour");
    find(".ce-row").click();
    model.reply({ ...detail, text: `The HARBOUR\nis closed. ${far}` });
    const marks = [...find(".ce-detail .ce-text").querySelectorAll("mark")];
    expect(marks.map((mark) => mark.textContent)).toEqual(["HARBOUR", "Harbour"]);
    model.update({ listing: arranged({ revision: 3, count: 1 }) });
    expect(find(".ce-detail .ce-text").querySelectorAll("mark")).toHaveLength(0);
  });

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
    expect(model.lastSent("inspect")).toMatchObject({ type: "inspect", row: 3 });
    heard();
    expect(find(".ce-text").textContent).toBe("text 3");
    model.update({ inspected: 3 });
    model.reply(detail);
    expect(find(".ce-text").textContent).toBe(hostile);
    expect(find(".ce-neighbor .ce-number").textContent).toBe("0.250");
    find(".ce-neighbor").click();
    expect(model.lastSent("inspect")).toMatchObject({ type: "inspect", row: 8 });
  });

  it("stays where it is being read when its colours, cluster or neighbours change", () => {
    open();
    select(20);
    model.reply(detail);
    model.update({ inspected: 3 });
    const text = find(".ce-text");
    find(".ce-neighbor").focus();
    const other = { ...rowMessage(9, "nearer"), distance: 0.1 };
    model.reply({ ...detail, label: 1, neighbors: [other, ...detail.neighbors] });
    expect(find(".ce-text")).toBe(text);
    expect(find(".ce-facts-cluster").textContent).toBe("Cluster 1");
    expect([...document.querySelectorAll(".ce-neighbor")]).toHaveLength(2);
    expect((document.activeElement as HTMLElement).dataset.row).toBe("8");
    model.reply({ ...detail, neighbors: [] });
    expect(document.activeElement).toBe(find(".ce-detail"));
    expect(document.querySelectorAll(".ce-neighbor, .ce-detail .ce-loading")).toHaveLength(0);
    model.reply({ ...detail, text: "another one by now" });
    expect(find(".ce-text").textContent).toBe("another one by now");
  });

  it("closes with Escape first, and the selection only after that", () => {
    open();
    select(20);
    model.reply(detail);
    model.update({ inspected: 3 });
    expect(find(".ce-detail").hidden).toBe(false);
    press("Escape");
    expect(model.lastSent("inspect")).toMatchObject({ type: "inspect", row: -1 });
    expect(find(".ce-detail").hidden).toBe(true);
    expect(model.sent.some((message) => message.type === "clear")).toBe(false);
    press("Escape");
    expect(model.lastSent("clear")).toEqual({ type: "clear" });
  });

  it("that Python opened before this view was made is asked for", () => {
    model.update({ inspected: 3 });
    open();
    expect(model.lastSent("detail")).toEqual({ type: "detail", row: 3 });
    model.reply(detail);
    expect(find(".ce-text").textContent).toBe(hostile);
  });

  it("that was closed before Python said that it is open stays closed, and is not asked for again", () => {
    open();
    select(20);
    answerPages((index) => `text ${index}`);
    find(".ce-row[data-index='3']").click();
    press("Escape");
    const [opening, closing] = model.sent.filter((message) => message.type === "inspect");
    model.sent.length = 0;
    model.update({ inspected: 3 });
    model.reply({ type: "inspected", request: opening?.request });
    expect(find(".ce-detail").hidden).toBe(true);
    expect(model.sent).toEqual([]);
    model.update({ inspected: -1 });
    model.reply({ type: "inspected", request: closing?.request });
    model.update({ inspected: 8 });
    expect(model.lastSent("detail")).toEqual({ type: "detail", row: 8 });
  });

  it("stays open while Python still says what it was told before, however long that takes", () => {
    vi.useFakeTimers();
    open();
    select(20);
    answerPages((index) => `text ${index}`);
    find(".ce-row[data-index='3']").click();
    model.update({ inspected: 3 });
    heard();
    press("Escape");
    find(".ce-row[data-index='5']").click();
    vi.advanceTimersByTime(60_000);
    model.update({ inspected: -1 });
    expect(find(".ce-text").textContent).toBe("text 5");
    model.update({ inspected: 5 });
    heard();
    expect(find(".ce-text").textContent).toBe("text 5");
    vi.useRealTimers();
  });

  it("that Python refuses to open is closed again", () => {
    open();
    select(20);
    answerPages((index) => `text ${index}`);
    find(".ce-row[data-index='3']").click();
    model.reply({ type: "error", request: model.lastSent("inspect").request, message: "It has gone." });
    expect(find(".ce-detail").hidden).toBe(true);
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

describe("what the list is sorted by", () => {
  it("shows how far the reading of a field is, and stops it", () => {
    open();
    select(3);
    const progress = find(".ce-toolbar .ce-progress-line");
    expect(progress.hidden).toBe(true);
    const listing = arranged({ revision: 1, count: 3, sort: "field:price", fields: ["price"], awaited: true });
    model.update({ listing, metadata_reading: { state: "reading", fraction: 0.5, problem: "" } });
    expect(progress.hidden).toBe(false);
    expect(progress.querySelector("progress")?.value).toBe(0.5);
    progress.querySelector("button")?.click();
    expect(model.lastSent("cancel_metadata")).toEqual({ type: "cancel_metadata" });
    model.update({ listing: { ...listing, awaited: false } });
    expect(progress.hidden).toBe(true);
  });

  it("is not offered where it cannot be: distances to vectors that stay in Milvus, lists", () => {
    open();
    select(3);
    const impossible = ["distance", "field:tags"];
    model.update({ listing: arranged({ revision: 1, count: 3, fields: ["price", "tags"], impossible }) });
    const menu = find(".ce-sort") as HTMLSelectElement;
    const disabled = [...menu.options].filter((option) => option.disabled).map(({ value }) => value);
    expect(disabled).toEqual(impossible);
  });
});

describe("the controls' sliders", () => {
  const handle = (): HTMLElement => h("div", { role: "slider", tabindex: 0 });
  const slider = (name: string): HTMLElement =>
    h("div", { class: "widget-slider" }, h("label", { class: "widget-label" }, name), handle());
  const names = (): (string | null)[] =>
    [...document.querySelectorAll(".ce-controls [role=slider]")].map((one) => one.getAttribute("aria-label"));

  it("have names and keep their keys, whether they are drawn before the panel, after it or anew", async () => {
    const [controls, side] = [h("div", { class: "ce-controls" }, slider("min_dist")), h("div", {})];
    document.body.append(h("div", { class: "ce-root" }, controls, side));
    const cleanup = widget.render({ model: model.asModel, el: side });
    layOut();
    await until(() => {
      expect(names()).toEqual(["min_dist"]);
    });
    controls.append(slider("resolution"));
    await until(() => {
      expect(names()).toEqual(["min_dist", "resolution"]);
    });
    find("[role=slider]", controls).replaceWith(handle());
    await until(() => {
      expect(names()).toEqual(["min_dist", "resolution"]);
    });
    expect(document.querySelectorAll("[role=slider][data-lm-suppress-shortcuts=true]")).toHaveLength(2);
    cleanup();
  });
});
