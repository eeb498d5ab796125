/** A person's day with the extension, in a real VS Code. */

import { join, resolve } from "node:path";
import { createRequire } from "node:module";
import { changes } from "./changes.mjs";
import { conflicts } from "./conflicts.mjs";
import { day } from "./day.mjs";
import { decisions } from "./decisions.mjs";
import { queue } from "./queue.mjs";
import { figures } from "./figures.mjs";
import { hints } from "./hints.mjs";
import { languages } from "./languages.mjs";
import { looks } from "./looks.mjs";
import { sessions } from "./sessions.mjs";
import { Stage } from "./stage.mjs";
import { together } from "./together.mjs";
import { trouble } from "./trouble.mjs";
import { windows } from "./windows.mjs";
import { wishes } from "./wishes.mjs";
import { Workbench } from "./workbench.mjs";

const [installation, vsix, pictures] = process.argv.slice(2, 5).map((path) => resolve(path));
/** The parts; those that are named behind the three folders take place, in one stage. */
const PARTS = {
  ...{ day, changes, sessions, queue, decisions, conflicts, together, trouble },
  ...{ windows, wishes, languages, hints, looks, figures },
};
const wanted = process.argv.slice(5);
const { chromium } = createRequire(join(installation, "package.json"))("playwright-core");

const stage = new Stage({ installation, vsix });
let browser;
let bench;
let doing = "the start";
let interrupted = false;
let ending;

// Whoever interrupts the run finds no agent at work afterwards.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, async () => {
    interrupted = true;
    await end();
    process.exit(1);
  });
}

function end() {
  ending ??= (async () => {
    await browser?.close();
    await stage.end();
  })();
  return ending;
}

async function step(name, act) {
  doing = name;
  const begun = Date.now();
  await act();
  console.log(`ok   ${name} (${Date.now() - begun} ms)`);
}

/** Print a figure beside its target: a missed one is said, and fails nothing on a busy machine. */
function figure(what, value, { below, unit = "ms" } = {}) {
  const verdict = below === undefined ? "" : `, target < ${below} ${unit}: ${value < below ? "met" : "MISSED"}`;
  console.log(`     ${what}: ${value} ${unit}${verdict}`);
}

async function play() {
  await stage.install();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
    // The run ends it itself, after what a signal asks for.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  const page = await browser.newPage({ viewport: { width: 1600, height: 900 } });
  bench = new Workbench(page, { pictures });
  const address = await stage.start();
  await step("the extension starts its own server in a restricted window", async () => {
    await bench.open(address);
    await bench.view();
    await bench.see("text=Manage Workspace Trust");
    await bench.picture("restricted");
  });
  await step("trust opens the way for tasks", async () => {
    await bench.trust();
    await bench.see("text=No tasks yet");
    await bench.picture("welcome");
  });
  for (const part of wanted) {
    await PARTS[part]({ stage, bench, page, step, figure });
  }
}

try {
  await play();
} catch (error) {
  if (!interrupted) {
    console.error(`FAILED in “${doing}”: ${error.stack}`);
    console.error(`The window shows:\n${(await bench?.screen()) ?? "  nothing yet"}`);
    console.error(`The extension's log ends so:\n${stage.log()}`);
    await bench?.picture("failed");
    process.exitCode = 1;
  }
} finally {
  await end();
}
