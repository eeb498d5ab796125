/** Language features on the right side of a review, whose files lie outside the workspace. */

import assert from "node:assert/strict";

export async function languages({ stage, bench, page, step }) {
  const right = ".editor.modified";

  await step("TypeScript runs where the files are", async () => {
    // The first window of a browser doesn't know that setting in time.
    await bench.open(stage.address());
    await bench.view();
    await bench.openFile("tax.ts");
  });
  await step("a definition of the review is one in the worktree", async () => {
    await bench.newTask("Bill; write src/bill.ts export const wrong: string = tax(1)");
    await bench.notified("“Bill; write");
    // The person's own file stays open: with none in a tab, TypeScript looks no further than a file.
    await bench.command("Agent Tasks: Review");
    await bench.choose("Bill; write");
    await goToDefinition(".multiDiffEntry");
  });
  await step("one file's diff shows a type error on the worktree's side alone", async () => {
    await bench.row("Bill; write").locator(".monaco-tl-twistie").click();
    await (await bench.seeRow("src · +1")).click();
    await bench.see(`${right} .squiggly-error`, "the type error");
    assert.equal(await page.locator(".editor.original .squiggly-error").count(), 0);
    await bench.cursorIn("wrong");
    await page.keyboard.press("F8");
    await bench.see(".marker-widget >> text=/Type 'number' is not assignable to type 'string'/");
    await bench.picture("type-error");
    await page.keyboard.press("Escape");
    await goToDefinition(".editor-instance");
  });
  await step("the worktree's own tsconfig.json holds there", async () => {
    stage.write("tsconfig.json", '{"compilerOptions": {"strict": true}}\n');
    stage.commit("Be strict");
    await bench.newTask("Strict; write src/tax.ts export const same = (price) => price");
    await bench.notified("“Strict; write");
    await bench.tidy();
    await bench.row("Strict; write").locator(".monaco-tl-twistie").click();
    await (await bench.seeRow("tax.tssrc")).click();
    await bench.see(`${right} .squiggly-error`, "the type error");
    await bench.cursorIn("same");
    await page.keyboard.press("Home");
    await page.keyboard.press("F8");
    await bench.see(".marker-widget >> text=/implicitly has an 'any' type/");
    await bench.tidy();
  });
  await step("the Source Control view has no worktree", async () => {
    await page.locator('.activitybar [aria-label^="Source Control"]').first().click();
    await bench.see(".scm-view");
    await bench.picture("source-control");
    assert.equal(await page.locator(".scm-view .scm-provider").count(), 0, "a second repository is listed");
    await bench.view();
  });

  async function goToDefinition(within) {
    // The language server may still be starting. In a browser F12 alone is the browser's.
    await bench.until('.tab.active[data-resource-name="tax.ts"]', "the definition", async () => {
      await page.keyboard.press("Escape");
      await (await bench.see(`${within} ${right} .view-line:has-text("wrong") span:text-is("tax")`)).click();
      await page.keyboard.press("Control+F12");
    });
    await bench.see('.editor-instance .view-line:has-text("function tax")');
    await bench.see(".breadcrumbs-control >> text=worktrees", "the worktree's path");
    await bench.tidy();
  }
}
