/** Telling the person that a task waits, failed, is done, or ended elsewhere; buttons act. */

import * as vscode from "vscode";
import type { TaskInfo, TaskState } from "../generated/protocol";
import type { Parts } from "../parts";
import type { Reviewer } from "../review/reviewer";
import type { Connection } from "../server/connection";
import { choiceLabel, OVER, stateOf } from "../tasks/attention";
import type { Change } from "../tasks/list";
import type { Panels } from "../terminal/panels";

const SAYINGS: Partial<Record<TaskState, (task: TaskInfo) => string>> = {
  waiting: (task) => `“${task.title}” waits for you${because(task)}`,
  failed: (task) => `“${task.title}” failed${because(task)}`,
  interrupted: (task) => `“${task.title}” was interrupted${because(task)}`,
  review: (task) => `“${task.title}” is ready for review.`,
  merged: (task) => `“${task.title}” was merged into ${task.target} meanwhile.`,
  discarded: (task) => `“${task.title}” was discarded meanwhile. All of it is kept.`,
};

const BUTTONS: Readonly<Record<string, string>> = {
  Review: "agentls.ui.review",
  "Open Output": "agentls.ui.openOutput",
  Resume: "agentls.ui.resume",
  Retry: "agentls.ui.retry",
  Restore: "agentls.ui.restore",
  "Undo Merge": "agentls.ui.undoMerge",
};

const OFFERED: Partial<Record<TaskState, readonly string[]>> = {
  waiting: ["Open Output"],
  failed: ["Open Output", "Retry"],
  interrupted: ["Resume", "Open Output"],
  review: ["Review", "Open Output"],
  merged: ["Undo Merge"],
  discarded: ["Restore"],
};

export class Telling implements vscode.Disposable {
  readonly #connection: Connection;
  readonly #reviewer: Reviewer;
  readonly #panels: Panels;
  readonly #owned: vscode.Disposable;
  readonly #mine = new Set<string>();

  constructor(parts: Pick<Parts, "connection" | "tasks" | "reviewer" | "panels">) {
    this.#connection = parts.connection;
    this.#reviewer = parts.reviewer;
    this.#panels = parts.panels;
    this.#owned = parts.tasks.onDidChange((change) => {
      parts.connection.background(this.#tell(change));
    });
  }

  /** Tell of this task whatever folder it belongs to: it was asked for here. */
  follow(task: TaskInfo): void {
    this.#mine.add(task.id);
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async #tell({ before, after }: Change): Promise<void> {
    if (!before || !after || before.state === after.state) {
      return;
    }
    const state = stateOf(after);
    const saying = SAYINGS[state];
    if (!saying || !(OVER.has(state) ? this.#isTakenAway(after) : this.#isNews(before, after))) {
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
      await vscode.commands.executeCommand("agentls.ui.answerWith", { task: after, choice });
      return;
    }
    const command = chosen && BUTTONS[chosen];
    if (command) {
      await vscode.commands.executeCommand(command, { kind: "task", id: after.id });
    }
  }

  /** Whether the person is to be called to a task. */
  #isNews(before: TaskInfo, after: TaskInfo): boolean {
    const wanted = vscode.workspace.getConfiguration("agentls").get<string[]>("notifications", []);
    // Undone and restored tasks come to review too, by the person's own doing.
    const asked = after.state === "review" && OVER.has(stateOf(before));
    return !asked && wanted.includes(after.state) && this.#concerns(after) && !this.#isSeen(after);
  }

  /** Whether what the person looks at goes, and not by this window's own doing. */
  #isTakenAway(task: TaskInfo): boolean {
    return (
      this.#reviewer.isOpen(task) &&
      !this.#connection.isAsking(task.id) &&
      !this.#connection.isAsking(task.lostTo ?? task.id)
    );
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
    return vscode.window.state.focused && task.state !== "review" && this.#panels.isInUse(task);
  }
}

function because(task: TaskInfo): string {
  return task.why ? `: ${task.why}` : ".";
}
