// Bundles src/ into ../src/cluster_explorer/static/. The result depends on the sources and the pinned esbuild alone, so that
// the checks can rebuild it and compare bytes with what is committed. Another folder may be named: `node build.mjs <outdir>`.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));

await build({
  absWorkingDir: here,
  entryPoints: { panel: "src/panel.ts" },
  outdir: process.argv[2] ?? "../src/cluster_explorer/static",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
});

await build({
  absWorkingDir: here,
  entryPoints: { panel: "src/styles.css" },
  outdir: process.argv[2] ?? "../src/cluster_explorer/static",
  bundle: true,
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
});
