/** Telling the person that a task waits, failed or is done, with buttons that act. */

import * as vscode from "vscode";
import type { TaskInfo, TaskState } from "../generated/protocol";
import { choiceLabel } from "../tasks/attention";
import type { Change } from "../tasks/list";
import type { Tasks } from "../tasks/tasks";
import type { Panels } from "../terminal/panels";

const SAYINGS: Partial<Record<TaskState, (task: TaskInfo) => string>> = {
  waiting: (task) => `“${task.title}” waits for you${because(task)}`,
  failed: (task) => `“${task.title}” failed${because(task)}`,
  interrupted: (task) => `“${task.title}” was interrupted${because(task)}`,
  review: (task) => `“${task.title}” is ready for review.`,
};

const BUTTONS: Readonly<Record<string, string>> = {
  Review: "agentls.ui.review",
  "Open Output": "agentls.ui.openOutput",
  Resume: "agentls.ui.resume",
  Retry: "agentls.ui.retry",
};

const OFFERED: Partial<Record<TaskState, readonly string[]>> = {
  waiting: ["Open Output"],
  failed: ["Open Output", "Retry"],
  interrupted: ["Resume", "Open Output"],
  review: ["Review", "Open Output"],
};

export class Telling implements vscode.Disposable {
  readonly #panels: Panels;
  readonly #owned: vscode.Disposable;
  readonly #mine = new Set<string>();

  constructor(tasks: Tasks, panels: Panels) {
    this.#panels = panels;
    this.#owned = tasks.onDidChange((change) => void this.#tell(change));
  }

  /** Tell of this task whatever folder it belongs to: it was asked for here. */
  follow(task: TaskInfo): void {
    this.#mine.add(task.id);
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async #tell({ before, after }: Change): Promise<void> {
    if (!before || !after || before.state === after.state || !this.#concerns(after)) {
      return;
    }
    const state = after.state as TaskState;
    const saying = SAYINGS[state];
    const wanted = vscode.workspace.getConfiguration("agentls").get<string[]>("notifications", []);
    // Undone and restored tasks come to review too, by the person's own doing.
    const asked = state === "review" && (before.state === "merged" || before.state === "discarded");
    if (!saying || asked || !wanted.includes(state) || this.#isSeen(after)) {
      return;
    }
    const show =
      state === "failed"
        ? vscode.window.showErrorMessage
        : state === "review"
          ? vscode.window.showInformationMessage
          : vscode.window.showWarningMessage;
    const choices = new Map(after.asked?.choices?.map((choice) => [choiceLabel(choice), choice]));
    const chosen = await show(saying(after), ...choices.keys(), ...(OFFERED[state] ?? []));
    const choice = choices.get(chosen ?? "");
    if (choice !== undefined) {
      await vscode.commands.executeCommand("agentls.ui.answerWith", { id: after.id, choice });
      return;
    }
    const command = chosen && BUTTONS[chosen];
    if (command) {
      await vscode.commands.executeCommand(command, { kind: "task", id: after.id });
    }
  }

  #concerns(task: TaskInfo): boolean {
    const folders = vscode.workspace.workspaceFolders ?? [];
    return (
      this.#mine.has(task.id) ||
      folders.some(({ uri }) => {
        const folder = uri.toString();
        return folder === task.repository || folder.startsWith(`${task.repository}/`);
      })
    );
  }

  #isSeen(task: TaskInfo): boolean {
    return vscode.window.state.focused && task.state !== "review" && this.#panels.isInFront(task);
  }
}

function because(task: TaskInfo): string {
  return task.why ? `: ${task.why}` : ".";
}
