/** Typing a cluster's name in its place. */

import { clusterName } from "../protocol";
import type { Cluster } from "../protocol";

const LONGEST = 200;

/** Put a box for the name into a cell; `onDone` gets what was typed, or null when that was called off. */
export function editName(cell: HTMLElement, cluster: Cluster, onDone: (name: string | null) => void): void {
  const input = document.createElement("input");
  input.className = "ce-name-input";
  input.maxLength = LONGEST;
  input.dir = "auto";
  input.value = cluster.name;
  input.placeholder = "Keywords again";
  input.setAttribute("aria-label", `New name of ${clusterName(cluster, cluster.label)}`);
  let isDone = false;
  const finish = (name: string | null): void => {
    if (isDone) return;
    isDone = true;
    onDone(name === cluster.name ? null : name);
  };
  input.addEventListener("keydown", (event) => {
    // While a character is being composed, Enter and Escape belong to the input method.
    if (event.isComposing || event.key !== "Enter") return;
    // The row that it is in takes Enter for choosing the cluster.
    event.stopPropagation();
    finish(input.value);
  });
  input.addEventListener("ce-dismiss", (event) => {
    event.preventDefault();
    finish(null);
  });
  input.addEventListener("blur", () => {
    finish(input.value);
  });
  cell.replaceChildren(input);
  input.focus();
  input.select();
}
