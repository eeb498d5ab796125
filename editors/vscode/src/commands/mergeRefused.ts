/** What a person can do when a merge is refused. */

import * as vscode from "vscode";
import type { MergeTaskParams, TaskInfo } from "../generated/protocol";
import type { Parts } from "../parts";
import { askToSendAgain } from "../server/refusal";
import { hasFailedChecks, stateOf } from "../tasks/attention";
import { type Failure, sentence } from "../wire";
import { LIVE_STATES } from "./pick";
import { allowedToRun } from "./trust";
import { chooseResolver } from "./update";

/** How a task is to be merged. */
export type How = Omit<MergeTaskParams, "task">;

/** Show a refusal with its ways out; gives how to merge then, if that is one of them. */
export async function wayOn(
  parts: Parts,
  task: TaskInfo,
  how: How,
  failure: Failure,
): Promise<How | undefined> {
  const now = parts.tasks.get(task.id) ?? task;
  switch (failure.kind) {
    case "conflict":
      await chooseResolver(parts, task, sentence(failure));
      return undefined;
    case "daemonRestarted":
      return (await askToSendAgain(failure)) ? how : undefined;
    case "untrusted":
      return (await allowedToRun(parts, task.repository)) ? how : undefined;
    case "invalidState":
      if (!how.stop && LIVE_STATES.includes(stateOf(now))) {
        return (await stopsIt(now)) ? { ...how, stop: true } : undefined;
      }
      if (!how.force && hasFailedChecks(now)) {
        return (await goesOver(now, failure)) ? { ...how, force: true } : undefined;
      }
  }
  parts.connection.tell(failure);
  return undefined;
}

async function stopsIt(task: TaskInfo): Promise<boolean> {
  const yes = "Stop and Merge";
  const chosen = await vscode.window.showWarningMessage(
    `The agent of “${task.title}” is still at work.`,
    { modal: true, detail: "Stopping it keeps all that it did." },
    yes,
  );
  return chosen === yes;
}

/** Ask whether to merge although a check failed. */
async function goesOver(task: TaskInfo, { message }: Failure): Promise<boolean> {
  const [show, anyway] = ["Show Briefing", "Merge Anyway"];
  const chosen = await vscode.window.showWarningMessage(message, show, anyway);
  if (chosen === show) {
    await vscode.commands.executeCommand("agentls.ui.showBriefing", { id: task.id });
  }
  return chosen === anyway;
}
