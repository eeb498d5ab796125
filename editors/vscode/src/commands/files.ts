/** One file of a change, from the tree. */

import * as vscode from "vscode";
import type { FileInfo } from "../generated/protocol";
import type { Parts } from "../parts";

export interface FileNode {
  readonly task: string;
  readonly file: FileInfo;
}

/**
 * Whether a command was given a file of the tree; tells the person if not.
 *
 * VS Code forgets the rows of a list that is drawn anew, and gives a command
 * that was chosen for one of them in that moment nothing.
 */
export function isGiven(node: FileNode | undefined): node is FileNode {
  if (!node) {
    void vscode.window.showInformationMessage("The list has just changed. Choose the file again.");
  }
  return node !== undefined;
}

export async function openFileDiff(parts: Parts, node?: FileNode): Promise<void> {
  const task = isGiven(node) ? parts.tasks.get(node.task) : undefined;
  if (node && task) {
    await parts.reviewer.openFile(task, node.file);
  }
}

export async function openWorktreeFile(_: Parts, node?: FileNode): Promise<void> {
  if (isGiven(node) && node.file.uri) {
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.parse(node.file.uri));
  }
}
