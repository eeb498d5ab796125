/** Compare two tasks: what leads from one's work to the other's. */

import * as vscode from "vscode";
import type { ChangesResult, TaskInfo } from "../generated/protocol";
import type { Parts } from "../parts";
import { diffOf } from "../review/sides";
import { stateOf } from "../tasks/attention";
import { chooseTask, type Given, pickTask, REVIEWABLE_STATES } from "./pick";

export async function compare(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, REVIEWABLE_STATES);
  const other = task && (await pickOther(parts, task));
  const change = other && (await changeBetween(parts, task, other));
  if (!change) {
    return;
  }
  if (change.files.length === 0) {
    void vscode.window.showInformationMessage(
      `“${task.title}” (${task.id}) and “${other.title}” (${other.id}) did the same.`,
    );
    return;
  }
  await vscode.commands.executeCommand(
    "vscode.changes",
    `Compare: ${task.agent} (${task.id}) ↔ ${other.agent} (${other.id})`,
    diffOf(other, change.files),
  );
  await vscode.commands.executeCommand("workbench.action.keepEditor");
}

/** Choose what to compare with: of a race its other tasks alone. */
async function pickOther(parts: Parts, task: TaskInfo): Promise<TaskInfo | undefined> {
  const others = parts.tasks
    .all()
    .filter(
      (one) =>
        one.id !== task.id &&
        one.repository === task.repository &&
        REVIEWABLE_STATES.includes(stateOf(one)),
    );
  const { group } = task;
  const rivals = others.filter((one) => group?.kind === "race" && one.group?.id === group.id);
  const fitting = rivals.length > 0 ? rivals : others;
  if (fitting.length === 0) {
    void vscode.window.showInformationMessage("No other open task of this repository has work.");
    return undefined;
  }
  return fitting.length === 1
    ? fitting[0]
    : chooseTask(fitting, `Compare “${task.title}” (${task.id}) with …`);
}

/** Ask for all pages of the change. */
async function changeBetween(
  parts: Parts,
  { id: task }: TaskInfo,
  { id: other }: TaskInfo,
): Promise<Pick<ChangesResult, "files"> | undefined> {
  const files = [];
  let more: string | undefined;
  do {
    const page = await parts.connection.ask("agentls.compareTasks", {
      task,
      other,
      ...(more ? { more } : {}),
    });
    if (!page) {
      return undefined;
    }
    files.push(...page.changes.files);
    more = page.changes.more;
  } while (more);
  return { files };
}
