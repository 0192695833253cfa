import { beforeEach, describe, expect, it, vi } from "vitest";

import { VirtualList } from "../src/virtual_list";
import { find, frame, layOut, withPage } from "./page";

withPage();

const opened = vi.fn<(index: number) => void>();
const pointed = vi.fn<(index: number | null) => void>();
const ranged = vi.fn<(start: number, stop: number, direction: 1 | -1) => void>();

function open(count: number): VirtualList {
  const list = new VirtualList(
    {
      label: "Selected texts",
      renderRow: (element, index) => {
        element.textContent = `row ${index}`;
      },
      onRange: ranged,
      onOpen: opened,
      onPoint: pointed,
    },
    new AbortController().signal,
  );
  document.body.append(list.element);
  layOut();
  list.reset(count);
  return list;
}

function press(key: string): void {
  find("[role=listbox]").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}

function shown(): number[] {
  return [...document.querySelectorAll<HTMLElement>("[role=option]")].map((row) => Number(row.dataset.index));
}

/** The row that the keyboard is on, as assistive technology finds it. */
function active(): HTMLElement {
  const id = find("[role=listbox]").getAttribute("aria-activedescendant") ?? "none";
  const row = document.getElementById(id);
  if (!row) throw new Error(`The active row ${id} is not in the page`);
  return row;
}

beforeEach(() => {
  vi.clearAllMocks();
});

describe("a list of a million rows", () => {
  it("puts only those in view into the page", () => {
    open(1_000_000);
    expect(shown().length).toBeLessThan(30);
    expect(shown()).toContain(0);
    expect(ranged).toHaveBeenLastCalledWith(0, 10, 1);
  });

  it("goes to its very last row, says which of how many it is, and back", () => {
    open(1_000_000);
    press("End");
    expect(active().textContent).toBe("row 999999");
    expect(active().getAttribute("aria-posinset")).toBe("1000000");
    expect(active().getAttribute("aria-setsize")).toBe("1000000");
    expect(ranged.mock.lastCall?.[1]).toBe(1_000_000);
    press("Home");
    expect(active().textContent).toBe("row 0");
  });

  it("follows the scroll bar and names the position", async () => {
    open(1_000_000);
    const box = find("[role=listbox]");
    box.scrollTop = parseFloat(find(".ce-list-spacer").style.height) / 2;
    box.dispatchEvent(new Event("scroll"));
    await frame();
    expect(Math.abs((shown()[0] ?? 0) - 500_000)).toBeLessThan(100);
    expect(find(".ce-indicator").textContent).toMatch(/^row (499|500),\d{3} of 1,000,000$/);
  });
});

describe("the keyboard", () => {
  it("names no row that has left the page, and names it again when it is back", async () => {
    open(1000);
    press("ArrowDown");
    const box = find("[role=listbox]");
    const scroll = async (top: number): Promise<void> => {
      box.scrollTop = top;
      box.dispatchEvent(new Event("scroll"));
      await frame();
    };
    await scroll(30_000);
    expect(box.hasAttribute("aria-activedescendant")).toBe(false);
    await scroll(0);
    expect(active().textContent).toBe("row 0");
  });

  it("moves row by row and page by page, and stops at the ends", () => {
    open(100);
    press("ArrowDown");
    expect(active().textContent).toBe("row 0");
    press("ArrowDown");
    press("ArrowDown");
    expect(active().textContent).toBe("row 2");
    press("PageDown");
    expect(active().textContent).toBe("row 11");
    press("PageUp");
    press("ArrowUp");
    press("ArrowUp");
    press("ArrowUp");
    press("ArrowUp");
    expect(active().textContent).toBe("row 0");
  });

  it("opens the row it is on", () => {
    open(100);
    press("End");
    press("Enter");
    expect(opened).toHaveBeenCalledExactlyOnceWith(99, true);
  });

  it("lights up the row it is on while the list has the focus", () => {
    open(100).focusQuietly();
    press("ArrowDown");
    expect(pointed).toHaveBeenLastCalledWith(0);
    find("[role=listbox]").blur();
    expect(pointed).toHaveBeenLastCalledWith(null);
  });
});

describe("the pointer", () => {
  it("lights up and opens the row under it", () => {
    open(100);
    const row = find("[role=option][data-index='4']");
    row.dispatchEvent(new Event("pointerover", { bubbles: true }));
    expect(pointed).toHaveBeenLastCalledWith(4);
    row.click();
    expect(opened).toHaveBeenCalledExactlyOnceWith(4, false);
  });
});

it("forgets everything when another selection comes", () => {
  const list = open(1_000_000);
  press("End");
  list.reset(3);
  expect(shown()).toEqual([0, 1, 2]);
  expect(find("[role=listbox]").hasAttribute("aria-activedescendant")).toBe(false);
  expect(find("[role=option]").getAttribute("aria-setsize")).toBe("3");
});
