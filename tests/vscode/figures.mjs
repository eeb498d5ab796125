/** Figures of the whole window: how few keys a merge takes, and how quick it all is. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { until } from "./until.mjs";

const FILES = 20;
const TASKS = 1000;
const RUNS = 5;

export async function figures({ stage, bench, page, step, figure }) {
  const side = (text) => `.multiDiffEntry .editor.modified .view-line:has-text("${text}")`;

  await step("from the notification to merged it is one click and one key", async () => {
    const work = Array.from({ length: FILES }, (_, at) => `write part${at}.txt agent`);
    await bench.newTask(`Parts; ${work.join("; ")}`);
    await bench.notified("“Parts; write");
    const clicked = Date.now();
    await bench.press("Review");
    await bench.see(side("agent"));
    await bench.see('.editor-group-container .title [aria-label^="Merge"]', "the button that merges");
    const shown = Date.now();
    await page.keyboard.press("Control+Alt+m");
    await bench.notified("is in main as");
    const merged = Date.now();
    figure(`a change of ${FILES} files is on the screen after`, shown - clicked);
    figure("it is merged, and said so, after", merged - shown);
    figure("together", merged - clicked, { below: 1000 });
    assert.match(stage.git("log", "-1", "--format=%s", "main"), /^Parts; /);
    assert.match(stage.git("show", "--stat", "main"), new RegExp(`${FILES} files changed`));
    await bench.tidy();
  });
  await step(`the list of ${TASKS} tasks is quick`, async () => {
    await bench.command("Profile: Start");
    await bench.command("Probe: Begin");
    stage.queueTasks(TASKS);
    await bench.seeRow("Queued 1");
    await bench.command("Agent Tasks: Refresh");
    await bench.command("Probe: End");
    await bench.command("Profile: Stop");
    await until(() => stage.has("extensions/probe/profile.json"));
    const { getChildren, getTreeItem } = stage.probed("profile");
    figure(`getChildren of ${TASKS} tasks, the longest call`, getChildren, { below: 30 });
    figure("getTreeItem of them, the longest row of calls", getTreeItem);
    figure("the extension host stands still for, at most", stage.probed("measured").longest, { below: 50 });
    await bench.picture("many");
  });
  await step("activation is quick, by VS Code's own figure", async () => {
    await bench.command("Developer: Show Running Extensions");
    const rows = ".runtime-extensions-editor .monaco-list-row";
    const took = async (name) => {
      // The slowest stand above; only rows in sight are there at all.
      await (await bench.see(rows)).click();
      await page.keyboard.press("Home");
      const row = await bench.until(`${rows}:has-text("${name}")`, name, () => page.keyboard.press("PageDown"));
      return Number(/\d+/.exec(await row.locator(".activation-time").first().textContent())[0]);
    };
    figure("activation of Agent Tasks", await took("Agent Tasks"), { below: 100 });
    // All share one process, which is busy then.
    figure("activation of an extension that does nothing", await took("Probe of the extension host"));
    figure("what Agent Tasks itself does of it, alone in a process", ownShare(stage.bundle()));
    await bench.picture("activation");
    await bench.closeModal();
    await bench.tidy();
  });
}

/** Ms of a processor that reading the bundle and `activate()` take, the median of some runs. */
function ownShare(bundle) {
  const program = join(import.meta.dirname, "activation.cjs");
  const runs = Array.from({ length: RUNS }, () => {
    const { read, activated } = JSON.parse(execFileSync(process.execPath, [program, bundle], { encoding: "utf8" }));
    return read + activated;
  });
  return +runs.sort((a, b) => a - b)[Math.floor(RUNS / 2)].toFixed(1);
}
