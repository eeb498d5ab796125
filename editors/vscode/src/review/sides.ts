/**
 * The two sides of a file's diff.
 *
 * The server names the left side `agentls:/TASK/STATE/PATH`. VS Code shows both paths of
 * a diff unless they are the same, so here the left side has the path that its file has
 * in the worktree, and the server's name in its query.
 */

import * as vscode from "vscode";
import type { FileInfo, TaskInfo } from "../generated/protocol";

export const LEFT_SCHEME = "agentls-left";
const SERVER_SCHEME = "agentls";

/** Undefined where a side has no file. */
export interface Sides {
  readonly left: vscode.Uri | undefined;
  readonly right: vscode.Uri | undefined;
}

export function sidesOf(task: TaskInfo, file: FileInfo): Sides {
  return {
    left: file.oldUri === undefined ? undefined : shownUri(task, file.oldUri),
    right: file.uri === undefined ? undefined : shownUri(task, file.uri),
  };
}

/** Give what `vscode.changes` takes for files of a task's worktree. */
export function diffOf(task: TaskInfo, files: readonly FileInfo[]) {
  return files.map((file) => {
    const { left, right } = sidesOf(task, file);
    return [right ?? left, left, right];
  });
}

/** Give the URI by which this editor shows a document of the server's. */
export function shownUri(task: TaskInfo, document: string): vscode.Uri {
  const uri = vscode.Uri.parse(document);
  if (uri.scheme !== SERVER_SCHEME) {
    return uri;
  }
  const path = `${vscode.Uri.parse(task.worktree).path}/${pathOf(uri)}`;
  return vscode.Uri.from({ scheme: LEFT_SCHEME, path, query: document });
}

/** Give the server's name of a left side. */
export function serverUri(left: vscode.Uri): string {
  return left.query;
}

/** Give the task's id of a left side. */
export function taskOfLeft(left: vscode.Uri): string {
  return vscode.Uri.parse(left.query).path.split("/")[1] ?? "";
}

/** Give the path of a left side, as changes name it. */
function pathOfLeft(left: vscode.Uri): string {
  return pathOf(vscode.Uri.parse(left.query));
}

/** Give the path, as changes name it, of a worktree's file or a left side. */
export function pathInTask(task: TaskInfo, uri: vscode.Uri): string {
  return uri.scheme === LEFT_SCHEME
    ? pathOfLeft(uri)
    : uri.path.slice(vscode.Uri.parse(task.worktree).path.length + 1);
}

function pathOf(document: vscode.Uri): string {
  return document.path.split("/").slice(3).join("/");
}
