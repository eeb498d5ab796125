/** Quick fixes, trust, and windows of all kinds. */

import assert from "node:assert/strict";

export async function windows({ stage, bench, page, step }) {
  await step("a review is there before the windows change", async () => {
    await bench.newTask("Bill; write src/bill.ts export const wrong = 1;");
    await bench.notified("“Bill; write");
  });
  await step("an error is handed to an agent by its quick fix", async () => {
    await bench.tidy();
    stage.write("src/bad.json", '{"bad": text}\n');
    await bench.openFile("bad.json");
    await bench.see(".editor-instance .squiggly-error", "the error");
    await bench.cursorIn("bad", ".editor-instance");
    await page.keyboard.press("F8");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+.");
    await bench.see(".action-widget");
    await bench.picture("quick-fix");
    await page.locator('.action-widget .monaco-list-row:has-text("Fix with an Agent")').first().click();
    await bench.see(".quick-input-widget >> text=New Agent Task (1/3)");
    assert.match(await page.locator(".quick-input-widget input").inputValue(), /Fix in src\/bad\.json:1: /);
    await page.keyboard.press("Escape");
    await bench.tidy();
  });
  await step("what the repository would run is shown before it may", async () => {
    stage.write(".agentls.toml", 'setup = ["echo this-is-set-up"]\n');
    await bench.command("Agent Tasks: New Agent Task");
    await bench.answer("New Agent Task (1/3)", "Trust; print 1");
    await bench.see(".monaco-dialog-box >> text=this-is-set-up");
    await bench.picture("trust");
    await bench.press("Allow", ".monaco-dialog-box");
    await bench.answer("New Agent Task (2/3)");
    await bench.answer("New Agent Task (3/3)");
    await bench.notified("“Trust; print 1” is ready");
    await bench.tidy();
  });
  await step("what was allowed is not asked again", async () => {
    await bench.newTask("Again; print 1");
    await bench.notified("“Again; print 1” is ready");
    await bench.tidy();
  });
  await step("an empty window shows and reviews the same tasks", async () => {
    await bench.open(stage.address("ew=true"));
    await bench.view();
    await bench.seeRow("Ready to Review");
    await bench.command("Agent Tasks: Review");
    await bench.choose("Bill; write");
    await bench.see('.multiDiffEntry .editor.modified .view-line:has-text("wrong")');
    await bench.picture("empty-window");
    await bench.command("Agent Tasks: New Agent Task");
    await bench.notified("no folder is open");
    await bench.tidy();
  });
  await step("a window of two folders asks which one is meant", async () => {
    const workspace = stage.makeWorkspace();
    await bench.open(stage.address(`workspace=${workspace}`));
    // VS Code reads the workspace's file late: one that is trusted before stays without folders.
    await bench.command("View: Show Explorer");
    await bench.see('.explorer-folders-view .monaco-list-row:has-text("other")', "the second folder");
    await bench.trust();
    await bench.view();
    await bench.seeRow("Ready to Review");
    await bench.command("Agent Tasks: New Agent Task");
    await bench.see(".quick-input-widget input[placeholder*='Which repository']");
    await bench.choose("shop");
    await bench.answer("New Agent Task (1/3)", "Two; print 2");
    await bench.answer("New Agent Task (2/3)");
    await bench.answer("New Agent Task (3/3)");
    await bench.notified("“Two; print 2” is ready");
    await bench.tidy();
  });
  await step("without a Python the window says what to do", async () => {
    stage.setMachine({ "agentls.server.python": "/nowhere/python3" });
    await bench.open(stage.address());
    await bench.notified("3.11 or newer");
    await bench.view();
    await bench.see("text=agentls needs Python 3.11 or newer");
    await bench.picture("no-python");
    stage.setMachine({});
    await bench.seeRow("Ready to Review");
    await bench.command("Agent Tasks: Restart Server");
    await bench.seeRow("Ready to Review");
  });
}
