/** Which task a command is about. */

import * as vscode from "vscode";
import type { TaskInfo, TaskState } from "../generated/protocol";
import type { Parts } from "../parts";
import { description, groupOf, LOOKS, stateOf } from "../tasks/attention";

/** What a command may be given: a node of the tree, or nothing from the palette. */
export type Given = { readonly kind?: string; readonly id?: string; readonly task?: string };

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
  const clicked = parts.tasks.get(given?.id ?? given?.task ?? "");
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
  const chosen = await vscode.window.showQuickPick(
    fitting.map((task) => ({
      label: `$(${LOOKS[stateOf(task)].icon}) ${task.title}`,
      description: task.id,
      detail: `${groupOf(task).title} · ${description(task, Date.now())}`,
      task,
    })),
    { placeHolder: "Choose a task", matchOnDescription: true, matchOnDetail: true },
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
