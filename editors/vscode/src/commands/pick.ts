/** Which task a command is about. */

import * as vscode from "vscode";
import type { FileInfo, TaskInfo, TaskState } from "../generated/protocol";
import type { Parts } from "../parts";
import { description, groupOf, LOOKS, stateOf } from "../tasks/attention";

/** What a command may be given: a node of the tree, or nothing from the palette. */
export type Given = {
  readonly kind?: string;
  readonly id?: string;
  readonly task?: string;
  /** The file of a node that is one. */
  readonly file?: FileInfo;
  /** By a key in the tree: what is selected there is meant. */
  readonly selected?: boolean;
  /** By a click on a row that VS Code lost. */
  readonly missed?: boolean;
};

/** Which tasks count besides by their states, and what is said where there is none. */
export interface Narrowed {
  readonly only?: (task: TaskInfo) => boolean;
  readonly none?: string;
}

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
  { only = () => true, none }: Narrowed = {},
): Promise<TaskInfo | undefined> {
  const isFitting = (task: TaskInfo) => states.includes(stateOf(task)) && only(task);
  const named = given?.selected ? parts.tree.selectedTask : (given?.id ?? given?.task);
  const clicked = parts.tasks.get(named ?? "");
  if (clicked) {
    return clicked;
  }
  if (given?.missed) {
    tellMissed();
    return undefined;
  }
  if (given?.selected) {
    void vscode.window.showInformationMessage("Select a task in the list.");
    return undefined;
  }
  const front = parts.reviewer.current;
  if (front && isFitting(front)) {
    return front;
  }
  const fitting = parts.tasks
    .all()
    .filter(isFitting)
    .sort((a, b) => b.rev - a.rev);
  if (fitting.length === 0) {
    void vscode.window.showInformationMessage(
      none ?? `No task is ${states.join(", ").replace(/, ([^,]*)$/, " or $1")}.`,
    );
    return undefined;
  }
  return chooseTask(fitting, "Choose a task");
}

/** Say that nothing was done: to do it to another task than was meant would be worse. */
export function tellMissed(): void {
  void vscode.window.showWarningMessage(
    "What you clicked was drawn anew in that moment, so nothing was done. Click again.",
  );
}

/** Give the file of a task's change that was clicked. */
export function pickFile(
  parts: Parts,
  given: Given | undefined,
): { readonly task: TaskInfo; readonly file: FileInfo } | undefined {
  const task = parts.tasks.get(given?.task ?? "");
  if (task && given?.file) {
    return { task, file: given.file };
  }
  tellMissed();
  return undefined;
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
