/** Give a task another title. */

import * as vscode from "vscode";
import type { Parts } from "../parts";
import { type Given, OPEN_STATES, pickTask } from "./pick";

export async function rename(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, OPEN_STATES);
  const title =
    task &&
    (await vscode.window.showInputBox({
      title: "Rename Task",
      prompt: `Its branch stays ${task.branch}`,
      value: task.title,
      validateInput: (text) => (text.trim() ? undefined : "Give it a title."),
    }));
  if (!task || title === undefined) {
    return;
  }
  const renamed = await parts.connection.ask("agentls.renameTask", { task: task.id, title });
  if (renamed) {
    parts.tasks.take(renamed.task);
  }
}
