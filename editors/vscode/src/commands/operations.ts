/** What is one request about one task. */

import * as vscode from "vscode";
import type { TaskInfo } from "../generated/protocol";
import type { Parts } from "../parts";
import { type Given, LIVE_STATES, OPEN_STATES, pickTask } from "./pick";

type Simple =
  | "agentls.startTask"
  | "agentls.stopTask"
  | "agentls.retryTask"
  | "agentls.resumeTask"
  | "agentls.restoreTask";

/** Begin a queued task now: past the queue, its limits and what it waits for. */
export async function startNow(parts: Parts, given?: Given): Promise<void> {
  await about(parts, "agentls.startTask", await pickTask(parts, given, ["queued"]));
}

export async function stop(parts: Parts, given?: Given): Promise<void> {
  await about(parts, "agentls.stopTask", await pickTask(parts, given, LIVE_STATES));
}

export async function retry(parts: Parts, given?: Given): Promise<void> {
  await about(parts, "agentls.retryTask", await pickTask(parts, given, ["failed", "interrupted"]));
}

export async function resume(parts: Parts, given?: Given): Promise<void> {
  const fitting = ["interrupted", "failed", "review"] as const;
  await about(parts, "agentls.resumeTask", await pickTask(parts, given, fitting));
}

export async function restore(parts: Parts, given?: Given): Promise<void> {
  await about(parts, "agentls.restoreTask", await pickTask(parts, given, ["discarded"]));
}

/** Discard at once: all is kept, and a button brings it back. */
export async function discard(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, OPEN_STATES);
  if (!task) {
    return;
  }
  const done = await parts.connection.ask("agentls.discardTask", { task: task.id });
  if (!done) {
    return;
  }
  parts.tasks.take(done.task);
  const back = "Restore";
  const chosen = await vscode.window.showInformationMessage(
    `“${task.title}” was discarded. All of it is kept.`,
    back,
  );
  if (chosen === back) {
    await about(parts, "agentls.restoreTask", task);
  }
}

async function about(parts: Parts, command: Simple, task: TaskInfo | undefined): Promise<void> {
  const answer = task && (await parts.connection.ask(command, { task: task.id }));
  if (answer) {
    parts.tasks.take(answer.task);
  }
}
