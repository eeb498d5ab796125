/** Clean Up: what may go and how much room that frees, shown before it goes. */

import * as vscode from "vscode";
import type { GcItem } from "../generated/protocol";
import type { Parts } from "../parts";

const WORDS: Readonly<Record<string, string>> = {
  compressLog: "compress the output of",
  dropLog: "drop the output of",
  dropWorktree: "drop the worktree of",
  dropSetup: "drop",
};

export async function cleanUp(parts: Parts): Promise<void> {
  const found = await parts.connection.ask("agentls.gc", {});
  if (!found) {
    return;
  }
  if (found.items.length === 0) {
    void vscode.window.showInformationMessage("There is nothing to clean up.");
    return;
  }
  const go = "Clean Up";
  const named = ({ task }: GcItem) =>
    task === undefined ? "what a setup made" : `“${parts.tasks.get(task)?.title ?? task}”`;
  const chosen = await vscode.window.showInformationMessage(
    `This frees about ${size(sum(found.items))}.`,
    {
      modal: true,
      detail: [
        "What tasks did stays in their checkpoints.",
        ...found.items.map((item) => `${WORDS[item.what] ?? item.what} ${named(item)}`),
      ].join("\n"),
    },
    go,
  );
  const done = chosen === go && (await parts.connection.ask("agentls.gc", { apply: true }));
  if (done) {
    vscode.window.setStatusBarMessage(`$(check) ${size(sum(done.items))} freed`, 5000);
  }
}

function sum(items: readonly GcItem[]): number {
  return items.reduce((bytes, { frees }) => bytes + frees, 0);
}

/** Say a number of bytes in its largest unit. */
export function size(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB"];
  const at = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** at).toFixed(at === 0 ? 0 : 1)} ${units[at]}`;
}
