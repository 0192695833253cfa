// Bundles src/ into ../src/cluster_explorer/static/. The result depends on the sources and the pinned esbuild alone, so that
// the checks can rebuild it and compare bytes with what is committed. Another folder may be named: `node build.mjs <outdir>`.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));

const bundle = (entryPoints, options = {}) =>
  build({
    absWorkingDir: here,
    entryPoints,
    outdir: process.argv[2] ?? "../src/cluster_explorer/static",
    bundle: true,
    target: "es2022",
    minify: true,
    charset: "utf8",
    legalComments: "none",
    ...options,
  });

await bundle({ panel: "src/panel.ts", landscape: "src/landscape/landscape.ts" }, { format: "esm" });
await bundle({ panel: "src/styles.css", landscape: "src/landscape/landscape.css" });
// The page without a kernel: one classic script, since a module would not load from a file.
await bundle({ page: "src/static_page/page.ts" }, { format: "iife" });
await bundle({ page: "src/static_page/page.css" });
