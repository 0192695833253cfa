/** All clusters, while nothing is selected. */

import type { Context } from "../context";
import { DOUBLE_CLICK } from "../dom";
import { Overview } from "../overview";
import { RANK } from "../views";

export function addOverview(context: Context): void {
  const overview = new Overview({
    onCluster: (label, mode, isClick) => {
      // a second click may follow, and mean the same cluster, not what would stand in its place by then
      if (isClick) context.views.hold(DOUBLE_CLICK);
      context.selectCluster(label, mode);
    },
    onZoom: (label) => {
      context.send({ type: "zoom_cluster", label });
    },
    onRename: (label, name) => {
      context.send({ type: "rename_cluster", label, name });
    },
    onPointCluster: (label) => {
      context.map.setEmphasis(label);
    },
  });
  overview.element.prepend(context.slots.overview);
  const view = {
    element: overview.element,
    isWanted: () => true,
    focus: () => {
      overview.focus();
    },
  };
  context.views.add(view, RANK.clusters);
  context.onClusters(() => {
    overview.update(context.clusters, context.link.nRows, context.link.nComponents);
  });
}
