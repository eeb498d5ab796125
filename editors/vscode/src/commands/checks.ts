/** Run a task's checks again. */

import * as vscode from "vscode";
import type { Parts } from "../parts";
import { type Given, pickTask } from "./pick";

export async function runChecks(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, ["review", "failed", "interrupted"]);
  if (!task) {
    return;
  }
  // Answered when they are over; cancelling stops them.
  const ran = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `Checking “${task.title}”`,
      cancellable: true,
    },
    (progress, cancel) =>
      parts.connection.ask(
        "agentls.runChecks",
        { task: task.id },
        { cancel, report: (message) => progress.report({ message }) },
      ),
  );
  if (!ran) {
    return;
  }
  parts.tasks.take(ran.task);
  const checks = ran.task.checks ?? [];
  const said =
    checks.length === 0
      ? "has no checks; `checks.NAME` in .agentls.toml makes some"
      : checks.map(({ name, outcome }) => `${name}: ${outcome}`).join(", ");
  vscode.window.setStatusBarMessage(`$(beaker) “${task.title}” ${said}`, 10_000);
}
