/** Finding: the ask box and the filter above the views, the legend and the lit hits on the map. */

import type { Context } from "../context";
import { button } from "../dom";
import { AskBox } from "../finding/ask_box";
import { FilterBar } from "../finding/filter_bar";
import { score } from "../finding/format";
import { Legend } from "../finding/legend";
import { parseColoring, parseFilter, parseFinding, parseValues } from "../finding/protocol";
import { parseReading } from "../understand/protocol";

/** Scores written on the map; more would hide it. */
const SCORES = 10;

export function addFinding(context: Context): void {
  const { link, signal } = context;
  let isFilterOpen = false;
  const isShown = (): boolean => context.selection.kind === "hits";

  const askBox = new AskBox({
    onAsk: (question, by) => {
      context.send({ type: "ask", question, by });
    },
    onStop: () => {
      context.send({ type: "stop_asking" });
    },
    onToggleFilter: () => {
      isFilterOpen = !isFilterOpen;
      filterBar.setOpen(isFilterOpen);
      showFilter();
      // what is hidden cannot have the keyboard
      if (isFilterOpen) filterBar.focus();
    },
  });
  const onRange = (field: string, low: number, high: number): void => {
    context.send({ type: "filter_range", field, low, high });
  };
  const onStopReading = (): void => {
    context.send({ type: "cancel_metadata" });
  };
  const filterBar = new FilterBar(
    {
      onExpression: (expression) => {
        context.send({ type: "filter_expression", expression });
      },
      onWant: (field) => {
        context.send({ type: "want_field", field });
      },
      onStopReading,
      onTick: (field, place, on) => {
        context.send({ type: "filter_tick", field, place, on });
      },
      onFind: (field, text) => {
        context.send({ type: "find_values", field, text });
      },
      onPlaces: (field, places) => {
        context.send({ type: "filter_places", field, places });
      },
      onRange,
      onOutside: (outside) => {
        context.send({ type: "filter_outside", outside });
      },
      onClear: () => {
        context.send({ type: "clear_filter" });
      },
      onLoseFocus: () => {
        askBox.focusFilter();
      },
    },
    signal,
  );
  const legend = new Legend(
    {
      onColorBy: (by) => {
        context.send({ type: "color_by", by });
      },
      onStopReading,
      onSelect: (code, mode) => {
        context.send({ type: "select_color", code, mode });
      },
      onIsolate: (code) => {
        context.send({ type: "isolate_color", code });
      },
      onRange,
    },
    signal,
  );
  const moreLike = button(
    "ce-button ce-small",
    "More like these",
    "Find the texts nearest to the selected ones",
    () => {
      context.send({ type: "more_like" });
    },
  );
  filterBar.setOpen(false);
  context.slots.top.append(askBox.element, filterBar.element);
  context.slots.selection.append(moreLike);
  context.map.attach(legend.element);

  const showFinding = (): void => {
    const finding = parseFinding(link.read("finding"));
    askBox.show(finding, isShown());
    const best = isShown() ? (finding.hits?.best ?? []) : [];
    context.light(
      "hits",
      best.map(({ at, color, score: value }, place) => ({
        at,
        color,
        role: "hit" as const,
        ...(place < SCORES && { text: score(value) }),
      })),
    );
  };
  // Parsed once for each change of its own: what is the same object asks Python for nothing again.
  let filter = parseFilter(link.read("filtering"));
  const showFilter = (): void => {
    const { fraction } = parseReading(link.read("metadata_reading"));
    filterBar.show(filter, fraction);
    askBox.setFilterOpen(isFilterOpen, filter.kept !== null);
    legend.show(parseColoring(link.read("coloring")), filter.fields, fraction);
  };
  context.onSelection(showFinding);
  link.onChange(["finding"], showFinding);
  link.onChange(["filtering"], () => {
    filter = parseFilter(link.read("filtering"));
    showFilter();
  });
  link.onChange(["coloring", "metadata_reading"], showFilter);
  link.on("values", parseValues, (values) => {
    filterBar.receive(values);
  });
  showFinding();
  showFilter();
}
