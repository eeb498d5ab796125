/** Bundles the extension, or with `--test` the unit tests, into out/. */

import { readdirSync } from "node:fs";
import { build } from "esbuild";

const common = {
  bundle: true,
  platform: "node",
  target: "node20",
  sourcemap: "linked",
  logLevel: "warning",
};

if (process.argv.includes("--test")) {
  await build({
    ...common,
    entryPoints: readdirSync("test").map((name) => `test/${name}`),
    outdir: "out/test",
    format: "esm",
    outExtension: { ".js": ".mjs" },
  });
} else {
  // Each is read when it is needed: the second one not before the server is started.
  for (const [from, name] of [
    ["src/extension.ts", "extension"],
    ["src/server/library.ts", "library"],
  ]) {
    await build({
      ...common,
      entryPoints: [from],
      outfile: `out/${name}.js`,
      external: ["vscode", "./library"],
      format: "cjs",
      // As `require`, which needs no ending and is what VS Code's own loader knows.
      supported: { "dynamic-import": false },
      minify: true,
    });
  }
}
