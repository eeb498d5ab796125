/** The queue and what stands in it: paused, ordered, renamed, asked differently. */

import assert from "node:assert/strict";
import { until } from "./until.mjs";

export async function queue({ stage, bench, page, step }) {
  await step("a paused queue is told in the list and the status bar", async () => {
    await bench.command("Agent Tasks: Pause Queue");
    await bench.see("text=The queue is paused");
    await bench.see(".statusbar-item .codicon-debug-pause");
    await bench.newTask("Former; print 1");
    await bench.newTask("Latter; print 2");
    await bench.seeRow("2 · paused");
    await bench.picture("paused");
    assert.equal(stage.told("Former").state, "queued");
  });
  await step("a queued task is put before the other one", async () => {
    await bench.menu("Latter", "Set Priority…");
    await bench.choose("Before the others");
    await until(() => stage.told("Latter").priority === 1);
  });
  await step("a task is renamed by a key in the list", async () => {
    await (await bench.seeRow("Latter")).click();
    await page.keyboard.press("F2");
    await bench.answer("Rename Task", "Later than the other");
    await bench.seeRow("Later than the other");
    assert.equal(stage.told("Later than").prompt, "Latter; print 2");
  });
  await step("its prompt is edited as a file, in several lines", async () => {
    await bench.menu("Later than", "Edit Prompt");
    await bench.see('.editor-instance .view-line:has-text("Latter; print 2")');
    await page.locator(".editor-instance .view-lines").first().click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("\nprint 3");
    await page.keyboard.press("Control+s");
    await until(() => stage.told("Later than").prompt === "Latter; print 2\nprint 3");
    await bench.tidy();
  });
  await step("it waits for the other one, and begins all the same when it is told to", async () => {
    await bench.menu("Later than", "Begin After…");
    await bench.see(".quick-input-list .monaco-list-row:has-text('Former')");
    await page.locator(".quick-input-widget .quick-input-list .monaco-list-row:has-text('Former')").first().click();
    await page.locator(".quick-input-widget .monaco-button:has-text('OK')").first().click();
    await until(() => stage.told("Later than").after?.[0] === stage.told("Former").id);
    await bench.inline("Later than", "Start Now");
    await bench.notified("“Later than the other” is ready");
    assert.match(stage.heard(), /Latter; print 2\nprint 3/);
    assert.equal(stage.told("Former").state, "queued");
  });
  await step("another client resumes the queue, and this window sees it", async () => {
    stage.agentls("queue", "resume");
    await bench.gone("text=The queue is paused");
    await bench.notified("“Former; print 1” is ready");
    stage.agentls("queue", "pause");
    await bench.see("text=The queue is paused");
    await bench.command("Agent Tasks: Resume Queue");
    await bench.gone(".statusbar-item .codicon-debug-pause");
    await bench.tidy();
  });
  await step("the list is filtered, and shows all again", async () => {
    await bench.command("Agent Tasks: Filter Tasks");
    await bench.answer("Filter Tasks", "former");
    await bench.gone('.pane-body .monaco-list-row:has-text("Later than")');
    await bench.seeRow("Former");
    await bench.command("Agent Tasks: Clear Filter");
    await bench.seeRow("Later than");
  });
  await step("a key discards what is selected; the palette restores it", async () => {
    await (await bench.seeRow("Later than")).click();
    await page.keyboard.press("Delete");
    await bench.notified("was discarded");
    await until(() => stage.told("Later than").state === "discarded");
    await bench.command("Agent Tasks: Restore");
    await bench.choose("Later than");
    await until(() => stage.told("Later than").state === "review");
    await bench.tidy();
  });
}
