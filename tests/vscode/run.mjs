/** A person's day with the extension, in a real VS Code. */

import { join, resolve } from "node:path";
import { createRequire } from "node:module";
import { changes } from "./changes.mjs";
import { day } from "./day.mjs";
import { decisions } from "./decisions.mjs";
import { queue } from "./queue.mjs";
import { sessions } from "./sessions.mjs";
import { Stage } from "./stage.mjs";
import { trouble } from "./trouble.mjs";
import { windows } from "./windows.mjs";
import { Workbench } from "./workbench.mjs";

const [installation, vsix, pictures] = process.argv.slice(2, 5).map((path) => resolve(path));
/** The parts; those that are named behind the three folders take place, in one stage.
 *
 * `windows` is for runs by hand: in one of three the palette of a window that was just
 * opened and trusted did not have the extension's commands yet. */
const PARTS = { day, changes, sessions, queue, decisions, trouble, windows };
const wanted = process.argv.slice(5);
const { chromium } = createRequire(join(installation, "package.json"))("playwright-core");

const stage = new Stage({ installation, vsix });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const page = await browser.newPage({ viewport: { width: 1600, height: 900 } });
const bench = new Workbench(page, { pictures });

async function step(name, act) {
  const begun = Date.now();
  await act();
  console.log(`ok   ${name} (${Date.now() - begun} ms)`);
}

try {
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
    await PARTS[part]({ stage, bench, page, step });
  }
} catch (error) {
  console.error(`FAILED: ${error.stack}`);
  await bench.picture("failed");
  process.exitCode = 1;
} finally {
  await browser.close();
  await stage.end();
}
