/** Which task a command is about. */

import * as vscode from "vscode";
import type { TaskInfo, TaskState } from "../generated/protocol";
import type { Parts } from "../parts";
import { description, groupOf, LOOKS, stateOf } from "../tasks/attention";

/** What a command may be given: a node of the tree, or nothing from the palette. */
export type Given = {
  readonly kind?: string;
  readonly id?: string;
  readonly task?: string;
  /** By a key in the tree: what is selected there is meant. */
  readonly selected?: boolean;
};

/**
 * Give the task that was clicked, else the one in front, else ask for one.
 *
 * Only tasks in one of the states count; what was clicked counts in any, so that the
 * server says why it can't be.
 */
export async function pickTask(
  parts: Parts,
  given: Given | undefined,
  states: readonly TaskState[],
): Promise<TaskInfo | undefined> {
  const named = given?.selected ? parts.tree.selectedTask : (given?.id ?? given?.task);
  const clicked = parts.tasks.get(named ?? "");
  if (clicked) {
    return clicked;
  }
  const front = parts.reviewer.current;
  if (front && states.includes(stateOf(front))) {
    return front;
  }
  const fitting = parts.tasks
    .all()
    .filter((task) => states.includes(stateOf(task)))
    .sort((a, b) => b.rev - a.rev);
  if (fitting.length === 0) {
    void vscode.window.showInformationMessage(
      `No task is ${states.join(", ").replace(/, ([^,]*)$/, " or $1")}.`,
    );
    return undefined;
  }
  return chooseTask(fitting, "Choose a task");
}

/** Let a person choose one of some tasks. */
export async function chooseTask(
  tasks: readonly TaskInfo[],
  placeHolder: string,
): Promise<TaskInfo | undefined> {
  const chosen = await vscode.window.showQuickPick(
    tasks.map((task) => ({
      label: `$(${LOOKS[stateOf(task)].icon}) ${task.title}`,
      description: task.id,
      detail: `${groupOf(task).title} · ${description(task, Date.now())}`,
      task,
    })),
    { placeHolder, matchOnDescription: true, matchOnDetail: true },
  );
  return chosen?.task;
}

export const LIVE_STATES: readonly TaskState[] = ["preparing", "working", "waiting", "checking"];
export const OPEN_STATES: readonly TaskState[] = [
  "queued",
  ...LIVE_STATES,
  "review",
  "failed",
  "interrupted",
];
export const REVIEWABLE_STATES: readonly TaskState[] = [
  "review",
  "waiting",
  "working",
  "checking",
  "failed",
  "interrupted",
];
