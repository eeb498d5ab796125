/** The queue: whether it goes on, and in which order tasks begin. */

import * as vscode from "vscode";
import type { TaskInfo } from "../generated/protocol";
import type { Parts } from "../parts";
import { description, stateOf } from "../tasks/attention";
import { type Given, OPEN_STATES, pickTask } from "./pick";

/** Let nothing more begin; what runs goes on. */
export async function pauseQueue(parts: Parts): Promise<void> {
  await parts.connection.ask("agentls.pauseQueue", {});
}

export async function resumeQueue(parts: Parts): Promise<void> {
  await parts.connection.ask("agentls.resumeQueue", {});
}

/** Say how early a queued task begins, beside the others that are queued. */
export async function setPriority(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, ["queued"]);
  const priority = task && (await askPriority(parts, task));
  if (!task || priority === undefined) {
    return;
  }
  const set = await parts.connection.ask("agentls.setPriority", { task: task.id, priority });
  if (set) {
    parts.tasks.take(set.task);
  }
}

async function askPriority(parts: Parts, task: TaskInfo): Promise<number | undefined> {
  const others = parts.tasks
    .all()
    .filter((one) => one.state === "queued" && one.id !== task.id)
    .map((one) => one.priority ?? 0);
  const [before, behind] = [Math.max(0, ...others) + 1, Math.min(0, ...others) - 1];
  const chosen = await vscode.window.showQuickPick(
    [
      { label: "$(arrow-up) Before the others", description: String(before), priority: before },
      { label: "$(dash) In the order of asking", description: "0", priority: 0 },
      { label: "$(arrow-down) Behind the others", description: String(behind), priority: behind },
    ],
    { title: `Priority of “${task.title}”`, placeHolder: `It has ${task.priority ?? 0}` },
  );
  return chosen?.priority;
}

/** Choose the tasks that must be merged before a queued one begins. */
export async function beginAfter(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, ["queued"]);
  if (!task) {
    return;
  }
  const fitting = parts.tasks
    .all()
    .filter((one) => one.id !== task.id && isForerunner(one, task))
    .map((one) => ({
      label: one.title,
      description: one.id,
      detail: description(one, Date.now()),
      picked: task.after?.includes(one.id) ?? false,
    }));
  if (fitting.length === 0) {
    void vscode.window.showInformationMessage(
      `No other open task merges into ${task.target} of this repository.`,
    );
    return;
  }
  const chosen = await vscode.window.showQuickPick(fitting, {
    title: `“${task.title}” begins when these are merged`,
    placeHolder: "None: as soon as there is a place",
    canPickMany: true,
    ignoreFocusOut: true,
  });
  if (!chosen) {
    return;
  }
  const after = chosen.map((one) => one.description);
  const set = await parts.connection.ask("agentls.setAfter", { task: task.id, after });
  if (set) {
    parts.tasks.take(set.task);
  }
}

/** Whether a task may stand before another one: what it merges comes to where that begins. */
function isForerunner(one: TaskInfo, task: TaskInfo): boolean {
  return (
    OPEN_STATES.includes(stateOf(one)) &&
    one.repository === task.repository &&
    one.target === task.target
  );
}
