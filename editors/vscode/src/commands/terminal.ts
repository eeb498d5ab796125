/** A task's terminal: in the panel, or with `agentls attach` in one of VS Code's own. */

import * as vscode from "vscode";
import type { TaskState } from "../generated/protocol";
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
  const { launch } = parts.connection;
  if (task && launch) {
    const [shellPath, ...shellArgs] = [...launch, "attach", task.id];
    vscode.window
      .createTerminal({
        name: task.title,
        shellPath: shellPath ?? "",
        shellArgs,
        iconPath: new vscode.ThemeIcon("terminal"),
        isTransient: true,
      })
      .show();
  }
}
