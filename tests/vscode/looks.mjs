/** What all of it looks like, in the light and in the dark: for somebody's eyes. */

export async function looks({ stage, bench, page, step }) {
  await step("tasks of all kinds stand in the list, the one that conflicts marked", async () => {
    stage.write("src/colour.txt", "blue\n");
    await bench.newTask("Red; write src/colour.txt red");
    await bench.notified("“Red; write");
    stage.agentls("forecast"); // no editor told of the file that was written
    await bench.newTask("Break; print 3; fail never");
    await bench.seeRow("Needs You");
    await bench.newTask("Wait; print 3; wait forever");
    await bench.seeRow("Working");
    await bench.see('.pane-body .monaco-list-row:has-text("Red; write") [class*="monaco-decoration-itemBadge"]', "the mark of a conflict");
  });
  await step("the review is drawn in a light and in a dark theme", async () => {
    await bench.tidy();
    await bench.row("Red; write").locator(".monaco-tl-twistie").click();
    // Not by the order of review: what merges cleanly comes first there.
    await bench.inline("Red; write", "Review");
    await bench.see('.multiDiffEntry .editor.modified .view-line:has-text("red")');
    await bench.picture("light");
    await bench.command("Preferences: Toggle between Light/Dark Themes");
    await bench.see(".monaco-workbench.vs-dark", "the dark theme");
    await bench.picture("dark");
    await bench.command("Preferences: Toggle between Light/Dark Themes");
    await bench.see(".monaco-workbench.vs", "the light theme");
    stage.git("checkout", "--", ".");
    await bench.tidy();
  });
}
