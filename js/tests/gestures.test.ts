import { beforeEach, describe, expect, it, vi } from "vitest";

import { Gestures } from "../src/gestures";
import type { Drawing, Release, Tool } from "../src/lasso";
import { planar } from "../src/projection";
import { FakePointerEvent, withPage } from "./page";

withPage();

const projection = planar({ range: [0, 1], _offset: 0, _length: 600 }, { range: [0, 1], _offset: 0, _length: 600 });
const onDrawing = vi.fn<(drawing: Drawing | null) => void>();
const onRelease = vi.fn<(release: Release, touch: boolean) => void>();
const plotlyPressed = vi.fn();
let tool: Tool | null;
let controller: AbortController;
let gestures: Gestures;
let dragLayer: HTMLElement;

beforeEach(() => {
  vi.clearAllMocks();
  tool = "lasso";
  controller = new AbortController();
  const plot = document.createElement("div");
  dragLayer = document.createElement("div");
  dragLayer.className = "nsewdrag";
  // As plotly.js listens: on the drag layer itself, for mouse and for touch.
  dragLayer.onmousedown = plotlyPressed;
  dragLayer.addEventListener("touchstart", plotlyPressed);
  plot.append(dragLayer);
  document.body.append(plot);
  gestures = new Gestures(
    plot,
    { tool: () => tool, projection: () => projection, onPress: vi.fn(), onDrawing, onRelease },
    controller.signal,
  );
});

function pointer(type: string, clientX: number, clientY: number, more: PointerEventInit = {}): void {
  const init = { bubbles: true, cancelable: true, button: 0, pointerId: 1, isPrimary: true, pointerType: "mouse" };
  dragLayer.dispatchEvent(new FakePointerEvent(type, { ...init, clientX, clientY, ...more }));
}

function pressMouse(): void {
  dragLayer.dispatchEvent(new MouseEvent("mousedown", { bubbles: true, cancelable: true, button: 0 }));
}

function drag(): void {
  pointer("pointerdown", 10, 10);
  pressMouse();
  pointer("pointermove", 90, 10);
  pointer("pointermove", 90, 90);
  pointer("pointermove", 10, 90);
}

describe("in lasso mode", () => {
  it("a drag is ours: plotly never starts its own selection", () => {
    drag();
    pointer("pointerup", 10, 90);
    expect(plotlyPressed).not.toHaveBeenCalled();
    expect(onRelease).toHaveBeenCalledOnce();
    expect(onRelease.mock.lastCall?.[0]).toMatchObject({ kind: "outline", mode: "replace" });
  });

  it("is drawn while it lasts, and gone after", () => {
    drag();
    expect(onDrawing.mock.lastCall?.[0]?.outline.length).toBe(4);
    pointer("pointerup", 10, 90);
    expect(onDrawing).toHaveBeenLastCalledWith(null);
  });

  it("can be aborted, and says whether there was anything to abort", () => {
    expect(gestures.abort()).toBe(false);
    drag();
    expect(gestures.abort()).toBe(true);
    pointer("pointerup", 10, 90);
    expect(onRelease).not.toHaveBeenCalled();
  });

  it("works with a finger, and a second finger ends it", () => {
    pointer("pointerdown", 10, 10, { pointerType: "touch" });
    dragLayer.dispatchEvent(new Event("touchstart", { bubbles: true, cancelable: true }));
    pointer("pointermove", 90, 10, { pointerType: "touch" });
    expect(plotlyPressed).not.toHaveBeenCalled();
    pointer("pointerdown", 50, 50, { pointerType: "touch", pointerId: 2, isPrimary: false });
    pointer("pointerup", 90, 10, { pointerType: "touch" });
    expect(onRelease).not.toHaveBeenCalled();
  });

  it("leaves the other mouse buttons to plotly", () => {
    pointer("pointerdown", 10, 10, { button: 2 });
    dragLayer.dispatchEvent(new MouseEvent("mousedown", { bubbles: true, button: 2 }));
    expect(plotlyPressed).toHaveBeenCalledOnce();
  });
});

it("in the other modes a drag is plotly's", () => {
  tool = null;
  drag();
  pointer("pointerup", 10, 90);
  expect(plotlyPressed).toHaveBeenCalledOnce();
  expect(onDrawing).not.toHaveBeenCalled();
  expect(onRelease).not.toHaveBeenCalled();
});

it("after the view is gone a drag is plotly's", () => {
  controller.abort();
  drag();
  expect(plotlyPressed).toHaveBeenCalledOnce();
  expect(onRelease).not.toHaveBeenCalled();
});
