/** Measures how long the extension host, which all extensions share, stands still. */

const { writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { monitorEventLoopDelay } = require("node:perf_hooks");
const vscode = require("vscode");

const RESOLUTION_MS = 5;

exports.activate = (context) => {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  context.subscriptions.push(
    vscode.commands.registerCommand("agentls.probe.begin", () => {
      delay.reset();
      delay.enable();
    }),
    vscode.commands.registerCommand("agentls.probe.end", () => {
      delay.disable();
      const longest = Math.max(0, delay.max / 1e6 - RESOLUTION_MS).toFixed(1);
      const middle = Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS).toFixed(1);
      writeFileSync(join(__dirname, "measured.json"), JSON.stringify({ longest: +longest, most: +middle }));
    }),
  );
};
