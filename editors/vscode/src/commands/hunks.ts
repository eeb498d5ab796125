/** Take or refuse a part of a change: a file of the tree, or the hunks at the cursor. */

import * as vscode from "vscode";
import type { TaskInfo } from "../generated/protocol";
import type { Parts } from "../parts";
import { hunksAt } from "../review/hunks";
import { LEFT_SCHEME, pathInTask } from "../review/sides";
import { type Given, pickFile } from "./pick";

type Decide = (parts: Parts, task: TaskInfo, what: What) => Promise<void>;

/** Which hunks: by their ids in a file, or all of a file. */
interface What {
  readonly paths: readonly string[];
  readonly hunks?: readonly string[];
}

export const takeFile = (parts: Parts, given?: Given) => ofFile(parts, given, take);
export const refuseFile = (parts: Parts, given?: Given) => ofFile(parts, given, refuse);
export const takeHunks = (parts: Parts) => atCursor(parts, take);
export const refuseHunks = (parts: Parts) => atCursor(parts, refuse);

async function ofFile(parts: Parts, given: Given | undefined, decide: Decide): Promise<void> {
  const found = pickFile(parts, given);
  if (found) {
    await decide(parts, found.task, { paths: [found.file.path] });
  }
}

async function atCursor(parts: Parts, decide: Decide): Promise<void> {
  const found = await hunksAtCursor(parts);
  if (found) {
    await decide(parts, found.task, { paths: [found.path], hunks: found.hunks });
  }
}

/** Find the hunks at the cursor or in the selection, at least one; tells why there is none. */
export async function hunksAtCursor(
  parts: Parts,
): Promise<{ task: TaskInfo; path: string; hunks: readonly string[] } | undefined> {
  const editor = vscode.window.activeTextEditor;
  const task = editor && parts.reviewer.taskOf(editor.document.uri);
  if (!task) {
    void vscode.window.showInformationMessage("Put the cursor on a change in a task's diff.");
    return undefined;
  }
  if (editor.document.isDirty && !(await editor.document.save())) {
    return undefined;
  }
  const { uri } = editor.document;
  const old = uri.scheme === LEFT_SCHEME;
  const path = pathInTask(task, uri);
  const change = await parts.connection.ask("agentls.changes", {
    task: task.id,
    paths: [path],
    hunks: true,
  });
  const file = change?.files.find((one) => one.path === path || one.oldPath === path);
  const [first, last] = [editor.selection.start.line + 1, editor.selection.end.line + 1];
  const hunks = hunksAt(file?.hunks ?? [], { old, first, last });
  if (!file || hunks.length === 0) {
    void vscode.window.showInformationMessage("No change of the task is on these lines.");
    return undefined;
  }
  return { task, path: file.path, hunks: hunks.map(({ id }) => id) };
}

async function take(parts: Parts, task: TaskInfo, what: What): Promise<void> {
  const taken = await parts.connection.ask("agentls.applyHunks", { task: task.id, ...what });
  if (!taken) {
    return;
  }
  parts.tasks.take(taken.task);
  parts.changes.drop(task.id);
  const left = taken.left > 0 ? `${taken.left} left to review` : "nothing is left";
  tell(`${counted(taken.taken)} went into ${task.target}; ${left}`);
  await parts.reviewer.refresh(taken.task);
}

async function refuse(parts: Parts, task: TaskInfo, what: What): Promise<void> {
  const refused = await parts.connection.ask("agentls.refuseHunks", { task: task.id, ...what });
  if (!refused) {
    return;
  }
  parts.tasks.take(refused.task);
  parts.changes.drop(task.id);
  await parts.reviewer.refresh(refused.task);
  const undo = "Undo";
  const chosen = await vscode.window.showInformationMessage(
    `${counted(refused.refused)} refused; the agent is told with the next prompt.`,
    undo,
  );
  if (chosen === undo) {
    const checkpoint = refused.checkpoint;
    const back = await parts.connection.ask("agentls.rewind", { task: task.id, checkpoint });
    if (back) {
      parts.tasks.take(back.task);
      parts.changes.drop(task.id);
      await parts.reviewer.refresh(back.task);
    }
  }
}

function counted(hunks: number): string {
  return `${hunks} ${hunks === 1 ? "change" : "changes"}`;
}

function tell(message: string): void {
  vscode.window.setStatusBarMessage(`$(check) ${message}`, 5000);
}
