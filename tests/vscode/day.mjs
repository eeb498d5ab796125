/** The main job: ask, watch, review, comment, merge, and the next one. */

import assert from "node:assert/strict";

export async function day({ stage, bench, page, step }) {
  await step("a new task is asked for in three steps, and its output streams", async () => {
    await bench.command("Agent Tasks: New Agent Task");
    await bench.answer("New Agent Task (1/3)", "Check the cart; write src/cart.py # checked");
    await bench.answer("New Agent Task (2/3)");
    await bench.picture("base");
    await bench.answer("New Agent Task (3/3)");
    await bench.seeRow("Ready to Review");
    await bench.seeTerminal("agent is done");
    await bench.picture("done");
  });
  await step("the notification opens the review, with the right text on both sides", async () => {
    await bench.notified("is ready for review");
    await bench.press("Review");
    await bench.see(".multiDiffEntry");
    await bench.picture("review");
    await bench.see('.multiDiffEntry .editor.original .view-line:has-text("return len(prices)")');
    await bench.see('.multiDiffEntry .editor.modified .view-line:has-text("# checked")');
    assert.equal(await page.locator('.editor.original .view-line:has-text("# checked")').count(), 0);
  });
  await step("the tree has the files, with a checkbox for viewed", async () => {
    await bench.row("Check the cart").locator(".monaco-tl-twistie").click();
    const file = await bench.seeRow("src · +1");
    await file.locator(".monaco-checkbox, [role=checkbox]").first().click();
    await bench.see('.pane-body .monaco-list-row:has-text("src · +1") [aria-checked="true"]');
    await bench.picture("viewed");
    assert.match(stage.agentls("diff", "--stat", stage.task()), /cart\.py/);
  });
  await step("a comment on a line goes to the agent", async () => {
    await bench.commentOn("# checked", "Say what was checked.");
    await bench.see(".review-comment >> text=Say what was checked.");
    await bench.see(".review-comment >> text=Not sent yet");
    await bench.picture("comment");
    await bench.command("Agent Tasks: Send Feedback");
    await bench.answer("Send Feedback:", "Say so; write src/cart.py # prices are positive");
    await bench.notified("is ready for review");
    assert.match(stage.heard(), /Say what was checked\./);
    assert.match(stage.heard(), /src\/cart\.py/);
    await bench.picture("answered");
  });
  await step("the Source Control view has the folder's repository alone", async () => {
    assert.equal(await page.locator('.activitybar [aria-label^="Source Control"] .badge-content:visible').count(), 0);
  });
  await step("a second task waits; the daemon is killed and the window loaded anew meanwhile", async () => {
    await bench.command("Agent Tasks: New Agent Task");
    await bench.answer("New Agent Task (1/3)", "Greet; print 40; hold; write README.md Welcome.");
    await bench.answer("New Agent Task (2/3)");
    await bench.answer("New Agent Task (3/3)");
    await bench.seeTerminal("line 39 of 40");
    await bench.seeRow("Working");
    process.kill(stage.daemon().pid, "SIGKILL");
    await bench.reload();
    await bench.seeTerminal("line 39 of 40");
    await bench.see('.multiDiffEntry .editor.modified .view-line:has-text("# checked")');
    await bench.see(".review-comment >> text=Say what was checked.");
    await bench.picture("reloaded");
    stage.letGo();
    await bench.notified("“Greet; print 40");
    await bench.seeTerminal("agent is done");
  });
  await step("merge opens the next review; the target has one commit more", async () => {
    await bench.command("Agent Tasks: Review Next");
    await bench.see(".tab.active >> text=/^Review: Greet/");
    await bench.see('.editor.modified .view-line:has-text("Welcome.")');
    await bench.command("Agent Tasks: Merge");
    await bench.notified("is in main as");
    await bench.see('.tab.active >> text=/^Review: Check/');
    await bench.see('.editor.modified .view-line:has-text("# checked")');
    await bench.picture("merged");
    await page.keyboard.press("Control+Alt+m");
    await bench.seeRow("Done");
    await bench.gone('.tab >> text=/^Review:/');
    await bench.picture("all-merged");
    assert.equal(stage.git("rev-list", "--count", "main"), "3");
    assert.equal(stage.git("status", "--porcelain"), "");
  });
}
