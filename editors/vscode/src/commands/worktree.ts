/** Open a task's worktree in a window of its own, where languages have their folder. */

import * as vscode from "vscode";
import type { Parts } from "../parts";
import { type Given, OPEN_STATES, pickTask } from "./pick";

export async function openWorktree(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, OPEN_STATES);
  if (task) {
    await vscode.commands.executeCommand("vscode.openFolder", vscode.Uri.parse(task.worktree), {
      forceNewWindow: true,
    });
  }
}
