/** Measures what goes on in the extension host, which all extensions share. */

const { writeFileSync } = require("node:fs");
const { Session } = require("node:inspector/promises");
const { join } = require("node:path");
const { monitorEventLoopDelay } = require("node:perf_hooks");
const vscode = require("vscode");

const RESOLUTION_MS = 5;
const SAMPLE_US = 100;
/** What of Agent Tasks the list is drawn by, as VS Code calls it. */
const MEASURED = ["getChildren", "getTreeItem"];

exports.activate = (context) => {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const session = new Session();
  const commands = {
    begin: () => {
      delay.reset();
      delay.enable();
    },
    end: () => {
      delay.disable();
      const ms = (nanoseconds) => +Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS).toFixed(1);
      tell("measured", { longest: ms(delay.max), most: ms(delay.percentile(99)) });
    },
    profile: async () => {
      session.connect();
      await session.post("Profiler.enable");
      await session.post("Profiler.setSamplingInterval", { interval: SAMPLE_US });
      await session.post("Profiler.start");
    },
    endProfile: async () => {
      const { profile } = await session.post("Profiler.stop");
      session.disconnect();
      tell("profile", Object.fromEntries(MEASURED.map((name) => [name, milliseconds(profile, name)])));
    },
  };
  for (const [name, run] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(`agentls.probe.${name}`, run));
  }
};

/** The longest call of a function of Agent Tasks: samples in it, or in what it called, in a row. */
function milliseconds({ nodes, samples, timeDeltas }, name) {
  const within = new Set();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const enter = (node, inside) => {
    const { functionName, url } = node.callFrame;
    const here = inside || (functionName === name && url.includes("agentls.agentls-"));
    if (here) {
      within.add(node.id);
    }
    (node.children ?? []).forEach((id) => enter(byId.get(id), here));
  };
  enter(nodes[0], false);
  let longest = 0;
  let present = 0;
  samples.forEach((id, at) => {
    present = within.has(id) ? present + timeDeltas[at] : 0;
    longest = Math.max(longest, present);
  });
  return +(longest / 1000).toFixed(1);
}

function tell(name, figures) {
  writeFileSync(join(__dirname, `${name}.json`), JSON.stringify(figures));
}
