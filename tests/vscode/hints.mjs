/** Hints on the person's own lines that open tasks change as well. */

export async function hints({ stage, bench, page, step }) {
  await step("a file of one's own tells which of its lines a task changes too", async () => {
    await bench.openFile("cart.py");
    await bench.newTask("Cart; write src/cart.py # of the task");
    await bench.notified("“Cart; write");
    await bench.see(".editor-instance .squiggly-hint", "the hint");
    await bench.tidy();
  });
  await step("both having changed a line is said, and the quick fix opens the review", async () => {
    await bench.openFile("cart.py");
    await bench.cursorIn("return len(prices)", ".editor-instance");
    await page.keyboard.press("Control+End");
    await page.keyboard.type("# of mine");
    await page.keyboard.press("Control+s");
    await bench.see(".editor-instance .squiggly-hint", "the hint");
    await page.keyboard.press("Control+.");
    await bench.see(".action-widget");
    await bench.picture("hint");
    await page.locator('.action-widget .monaco-list-row:has-text("Review “Cart")').first().click();
    await bench.see('.multiDiffEntry .editor.modified .view-line:has-text("# of the task")');
    stage.git("checkout", "--", "src/cart.py");
  });
  await step("once it is merged, nothing is hinted at any more", async () => {
    await page.keyboard.press("Control+Alt+m");
    await bench.notified("is in main as");
    await bench.tidy();
    await bench.openFile("cart.py");
    await bench.see('.editor-instance .view-line:has-text("# of the task")');
    await bench.gone(".editor-instance .squiggly-hint");
    await bench.tidy();
  });
}
