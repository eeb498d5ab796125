/** Several tasks as one: handed out by another one, merged as a train, told of in a report. */

import assert from "node:assert/strict";
import { until } from "./until.mjs";

export async function together({ stage, bench, page, step }) {
  await step("what an agent hands out stands below its own task, until it needs the person", async () => {
    await bench.newTask("Parent; wait parted");
    await bench.seeTerminal("agent begins");
    const parent = stage.told("Parent").id;
    stage.agentls("run", "--agent", "stub", "--parent", parent, "Child; write src/child.txt c; wait grown");
    await bench.see('.sidebar .pane-body .monaco-list-row[aria-level="3"]:has-text("Child; write")');
    await bench.picture("child");
    stage.letGo("grown");
    await bench.see(`.sidebar .pane-body .monaco-list-row[aria-level="2"]:has-text("↳ ${parent}")`);
    stage.letGo("parted");
    await bench.see('.sidebar .pane-body .monaco-list-row[aria-level="3"]:has-text("Child; write")');
    await bench.tidy();
  });
  await step("a train shows who goes in, who stays behind and why; one key merges it", async () => {
    await bench.newTask("Red; write src/colour.txt red");
    await bench.notified("“Red; write");
    await bench.newTask("Blue; write src/colour.txt blue");
    await bench.notified("“Blue; write");
    await bench.tidy();
    await bench.inline("Ready to Review", "Merge Train…");
    await bench.see('.quick-input-widget >> text=/Train into main: \\d+ of \\d+ go in together/');
    await bench.see('.quick-input-list .monaco-list-row:has-text("It conflicts with")');
    await bench.picture("train");
    await page.keyboard.press("Enter");
    await bench.notified("in main now.");
    const [red, blue] = ["Red; write", "Blue; write"].map((title) => stage.told(title).state);
    assert.deepEqual([red, blue].sort(), ["merged", "review"]);
    assert.equal(stage.told("Child").state, "merged");
    assert.equal(stage.git("show", "main:src/child.txt"), "c");
    assert.equal(stage.git("show", "main:src/colour.txt"), red === "merged" ? "grey\nred" : "grey\nblue");
    assert.equal(stage.git("status", "--porcelain"), "");
    await bench.tidy();
  });
  await step("a review that is asked for in a terminal opens here", async () => {
    const left = ["Red; write", "Blue; write"].map((title) => stage.told(title)).find(({ state }) => state === "review");
    stage.agentls("open", left.id);
    const words = left.title.startsWith("Red") ? "red" : "blue";
    await bench.see(`.multiDiffEntry .editor.modified .view-line:has-text("${words}")`);
    await bench.tidy();
  });
  await step("a script of the configuration runs in the task's worktree, and is stopped", async () => {
    stage.configure('[run.serve]\nrun = "echo it is served; sleep 1000"\n');
    await bench.menu("Parent; wait", "Run Script…");
    await bench.choose("serve");
    await bench.seeTerminal("it is served");
    await bench.picture("script");
    await bench.menu("Parent; wait", "Run Script…");
    await bench.choose("Stop serve");
    await until(() => !stage.told("Parent").sessions.some(({ live }) => live));
    await bench.tidy();
  });
  await step("the report of the day is a page", async () => {
    await bench.command("Agent Tasks: Report");
    await bench.choose("Today");
    const report = page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
    await report.locator("text=Child; write").first().waitFor();
    await bench.picture("report");
    await bench.tidy();
  });
}
