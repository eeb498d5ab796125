/** What a person sees when things go wrong, and what a button does about it. */

import assert from "node:assert/strict";
import { until } from "./until.mjs";

export async function trouble({ stage, bench, page, step }) {
  await step("an agent whose session died goes on by the notification's button", async () => {
    await bench.newTask("Die; write src/die.txt one; wait revived");
    await bench.seeTerminal("wrote src/die.txt");
    stage.killSession(stage.told("Die; write"));
    await bench.notified("was interrupted");
    await bench.picture("interrupted");
    stage.letGo("revived");
    await bench.press("Resume");
    await bench.notified("“Die; write src/die.txt one; wait revived” is ready");
    await bench.tidy();
  });
  await step("the daemon is killed in the middle of a merge, which is tried again by a button", async () => {
    await bench.newTask("Slow; write src/slow.txt slow");
    await bench.notified("“Slow; write");
    await bench.tidy();
    stage.hook("pre-commit", `touch '${stage.path("merging")}'; while ! test -e '${stage.path("merge")}'; do sleep 0.1; done`);
    await bench.inline("Slow; write", "Merge");
    await until(() => stage.has("merging"));
    process.kill(stage.daemon().pid, "SIGKILL");
    stage.letGo("merge");
    await bench.notified("The daemon ended before it answered");
    await bench.picture("daemon-killed");
    assert.throws(() => stage.git("show", "main:src/slow.txt"));
    await bench.press("Try Again");
    await bench.notified("“Slow; write src/slow.txt slow” is in main");
    assert.equal(stage.git("show", "main:src/slow.txt"), "slow");
    await bench.tidy();
  });
  await step("a task that another client discards says so, and comes back", async () => {
    await bench.newTask("Vanish; write src/van.txt ish");
    await bench.notified("“Vanish; write");
    await bench.press("Review");
    await bench.see('.tab.active >> text=/^Review: Vanish/');
    stage.agentls("discard", stage.told("Vanish").id);
    await bench.notified("was discarded meanwhile");
    await bench.gone('.tab >> text=/^Review: Vanish/');
    await bench.picture("vanished");
    await bench.press("Restore");
    await until(() => stage.told("Vanish").state === "review");
    await bench.tidy();
  });
  await step("a task that goes while it is being chosen is refused with a reason", async () => {
    await bench.command("Agent Tasks: Merge");
    await bench.see('.quick-input-list .monaco-list-row:has-text("Vanish; write")');
    stage.agentls("merge", stage.told("Vanish").id);
    await bench.choose("Vanish; write");
    await bench.notified("merged");
    await bench.tidy();
  });
  await step("your own changes in the way are named, and shown", async () => {
    await bench.newTask("Way; write README.md Hello.");
    await bench.notified("“Way; write");
    stage.write("README.md", "# Mine\n");
    await bench.inline("Way; write", "Merge");
    await bench.notified("README.md");
    await bench.press("Show My Changes");
    await bench.see('.sidebar .pane-body .monaco-list-row:has-text("README.md")');
    await bench.picture("in-the-way");
    assert.equal(stage.read("shop/README.md"), "# Mine\n");
    stage.git("checkout", "--quiet", "README.md");
    await bench.view();
    await bench.tidy();
  });
  await step("two tasks of a race are compared; one is merged, and the other one goes", async () => {
    await bench.command("Agent Tasks: Race Agents");
    await bench.answer("Race Agents (1/2)", "Run a race; write src/winner.txt $AGENTLS_TASK");
    await bench.see(".quick-input-widget >> text=Race Agents (2/2)");
    await page.locator(".quick-input-list .monaco-list-row:has-text('Stub Agent')").first().click();
    await page.locator(".quick-input-widget .monaco-button:has-text('OK')").first().click();
    const runners = () => JSON.parse(stage.agentls("ls", "--all", "--json")).tasks.filter(({ title }) => /^Run a race/.test(title));
    await until(() => runners().length === 2 && runners().every(({ state }) => state === "review"));
    await bench.tidy();
    await bench.menu("Run a race", "Compare with…");
    await bench.see('.tab.active >> text=/^Compare: stub/');
    const [one, other] = runners().map(({ id }) => id);
    await bench.see(`.multiDiffEntry .view-line:has-text("${one}")`);
    await bench.see(`.multiDiffEntry .view-line:has-text("${other}")`);
    await bench.picture("compare");
    await bench.tidy();
    await bench.inline("Run a race", "Merge");
    await until(() => runners().map(({ state }) => state).sort().join() === "discarded,merged");
    await bench.tidy();
  });
  await step("a worktree made by hand is adopted", async () => {
    const path = stage.path("by-hand");
    stage.git("worktree", "add", "--quiet", "-b", "by-hand", path);
    stage.write("../by-hand/hand.txt", "made by hand\n");
    await bench.command("Agent Tasks: Adopt Worktree");
    await bench.answer("Adopt Worktree", `${path}/`);
    // The dialog and the step behind it have the same title.
    await bench.see(".quick-input-widget >> text=What is an agent to do there?");
    await page.keyboard.press("Enter");
    await bench.seeRow("by-hand");
    assert.equal(stage.told("by-hand").branch, "by-hand");
    await bench.tidy();
  });
  await step("doctor, log, trust, checkpoint, refresh and cleaning up answer", async () => {
    await bench.command("Agent Tasks: Doctor");
    const preview = page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
    await preview.locator("text=git 2.").first().waitFor();
    await bench.picture("doctor");
    await bench.command("Agent Tasks: Show Log");
    await bench.see('.panel .title >> text=/output/i');
    await bench.command("Agent Tasks: Refresh");
    await bench.command("Agent Tasks: Show What This Repository Runs");
    await bench.notified("This repository would run nothing.");
    await bench.command("Agent Tasks: Clean Up");
    await bench.notified("There is nothing to clean up.");
    stage.write("../by-hand/more.txt", "more\n");
    const before = stage.checkpoints("by-hand");
    await bench.menu("by-hand", "Take Checkpoint");
    await until(() => stage.checkpoints("by-hand") === before + 1);
    await bench.menu("Way; write", "Open Output");
    await bench.seeTerminal("agent is done");
    await bench.tidy();
  });
  await step("a worktree opens in a window of its own", async () => {
    const opened = page.context().waitForEvent("page", { timeout: 60_000 });
    await bench.menu("Way; write", "Open Worktree in New Window");
    const other = await opened;
    await other.waitForSelector(".monaco-workbench .statusbar", { timeout: 60_000 });
    assert.match(decodeURIComponent(other.url()), /folder=.*\/worktrees\//);
    await other.close();
  });
}
