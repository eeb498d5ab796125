/** Merge a task, and open the next review. */

import * as vscode from "vscode";
import type { TaskInfo } from "../generated/protocol";
import type { Parts } from "../parts";
import { failureOf, sentence } from "../wire";
import { type Given, pickTask } from "./pick";
import { openNext } from "./review";

export async function merge(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, ["review"]);
  if (!task || !(await saved(parts, task))) {
    return;
  }
  if (await mergeIt(parts, task, { stop: false })) {
    await parts.reviewer.close(task);
    if (parts.tasks.all().some((one) => one.state === "review")) {
      await openNext(parts);
    }
  }
}

async function mergeIt(
  parts: Parts,
  task: TaskInfo,
  { stop }: { stop: boolean },
): Promise<boolean> {
  try {
    const merged = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: `Merging “${task.title}”` },
      (progress, cancel) =>
        parts.connection.request(
          "agentls.mergeTask",
          { task: task.id, ...(stop ? { stop } : {}) },
          {
            cancel,
            report: (message) => progress.report({ message }),
          },
        ),
    );
    parts.tasks.take(merged.task);
    const commit = merged.commit.slice(0, 8);
    void offerUndo(parts, task, `“${task.title}” is in ${task.target} as ${commit}.`);
    return true;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind === "invalidState" && !stop && isAtWork(parts, task)) {
      const yes = "Stop and Merge";
      const chosen = await vscode.window.showWarningMessage(
        `The agent of “${task.title}” is still at work.`,
        { modal: true, detail: "Stopping it keeps all that it did." },
        yes,
      );
      return chosen === yes && mergeIt(parts, task, { stop: true });
    }
    if (failure.kind === "conflict") {
      const open = "Open Worktree";
      const chosen = await vscode.window.showErrorMessage(sentence(failure), open);
      if (chosen === open) {
        await vscode.commands.executeCommand("agentls.ui.openWorktree", { id: task.id });
      }
      return false;
    }
    parts.connection.tell(failure);
    return false;
  }
}

async function offerUndo(parts: Parts, task: TaskInfo, message: string): Promise<void> {
  const undo = "Undo";
  if ((await vscode.window.showInformationMessage(message, undo)) === undo) {
    await undoMerge(parts, task);
  }
}

/** Take a merge back while nothing came after it. */
export async function undoMerge(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, ["merged"]);
  const undone = task && (await parts.connection.ask("agentls.undoMerge", { task: task.id }));
  if (undone) {
    parts.tasks.take(undone.task);
  }
}

function isAtWork(parts: Parts, task: TaskInfo): boolean {
  return ["preparing", "working", "waiting", "checking"].includes(
    parts.tasks.get(task.id)?.state ?? "",
  );
}

/** Unsaved text is out of git's sight: ask before a merge goes over it. */
async function saved(parts: Parts, task: TaskInfo): Promise<boolean> {
  const concerned = vscode.workspace.textDocuments.filter((document) => {
    const uri = document.uri.toString();
    return (
      document.isDirty &&
      (uri.startsWith(`${task.worktree}/`) || uri.startsWith(`${task.repository}/`))
    );
  });
  if (concerned.length === 0) {
    return true;
  }
  const save = "Save All and Merge";
  const chosen = await vscode.window.showWarningMessage(
    `${concerned.length} ${concerned.length === 1 ? "file isn't" : "files aren't"} saved.`,
    {
      modal: true,
      detail: concerned.map(({ uri }) => vscode.workspace.asRelativePath(uri)).join("\n"),
    },
    save,
  );
  if (chosen !== save) {
    return false;
  }
  const results = await Promise.all(concerned.map((document) => document.save()));
  if (results.every(Boolean)) {
    return true;
  }
  parts.connection.tell(failureOf(new Error("Not all files could be saved; nothing was merged.")));
  return false;
}
