/** A pull or merge request in place of a merge. */

import * as vscode from "vscode";
import type { Parts } from "../parts";
import { type Given, pickTask } from "./pick";

export async function createPullRequest(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, ["review"]);
  if (!task) {
    return;
  }
  const url = task.pullRequest?.url;
  if (url) {
    await vscode.env.openExternal(vscode.Uri.parse(url));
    return;
  }
  const title = await vscode.window.showInputBox({
    title: "Create Pull Request",
    prompt: "Its title; the briefing is its text",
    value: task.title,
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() ? undefined : "Give it a title."),
  });
  if (title === undefined) {
    return;
  }
  const made = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Pushing “${task.title}”` },
    () => parts.connection.ask("agentls.createPullRequest", { task: task.id, title: title.trim() }),
  );
  if (!made) {
    return;
  }
  parts.tasks.take(made.task);
  const page = made.task.pullRequest?.url ?? made.offer;
  const said = made.program ? "has a pull request" : "was pushed";
  const open = "Open in Browser";
  const chosen = await vscode.window.showInformationMessage(
    `“${task.title}” ${said}.`,
    ...(page ? [open] : []),
  );
  if (chosen === open && page) {
    await vscode.env.openExternal(vscode.Uri.parse(page));
  }
}
