/** Knowing when an element is in the page: a widget is rendered before it is put there. */

/** Call `react` once an element is in the page and has a size, and whenever that changes. */
export function whenAttached(element: Element, signal: AbortSignal, react: () => void): void {
  const attached = new ResizeObserver(() => {
    react();
  });
  attached.observe(element);
  signal.addEventListener("abort", () => {
    attached.disconnect();
  });
}
