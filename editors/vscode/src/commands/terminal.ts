/** A task's terminal: in the panel, or with `agentls attach` in one of VS Code's own. */

import * as vscode from "vscode";
import type { TaskInfo, TaskState } from "../generated/protocol";
import type { Parts } from "../parts";
import { type Given, pickTask } from "./pick";

const WITH_OUTPUT: readonly TaskState[] = [
  "waiting",
  "working",
  "checking",
  "preparing",
  "review",
  "failed",
  "interrupted",
  "merged",
];

export async function openOutput(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, WITH_OUTPUT);
  if (task) {
    parts.panels.show(task, { focus: true });
  }
}

export async function attachInTerminal(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, WITH_OUTPUT);
  if (task) {
    attach(parts, task, { name: task.title });
  }
}

/** Attach to a session of a task, to its present one if none is named. */
export function attach(
  parts: Parts,
  task: TaskInfo,
  { name, session }: { readonly name: string; readonly session?: string },
): void {
  const { launch } = parts.connection;
  if (launch) {
    const which = session === undefined ? [] : ["--session", session];
    const [shellPath, ...shellArgs] = [...launch, "attach", ...which, task.id];
    vscode.window
      .createTerminal({
        name,
        shellPath: shellPath ?? "",
        shellArgs,
        iconPath: new vscode.ThemeIcon("terminal"),
        isTransient: true,
      })
      .show();
  }
}
