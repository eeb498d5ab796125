/** What became of a file, as a letter and a colour, as in the Source Control view. */

import * as vscode from "vscode";
import type { FileInfo, FileStatus } from "../generated/protocol";

const SCHEME = "agentls-change";

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
  return vscode.Uri.from({ scheme: SCHEME, path: `/${task}/${file.path}`, query: file.status });
}

export class ChangeDecorations implements vscode.FileDecorationProvider {
  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    if (uri.scheme !== SCHEME) {
      return undefined;
    }
    const [badge, color, tooltip] = MARKS[uri.query as FileStatus];
    return new vscode.FileDecoration(badge, tooltip, new vscode.ThemeColor(color));
  }
}
