/** Edit the prompt of a task that hasn't begun, or that failed, in an editor. */

import * as vscode from "vscode";
import type { Parts } from "../parts";
import { type Given, pickTask } from "./pick";

export async function editPrompt(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, ["queued", "failed"]);
  if (task) {
    await vscode.window.showTextDocument(parts.prompts.uriOf(task), { preview: false });
    vscode.window.setStatusBarMessage("$(info) Save the file to keep the prompt", 10_000);
  }
}
