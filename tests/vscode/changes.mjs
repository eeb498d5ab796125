/** What a person does with a change besides merging it whole. */

import assert from "node:assert/strict";

export async function changes({ stage, bench, page, step }) {
  await step("the briefing is a page of its own", async () => {
    await bench.newTask("Tidy; write src/a.txt one; write src/b.txt two");
    await bench.notified("“Tidy; write");
    await bench.tidy();
    await bench.command("Agent Tasks: Show Briefing");
    await bench.choose("Tidy; write");
    const preview = page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
    await preview.locator("text=src/a.txt").first().waitFor({ timeout: 30_000 });
    await bench.picture("briefing");
    await bench.tidy();
  });
  await step("one change is refused, the other one taken into the target", async () => {
    await bench.command("Agent Tasks: Review Next");
    await bench.cursorIn("one");
    await bench.command("Agent Tasks: Refuse Change at Cursor");
    await bench.notified("1 change refused");
    await bench.gone('.multiDiffEntry .view-line:has-text("one")');
    await bench.cursorIn("two");
    await bench.command("Agent Tasks: Take Change at Cursor");
    await bench.gone(".multiDiffEntry");
    assert.equal(stage.git("show", "main:src/b.txt"), "two");
    assert.doesNotMatch(stage.git("ls-tree", "-r", "--name-only", "main"), /a\.txt/);
  });
  await step("a merge with a message of one's own is taken back", async () => {
    await bench.newTask("Colour; write src/colour.txt red");
    await bench.notified("“Colour; write");
    await bench.tidy();
    await bench.command("Agent Tasks: Merge with");
    await bench.choose("Colour; write");
    await bench.choose("Squash");
    await bench.answer("Merge “Colour", "Choose a colour");
    await bench.notified("is in main as");
    assert.equal(stage.git("log", "-1", "--format=%s", "main"), "Choose a colour");
    await bench.press("Undo");
    await bench.seeRow("Colour; write");
    await bench.seeRow("Ready to Review");
    assert.notEqual(stage.git("log", "-1", "--format=%s", "main"), "Choose a colour");
  });
  await step("what came since the last look is reviewed alone; a rewind takes it back", async () => {
    await bench.tidy();
    await bench.command("Agent Tasks: Review Next");
    await bench.see('.editor.modified .view-line:has-text("red")');
    await bench.command("Agent Tasks: Send Feedback");
    await bench.answer("Send Feedback:", "Shape; write src/shape.txt round");
    await bench.notified("is ready for review");
    await bench.tidy();
    await bench.command("Agent Tasks: Review Since");
    await bench.choose("Colour; write");
    await bench.picture("since");
    await bench.choose("My last look");
    await bench.see('.editor.modified .view-line:has-text("round")');
    assert.equal(await page.locator('.multiDiffEntry .view-line:has-text("red")').count(), 0);
    await bench.tidy();
    await bench.command("Agent Tasks: Rewind to Checkpoint");
    await bench.choose("Colour; write");
    await bench.choose("Turn 1");
    await bench.notified("is as it was at checkpoint");
    await bench.tidy();
    await bench.command("Agent Tasks: Review Next");
    await bench.see('.editor.modified .view-line:has-text("red")');
    assert.equal(await page.locator('.multiDiffEntry .view-line:has-text("round")').count(), 0);
  });
  await step("what is discarded comes back with one button", async () => {
    await bench.command("Agent Tasks: Discard");
    await bench.notified("was discarded");
    await bench.gone(".multiDiffEntry");
    await bench.press("Restore");
    await bench.seeRow("Ready to Review");
    await bench.tidy();
  });
  await step("a conflict opens in the merge editor, with both sides of it", async () => {
    stage.write("src/colour.txt", "grey\nblue\n");
    stage.commit("Choose blue");
    await bench.command("Agent Tasks: Forecast");
    const preview = page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
    await preview.locator("text=conflicts with the target").first().waitFor({ timeout: 30_000 });
    await bench.picture("forecast");
    await bench.tidy();
    await bench.command("Agent Tasks: Update from Target");
    await bench.choose("Colour; write");
    await bench.press("Resolve in Merge Editor");
    await bench.see(".merge-editor");
    await bench.see('.merge-editor .view-line:has-text("blue")');
    await bench.see('.merge-editor .view-line:has-text("red")');
    await bench.picture("conflict");
  });
}
