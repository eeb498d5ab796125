/** One file of a change, from the tree. */

import * as vscode from "vscode";
import type { FileInfo } from "../generated/protocol";
import type { Parts } from "../parts";

interface FileNode {
  readonly task: string;
  readonly file: FileInfo;
}

export async function openFileDiff(parts: Parts, node: FileNode): Promise<void> {
  const task = parts.tasks.get(node.task);
  if (task) {
    await parts.reviewer.openFile(task, node.file);
  }
}

export async function openWorktreeFile(_: Parts, { file }: FileNode): Promise<void> {
  if (file.uri) {
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.parse(file.uri));
  }
}
