/** Copying, also where a page that is not served securely has no clipboard of its own. */

import { focusedNear } from "./shadow";

/** Copy a text; whether that was allowed. */
export async function copyText(text: string, host: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text, host);
  }
}

function copyBySelection(text: string, host: HTMLElement): boolean {
  const before = focusedNear(host);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "ce-visually-hidden";
  host.append(area);
  area.select();
  // Deprecated, and the only way there is without a secure context.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const isDone = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  return isDone;
}
