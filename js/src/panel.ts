/** The panel: puts its features together and mounts them. Each feature has a module of its own in `features/`. */

import type { RenderProps } from "@anywidget/types";

import { Context } from "./context";
import { addFinding } from "./features/finding";
import { addFullScreen } from "./features/full_screen";
import { addHead } from "./features/head";
import { addHelp } from "./features/help";
import { addOverview } from "./features/overview";
import { Reading } from "./features/reading";
import { addSaved } from "./features/saved";
import { addSliders } from "./features/sliders";
import { Understand } from "./features/understand";
import { Link } from "./link";

function render({ model, el }: Pick<RenderProps, "model" | "el">): () => void {
  const controller = new AbortController();
  const { signal } = controller;
  const context = new Context(new Link(model, signal), signal);
  addHead(context);
  context.root.append(context.slots.top);
  addFinding(context);
  addSaved(context);
  addHelp(context);
  // after what hangs from buttons, so that Escape closes that first
  addFullScreen(context);
  addSliders(context);
  addOverview(context);
  const reading = new Reading(context);
  const understand = new Understand(context);
  context.root.append(context.views.element);
  mount(context, el);
  context.follow();
  reading.follow();
  understand.follow();
  return () => {
    controller.abort();
  };
}

function mount({ root, signal }: Context, host: HTMLElement): void {
  host.classList.add("ce-panel-host");
  host.append(root);
  signal.addEventListener("abort", () => {
    root.remove();
    host.classList.remove("ce-panel-host");
  });
}

export default { render };
