/** What a task is asked for with besides words: templates and their fields, labels. */

import assert from "node:assert/strict";

export async function wishes({ stage, bench, page, step }) {
  const input = page.locator(".quick-input-widget input");

  await step("a template is filled in, field by field, and labels are put on its task", async () => {
    stage.configure(TEMPLATE);
    await bench.command("Agent Tasks: New Agent Task");
    await bench.see('.quick-input-titlebar [aria-label^="Use a Template"]', "the button for templates");
    await page.locator('.quick-input-titlebar [aria-label^="Labels"]').click();
    await bench.answer("Labels of the New Task", "docs, good first");
    await bench.see('.quick-input-widget >> text=· labels: docs, good first');
    await bench.picture("wish");
    await page.keyboard.press("Enter");
    await bench.choose("note");
    await bench.answer("New Agent Task (1/3): note", "src/note.txt");
    await bench.see(".quick-input-widget >> text=In which words?");
    assert.equal(await input.inputValue(), "as ever");
    await bench.picture("field");
    await page.keyboard.press("Enter");
    await bench.answer("New Agent Task (2/3)");
    await bench.answer("New Agent Task (3/3)");
    await bench.notified("“Note in src/note.txt” is ready");
    const { prompt, labels } = stage.told("Note in src/note.txt");
    assert.match(prompt, /^write src\/note\.txt as ever/);
    assert.deepEqual(labels, ["docs", "good first"]);
    assert.equal(stage.readWorktree("Note in src/note.txt", "src/note.txt"), "as ever\n");
    await bench.tidy();
  });
  await step("words, labels and fields that were given are there again after an Escape", async () => {
    await bench.command("Agent Tasks: New Agent Task");
    await bench.see('.quick-input-titlebar [aria-label^="Use a Template"]', "the button for templates");
    await input.fill("And more");
    await page.locator('.quick-input-titlebar [aria-label^="Labels"]').click();
    await bench.answer("Labels of the New Task", "later");
    await page.locator('.quick-input-titlebar [aria-label^="Use a Template"]').click();
    await bench.choose("note");
    await bench.answer("New Agent Task (1/3): note", "src/other.txt");
    await bench.answer("New Agent Task (1/3): note", "new words");
    await bench.see(".quick-input-widget >> text=New Agent Task (2/3)");
    await page.keyboard.press("Escape");
    await bench.command("Agent Tasks: New Agent Task");
    await bench.see('.quick-input-widget >> text=· labels: later');
    assert.equal(await input.inputValue(), "And more");
    await page.locator('.quick-input-titlebar [aria-label^="Use a Template"]').click();
    await bench.choose("note");
    await bench.see(".quick-input-widget >> text=Which file?");
    assert.equal(await input.inputValue(), "src/other.txt");
    await page.keyboard.press("Escape");
    await bench.see('.quick-input-widget >> text=· labels: later');
    await page.keyboard.press("Escape");
    await bench.gone(".quick-input-widget");
  });
}

const TEMPLATE = `
[templates.note]
prompt = "write {file} {words}"
title = "Note in {file}"

[templates.note.fields]
file = { ask = "Which file?" }
words = { ask = "In which words?", default = "as ever" }
`;
