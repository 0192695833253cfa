// Opens the built panel beside a plot of generated rows. Options in the address: n, clusters, dims, theme, narrow, delay.
/* global Plotly */
import widget from "../../src/cluster_explorer/static/panel.js";
import { makeRows } from "./data.mjs";
import { FakeModel } from "./fake_model.mjs";

const options = new URLSearchParams(location.search);
const number = (name, otherwise) => Number(options.get(name) ?? otherwise);
const dark = options.get("theme") === "dark";
document.documentElement.classList.toggle("dark", dark);

const rows = makeRows({ n: number("n", 1200), clusters: number("clusters", 24), dims: number("dims", 2) });
const model = new FakeModel(rows, { delay: number("delay", 2) });
const plot = document.getElementById("plot");
const panel = document.getElementById("panel");
if (options.has("narrow")) document.querySelector(".ce-main").classList.add("narrow");

const axis = { visible: false, zeroline: false };
const layout = {
  margin: { l: 0, r: 0, t: 0, b: 0 },
  dragmode: rows.dims === 3 ? "turntable" : "lasso",
  paper_bgcolor: dark ? "#111" : "#fff",
  plot_bgcolor: dark ? "#111" : "#fff",
  xaxis: axis,
  yaxis: axis,
  scene: { xaxis: axis, yaxis: axis, zaxis: axis },
  showlegend: false,
  hovermode: "closest",
};
const marker = {
  size: rows.n > 20_000 ? 3 : rows.dims === 3 ? 2.5 : 5,
  opacity: 0.75,
  color: Array.from(rows.labels, (label) => label + 1),
  cmin: 0,
  cmax: rows.clusters.length - 1,
  colorscale: ["#9aa0a6", ...rows.clusters.slice(0, -1).map((cluster) => hex(cluster.color))].map((color, i, every) => [
    i / (every.length - 1),
    color,
  ]),
};

function hex(color) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = color;
  return context.fillStyle;
}

const trace = { type: rows.dims === 3 ? "scatter3d" : "scattergl", mode: "markers", hoverinfo: "none", marker };
Object.assign(trace, { x: rows.x, y: rows.y, ...(rows.dims === 3 && { z: rows.z }) });
window.plotlySelected = 0;
const drawn = Plotly.newPlot(plot, [trace], layout, { scrollZoom: true, responsive: true, displaylogo: false }).then(
  () => {
    plot.on("plotly_selected", () => window.plotlySelected++);
  },
);
const cleanup = widget.render({ model, el: panel });
await drawn;
Object.assign(window, { model, rows, plot, panel, cleanup, widget, ready: true });
document.dispatchEvent(new CustomEvent("plotlywidget-after-render", { detail: { element: plot } }));
