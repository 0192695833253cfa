/** Lighting up on the map what is pointed at in the panel. */

import type { Row } from "./protocol";

/** Tell of a row while its element is pointed at or has the keyboard. */
export function pointing<T extends Row>(element: HTMLElement, row: T, onPoint: (row: T | null) => void): void {
  for (const event of ["pointerenter", "focus"]) {
    element.addEventListener(event, () => {
      onPoint(row);
    });
  }
  for (const event of ["pointerleave", "blur"]) {
    element.addEventListener(event, () => {
      onPoint(null);
    });
  }
}
