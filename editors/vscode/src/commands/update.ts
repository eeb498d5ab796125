/** Update from Target; what conflicts is resolved in VS Code's merge editor, or by the agent. */

import * as vscode from "vscode";
import type { TaskInfo, UpdateResolve, UpdateTaskParams } from "../generated/protocol";
import type { Parts } from "../parts";
import { failureOf, sentence } from "../wire";
import { type Given, pickTask, REVIEWABLE_STATES } from "./pick";

export async function update(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, REVIEWABLE_STATES);
  if (task) {
    await updateIt(parts, task, {});
  }
}

/** Bring back what was before an update that left conflicts. */
export async function abortUpdate(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, REVIEWABLE_STATES, {
    only: ({ openUpdate = false }) => openUpdate,
    none: "No task has an update that can be aborted.",
  });
  if (!task) {
    return;
  }
  // The checkpoint has it then, and no editor writes it over what is brought back.
  await saveAll(task);
  const aborted = await parts.connection.ask("agentls.updateTask", { task: task.id, abort: true });
  if (aborted) {
    parts.tasks.take(aborted.task);
    parts.sourceControl.keepOut(vscode.Uri.parse(task.worktree));
    vscode.window.setStatusBarMessage("$(check) The update was taken back", 5000);
  }
}

/** Save what is typed in editors of a task's worktree, such as a merge editor's result. */
async function saveAll({ worktree }: TaskInfo): Promise<void> {
  const unsaved = vscode.workspace.textDocuments.filter(
    ({ isDirty, uri }) => isDirty && uri.toString().startsWith(`${worktree}/`),
  );
  await Promise.all(unsaved.map((document) => document.save()));
}

async function updateIt(
  parts: Parts,
  task: TaskInfo,
  how: Pick<UpdateTaskParams, "resolve" | "stop">,
): Promise<void> {
  try {
    const updated = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: `Updating “${task.title}”` },
      () => parts.connection.request("agentls.updateTask", { task: task.id, ...how }),
    );
    parts.tasks.take(updated.task);
    parts.changes.drop(task.id);
    if (updated.outcome === "conflicts" && how.resolve === "editor") {
      await openMergeEditors(parts, task, updated.uris ?? []);
      return;
    }
    const said = updated.outcome === "current" ? "is up to date with" : "was brought up to";
    vscode.window.setStatusBarMessage(`$(check) “${task.title}” ${said} ${updated.source}`, 5000);
  } catch (error) {
    await refused(parts, task, how, error);
  }
}

async function refused(
  parts: Parts,
  task: TaskInfo,
  how: Pick<UpdateTaskParams, "resolve" | "stop">,
  error: unknown,
): Promise<void> {
  const failure = failureOf(error);
  if (failure.kind !== "conflict" || how.resolve) {
    parts.connection.tell(failure);
    return;
  }
  await chooseResolver(parts, task, sentence(failure));
}

/** Offer the ways out of a conflict with the target. */
export async function chooseResolver(parts: Parts, task: TaskInfo, message: string): Promise<void> {
  const ways: Readonly<Record<string, UpdateResolve>> = {
    "Resolve in Merge Editor": "editor",
    "Let the Agent Resolve": "agent",
  };
  const chosen = await vscode.window.showWarningMessage(message, ...Object.keys(ways));
  const resolve = chosen && ways[chosen];
  if (resolve) {
    await updateIt(parts, task, { resolve });
  }
}

async function openMergeEditors(
  parts: Parts,
  task: TaskInfo,
  uris: readonly string[],
): Promise<void> {
  // VS Code's git has the three sides, and stages what was resolved.
  const threeSided = await parts.sourceControl.open(vscode.Uri.parse(task.worktree));
  for (const text of uris) {
    const uri = vscode.Uri.parse(text);
    if (threeSided.has(uri.toString())) {
      const sides = { own: task.title, other: task.target };
      await parts.sourceControl.openMergeEditor(uri, sides);
    } else {
      await vscode.commands.executeCommand("vscode.open", uri, { preview: false });
    }
  }
}
