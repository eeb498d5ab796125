/** Conflicts with the target: resolved by the person, taken back, or left to the agent. */

import assert from "node:assert/strict";
import { until } from "./until.mjs";

export async function conflicts({ stage, bench, step }) {
  await step("a conflict at a merge is resolved in the merge editor, and then merged", async () => {
    await disagree("Hue; write", { path: "src/colour.txt", agent: "red", target: "grey\nblue" });
    await bench.inline("Hue; write", "Merge");
    await bench.notified("src/colour.txt");
    await bench.picture("merge-conflict");
    await bench.press("Resolve in Merge Editor");
    await bench.see(".merge-editor");
    const both = await bench.see('.merge-editor >> text=/Accept Combination/', "both sides at once");
    await both.click();
    await bench.picture("combined");
    await (await bench.see(".editor-group-container >> text=Complete Merge")).click();
    await bench.gone(".merge-editor");
    await bench.see(".sidebar .title >> text=/source control/i", "the view that VS Code shows then");
    await bench.view();
    assert.doesNotMatch(stage.readWorktree("Hue; write", "src/colour.txt"), /<<<|>>>/);
    await bench.inline("Hue; write", "Merge");
    await bench.notified("is in main as");
    assert.deepEqual(stage.git("show", "main:src/colour.txt").split("\n").sort(), ["blue", "grey", "red"]);
    await bench.tidy();
  });
  await step("a conflict is left to the agent", async () => {
    await disagree("Tone; write", { path: "src/tone.txt", agent: "warm", target: "cold" });
    await bench.inline("Tone; write", "Merge");
    await bench.notified("src/tone.txt");
    await bench.press("Let the Agent Resolve");
    await until(() => /src\/tone\.txt/.test(stage.heard().split("Tone; write src/tone.txt warm").at(-1)));
    await bench.tidy();
  });
  await step("an update that left conflicts is taken back, also while its merge editor is open", async () => {
    await disagree("Shade; write", { path: "src/shade.txt", agent: "dark", target: "light" });
    const entries = await bench.entries("Shade; write");
    assert.ok(entries.includes("Update from Target") && !entries.includes("Abort Update"), entries.join());
    await bench.menu("Shade; write", "Update from Target");
    await bench.press("Resolve in Merge Editor");
    await until(() => stage.readWorktree("Shade; write", "src/shade.txt") !== "dark\n");
    await bench.menu("Shade; write", "Abort Update");
    await until(() => stage.readWorktree("Shade; write", "src/shade.txt") === "dark\n");
  });

  /** Have an agent add one line to a file, and the target get another one meanwhile. */
  async function disagree(title, { path, agent, target }) {
    await bench.newTask(`${title} ${path} ${agent}`);
    await bench.notified(`“${title}`);
    stage.write(path, `${target}\n`);
    stage.commit(`Write ${path}`);
  }
}
