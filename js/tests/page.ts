/** Stands in for what jsdom lacks: layout, pointer capture and drawing. */

import { afterEach, beforeEach, vi } from "vitest";

const observers = new Set<{ run: () => void }>();

class FakeResizeObserver {
  private readonly callback: ResizeObserverCallback;
  private readonly entry = {
    run: (): void => {
      this.callback([], this);
    },
  };

  constructor(callback: ResizeObserverCallback) {
    this.callback = callback;
  }

  observe(): void {
    observers.add(this.entry);
  }

  unobserve(): void {
    observers.delete(this.entry);
  }

  disconnect(): void {
    observers.delete(this.entry);
  }
}

/** A mouse event that knows which pointer it is of; jsdom under vitest has none. */
export class FakePointerEvent extends MouseEvent {
  readonly pointerId: number;
  readonly pointerType: string;
  readonly isPrimary: boolean;

  constructor(type: string, init: PointerEventInit) {
    super(type, init);
    this.pointerId = init.pointerId ?? 1;
    this.pointerType = init.pointerType ?? "mouse";
    this.isPrimary = init.isPrimary ?? true;
  }
}

/** Number of resize observers that are still connected. */
export function connectedObservers(): number {
  return observers.size;
}

/** Let all resize observers report, as a browser does once an element has a size. */
export function layOut(): void {
  for (const observer of [...observers]) observer.run();
}

/** Use in a test file: every element is 600 pixels tall and wide, rows are 60 pixels tall. */
export function withPage(): void {
  beforeEach(() => {
    vi.stubGlobal("ResizeObserver", FakeResizeObserver);
    const rowHeight = function (this: HTMLElement): number {
      return this.classList.contains("ce-row") ? 60 : 600;
    };
    for (const name of ["clientHeight", "clientWidth", "offsetHeight", "offsetWidth"] as const) {
      vi.spyOn(HTMLElement.prototype, name, "get").mockImplementation(rowHeight);
    }
    vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
    Object.assign(HTMLElement.prototype, {
      setPointerCapture: () => undefined,
      releasePointerCapture: () => undefined,
      hasPointerCapture: () => false,
      scrollIntoView: () => undefined,
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    observers.clear();
    document.body.replaceChildren();
  });
}

/** The one element that matches. */
export function find(selector: string, root: ParentNode = document): HTMLElement {
  const element = root.querySelector<HTMLElement>(selector);
  if (!element) throw new Error(`Nothing matches ${selector}`);
  return element;
}

/** Wait until the animation frames that were asked for have run. */
export async function frame(): Promise<void> {
  await new Promise((resolve) => requestAnimationFrame(resolve));
  await new Promise((resolve) => requestAnimationFrame(resolve));
}

/** Wait until nothing is thrown, as long as a busy machine may need. */
export async function until(holds: () => void): Promise<void> {
  await vi.waitFor(holds, { timeout: 30_000 });
}
