/** The page that `save_html` writes: map, lasso, texts and word search, from data embedded in it and nothing else. */

import type { AnyModel } from "@anywidget/types";

import panel from "../panel";
import { fields } from "../parse";
import type { PlotElement } from "../plotly";
import { rowOf } from "../plotly";
import { Rows } from "./rows";
import { StaticModel } from "./static_model";
import { wordSearch } from "./word_search";

interface Plotly {
  newPlot(element: HTMLElement, data: unknown, layout: unknown, config: unknown): Promise<unknown>;
  relayout(element: HTMLElement, update: unknown): Promise<unknown>;
  restyle(element: HTMLElement, update: unknown, traces: number[]): Promise<unknown>;
}

declare const Plotly: Plotly;

// Plotly's own button to share a chart would upload it.
const CONFIG = { displaylogo: false, scrollZoom: true, responsive: true, showSendToCloud: false };

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no element ${id}`);
  return found;
}

async function open(): Promise<void> {
  const embedded = fields(JSON.parse(element("ce-data").textContent));
  const rows = new Rows(fields(embedded.rows));
  const figure = fields(embedded.figure);
  const map = element("ce-map") as PlotElement;
  await Plotly.newPlot(map, figure.data, { ...fields(figure.layout), height: undefined, autosize: true }, CONFIG);
  const model = new StaticModel(rows, fields(embedded.traits), {
    onSelected: (selected) => {
      if (rows.dims === 2) void Plotly.restyle(map, { selectedpoints: [placesOf(map, selected)] }, [0]);
    },
    onLook: ({ x, y }) => {
      void Plotly.relayout(map, { "xaxis.range": [...x], "yaxis.range": [...y] });
    },
  });
  const side = element("ce-side");
  // above the box of the panel, which fills what is left
  (side.parentElement ?? side).before(
    wordSearch(rows, (found) => {
      if (found === null) model.send({ type: "clear" });
      else model.selectFound(found);
    }),
  );
  panel.render({ model: model as unknown as AnyModel, el: side });
}

/** Where rows are in the trace; null when none is selected, so that all are drawn alike. */
function placesOf(map: PlotElement, selected: readonly number[]): number[] | null {
  if (selected.length === 0) return null;
  const custom = map._fullData?.[0]?.customdata;
  if (!custom) return [...selected];
  const wanted = new Set(selected);
  return [...Array(custom.length).keys()].filter((place) => {
    const row = rowOf({ pointNumber: place, customdata: custom[place] });
    return row !== null && wanted.has(row);
  });
}

open().catch((error: unknown) => {
  element("ce-side").textContent = `This page could not be opened: ${String(error)}`;
});
