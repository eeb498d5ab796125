/** Merge a task, and open the next review. */

import * as vscode from "vscode";
import type { MergeStrategy, TaskInfo } from "../generated/protocol";
import type { Parts } from "../parts";
import { failureOf } from "../wire";
import { type How, wayOn } from "./mergeRefused";
import { type Given, pickTask } from "./pick";
import { openNext } from "./review";

export async function merge(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, ["review"]);
  if (task) {
    await mergeAndGoOn(parts, task, {});
  }
}

/** Merge in another way than the configured one, with a message of one's own. */
export async function mergeWith(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, ["review"]);
  const strategy = task && (await askStrategy(task));
  if (!task || !strategy) {
    return;
  }
  const preview = await parts.connection.ask("agentls.previewMerge", { task: task.id, strategy });
  if (!preview) {
    return;
  }
  if (preview.message === undefined) {
    await mergeAndGoOn(parts, task, { strategy });
    return;
  }
  const subject = preview.message.split("\n")[0] ?? "";
  const typed = await vscode.window.showInputBox({
    title: `Merge “${task.title}” into ${task.target}`,
    prompt: "The commit's first line; the rest of the message stays",
    value: subject,
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() ? undefined : "A commit needs a message."),
  });
  if (typed !== undefined) {
    const message = typed.trim() + preview.message.slice(subject.length);
    await mergeAndGoOn(parts, task, { strategy, message });
  }
}

async function askStrategy(task: TaskInfo): Promise<MergeStrategy | undefined> {
  const items: (vscode.QuickPickItem & { readonly strategy: MergeStrategy })[] = [
    { label: "Squash", description: "one commit", strategy: "squash" },
    { label: "Merge", description: "the agent's commits, and a merge commit", strategy: "merge" },
    {
      label: "Rebase",
      description: "the agent's commits, one after the other",
      strategy: "rebase",
    },
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: `Merge “${task.title}” into ${task.target}`,
    placeHolder: "How?",
  });
  return chosen?.strategy;
}

async function mergeAndGoOn(parts: Parts, task: TaskInfo, how: How): Promise<void> {
  if (!(await saved(task)) || !(await mergeIt(parts, task, how))) {
    return;
  }
  if (parts.tasks.all().some((one) => one.state === "review")) {
    await openNext(parts);
  }
}

async function mergeIt(parts: Parts, task: TaskInfo, how: How): Promise<boolean> {
  try {
    const merged = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: `Merging “${task.title}”` },
      (progress, cancel) =>
        parts.connection.request(
          "agentls.mergeTask",
          { task: task.id, ...how },
          {
            cancel,
            report: (message) => progress.report({ message }),
          },
        ),
    );
    parts.tasks.take(merged.task);
    parts.connection.background(offerUndo(parts, merged.task));
    return true;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind === "daemonRestarted" && (await isMergedAllTheSame(parts, task))) {
      return true;
    }
    const next = await wayOn(parts, task, how, failure);
    return next !== undefined && mergeIt(parts, task, next);
  }
}

/** Whether the next daemon finished what the one before had begun. */
async function isMergedAllTheSame(parts: Parts, { id }: TaskInfo): Promise<boolean> {
  await parts.tasks.refresh();
  const task = parts.tasks.get(id);
  if (task?.state !== "merged") {
    return false;
  }
  parts.connection.background(offerUndo(parts, task));
  return true;
}

async function offerUndo(parts: Parts, task: TaskInfo): Promise<void> {
  const undo = "Undo";
  const commit = task.mergedCommit?.slice(0, 8);
  const message = `“${task.title}” is in ${task.target} as ${commit}.`;
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

/** Unsaved text is out of git's sight: ask before a merge goes over it. */
async function saved(task: TaskInfo): Promise<boolean> {
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
  const results = await Promise.all(
    concerned.map((document) => document.isClosed || document.save()),
  );
  if (results.every(Boolean)) {
    return true;
  }
  void vscode.window.showErrorMessage("Not all files could be saved; nothing was merged.");
  return false;
}
