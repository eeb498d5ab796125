/** What a person decides: answers, parts of a change, comments, checks, pull requests. */

import assert from "node:assert/strict";
import { until } from "./until.mjs";

export async function decisions({ stage, bench, page, step }) {
  await step("an agent's question is answered by a button, from the list, and in words", async () => {
    await bench.newTask("Allowed; ask make all");
    await bench.notified("It wants to run make all");
    await bench.picture("asks");
    await bench.press("Allow");
    await bench.notified("“Allowed; ask make all” is ready");
    await bench.newTask("Denied; ask rm it");
    await bench.notified("It wants to run rm it");
    await bench.menu("Denied", "Answer…");
    await bench.choose("Deny");
    await bench.notified("“Denied; ask rm it” is ready");
    await bench.newTask("Told; ask make most");
    await bench.notified("It wants to run make most");
    await bench.inline("Told", "Answer…");
    await bench.choose("In words…");
    await bench.answer("Told; ask", "use ninja");
    await bench.notified("“Told; ask make most” is ready");
    assert.deepEqual(stage.heard().match(/answered .*/g), ["answered 1", "answered 2", "answered 3use ninja"]);
    await bench.tidy();
  });
  await step("a file of the list is opened, taken, refused", async () => {
    stage.write("../parts", "write src/good.txt good\nwrite src/bad.txt bad\nwrite src/left.txt left\n");
    await bench.newTask("Parts; play parts");
    await bench.notified("“Parts; play");
    await bench.expand("Parts; play");
    await (await bench.seeRow("good.txt")).click();
    await bench.see('.editor-instance .view-line:has-text("good")');
    await bench.inline("left.txt", "Open File");
    await bench.see('.tab.active:has-text("left.txt")');
    await bench.menu("good.txt", "Take into Target");
    await bench.gone('.pane-body .monaco-list-row:has-text("good.txt")');
    assert.equal(stage.git("show", "main:src/good.txt"), "good");
    await bench.menu("bad.txt", "Refuse");
    await bench.notified("1 change refused");
    await bench.gone('.pane-body .monaco-list-row:has-text("bad.txt")');
    await bench.press("Undo");
    await bench.seeRow("bad.txt");
    await bench.picture("parts");
    await bench.tidy();
    await bench.expand("Parts; play");
  });
  await step("a comment on the old side is edited while another one comes, resolved, taken up again, deleted", async () => {
    await bench.newTask("Old; write src/cart.py # end");
    await bench.notified("“Old; write");
    await bench.menu("Old; write", "Review");
    await bench.commentOn("return len(prices)", "Why a length?", ".editor.original");
    await bench.see(".review-comment >> text=Why a length?");
    const { id } = stage.told("Old; write");
    const told = () => JSON.parse(stage.agentls("comments", id, "--all", "--json")).comments;
    assert.deepEqual([told()[0].side, told()[0].path, told()[0].line], ["old", "src/cart.py", 6]);
    await bench.onComment("Why a length?", "Edit Comment");
    await bench.see(".review-comment .edit-textarea .monaco-editor");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("Why not a product?");
    stage.agentls("comment", id, "--reply", String(told()[0].id), "From elsewhere.");
    await bench.see(".review-comment >> text=From elsewhere.");
    await bench.press("Save", ".review-comment");
    await until(() => told()[0].text === "Why not a product?");
    stage.agentls("comments", id, "--delete", String(told()[1].id));
    await bench.gone(".review-comment >> text=From elsewhere.");
    await bench.onThread("Resolve");
    await until(() => told()[0].state === "resolved");
    await bench.picture("resolved");
    await bench.expandThread("Why not a product?");
    await bench.onThread("Unresolve");
    await until(() => told()[0].state === "open");
    await bench.onComment("Why not a product?", "Delete Comment");
    await until(() => told().length === 0);
    await bench.tidy();
  });
  await step("where a change comes from is told at the cursor", async () => {
    await bench.menu("Old; write", "Review");
    await bench.cursorIn("# end");
    await bench.command("Agent Tasks: Show Where Change Comes From");
    await bench.notified("Made in turn 1 (“Old; write src/cart.py # end”)");
    await bench.tidy();
  });
  await step("a failed check stands in the way; it runs again, or is gone over", async () => {
    const passes = stage.path("lint-passes");
    stage.configure(`[checks.lint]\nrun = "test -e '${passes}'"\npaths = ["src/checked*"]\n`);
    await bench.newTask("Lint; write src/checked.txt x");
    await bench.seeRow("Its check lint failed");
    await bench.inline("Lint; write", "Merge");
    await bench.notified("Its check lint failed");
    await bench.picture("check-failed");
    await bench.press("Show Briefing");
    const preview = page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
    await preview.locator("text=lint").first().waitFor();
    await bench.tidy();
    stage.letGo("lint-passes");
    await bench.menu("Lint; write", "Run Checks");
    await bench.gone('.pane-body .monaco-list-row:has-text("Its check lint failed")');
    assert.equal(stage.told("Lint; write").checks[0].outcome, "passed");
    stage.holdBack("lint-passes");
    await bench.newTask("Over; write src/checked2.txt x");
    await bench.seeRow("Its check lint failed");
    await bench.inline("Over; write", "Merge");
    await bench.notified("Its check lint failed");
    await bench.press("Merge Anyway");
    await bench.notified("“Over; write src/checked2.txt x” is in main");
    assert.equal(stage.git("show", "main:src/checked2.txt"), "x");
    await bench.tidy();
  });
  await step("a merge is taken back from the list", async () => {
    await bench.expand("Done");
    await bench.menu("Over; write", "Undo Merge");
    await until(() => stage.told("Over; write").state === "review");
    assert.throws(() => stage.git("show", "main:src/checked2.txt"));
    await bench.expand("Done");
  });
  await step("a branch is pushed and a pull request made of it by gh", async () => {
    // No forge can be reached here: a bare repository and a `gh` that notes its call stand in.
    const bare = stage.makeRemote("https://github.com/owner/shop.git");
    const calls = stage.path("gh-calls");
    stage.program("gh", GH.replaceAll("CALLS", calls));
    await bench.menu("Old; write", "Create Pull Request…");
    await bench.answer("Create Pull Request", "Mark the end");
    await bench.notified("has a pull request");
    const { pullRequest, branch } = stage.told("Old; write");
    assert.deepEqual([pullRequest.url, pullRequest.state], ["https://github.com/owner/shop/pull/7", "open"]);
    assert.match(stage.git("--git-dir", bare, "show", `${branch}:src/cart.py`), /# end/);
    assert.match(stage.read("gh-calls"), /pr create .*--title Mark the end/);
    await bench.tidy();
  });
}

const GH = `#!/bin/sh
echo "$@" >>'CALLS'
case "$1 $2" in
"pr create") echo 'https://github.com/owner/shop/pull/7' ;;
"pr view") echo '{"state": "OPEN", "isDraft": false}' ;;
*) exit 2 ;;
esac
`;
