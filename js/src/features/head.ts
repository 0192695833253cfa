/** The head of the panel, and the lines of notices below it. */

import type { Context } from "../context";
import { counted } from "../dom";
import { Header } from "../header";
import { Notices } from "../notices";

export function addHead(context: Context): void {
  const { link } = context;
  const notices = new Notices();
  const header = new Header(
    {
      onCluster: (label, mode) => {
        context.selectCluster(label, mode);
      },
      onPointCluster: (label) => {
        context.map.setEmphasis(label);
      },
      onClear: () => {
        context.send({ type: "clear" });
      },
      onLoseFocus: () => {
        context.views.focus();
      },
    },
    context.slots.actions,
  );
  context.root.append(header.element, notices.element);
  const update = (): void => {
    const { title, nRows } = link;
    header.update({ title, nRows, clusters: context.clusters, selection: context.selection });
  };
  context.onClusters(update);
  context.onSelection((isOther) => {
    update();
    const { selection } = context;
    if (isOther)
      context.announce(context.isSelected ? `${counted(selection.count, "text")} selected` : "Selection cleared");
  });
  const readNotice = (): void => {
    notices.setNotice(link.notice);
  };
  link.onChange(["notice"], readNotice);
  readNotice();
  link.onMessage((message) => {
    if (message.type === "error") notices.showProblem(message.message);
  });
  context.onDismiss(() => notices.dismissProblem());
}
