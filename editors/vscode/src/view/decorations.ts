/** What became of a file, as in the Source Control view, and which task conflicts. */

import * as vscode from "vscode";
import type { FileInfo, FileStatus, TaskInfo } from "../generated/protocol";
import { conflictOf } from "../tasks/attention";

const CHANGE = "agentls-change";
const TASK = "agentls-task";

const MARKS: Readonly<Record<FileStatus, [badge: string, color: string, tooltip: string]>> = {
  added: ["A", "gitDecoration.addedResourceForeground", "Added"],
  modified: ["M", "gitDecoration.modifiedResourceForeground", "Modified"],
  deleted: ["D", "gitDecoration.deletedResourceForeground", "Deleted"],
  renamed: ["R", "gitDecoration.renamedResourceForeground", "Renamed"],
  copied: ["C", "gitDecoration.renamedResourceForeground", "Copied"],
  typeChanged: ["T", "gitDecoration.modifiedResourceForeground", "Type changed"],
};

/** Name a file of a change, for its icon and decoration alone; nothing can be opened by it. */
export function changeUri(task: string, file: FileInfo): vscode.Uri {
  return vscode.Uri.from({ scheme: CHANGE, path: `/${task}/${file.path}`, query: file.status });
}

/** Name a task for its decoration, which a narrow view shows where it has no room for words. */
export function taskUri(task: TaskInfo): vscode.Uri {
  return vscode.Uri.from({ scheme: TASK, path: `/${task.id}`, query: conflictOf(task) ?? "" });
}

export class Decorations implements vscode.FileDecorationProvider {
  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    if (uri.scheme === CHANGE) {
      const [badge, color, tooltip] = MARKS[uri.query as FileStatus];
      return new vscode.FileDecoration(badge, tooltip, new vscode.ThemeColor(color));
    }
    if (uri.scheme === TASK && uri.query) {
      const color = new vscode.ThemeColor("list.warningForeground");
      return new vscode.FileDecoration("!", uri.query, color);
    }
    return undefined;
  }
}
