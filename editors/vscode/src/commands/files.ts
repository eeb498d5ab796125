/** One file of a change, from the tree. */

import * as vscode from "vscode";
import type { Parts } from "../parts";
import { type Given, pickFile } from "./pick";

export async function openFileDiff(parts: Parts, given?: Given): Promise<void> {
  const found = pickFile(parts, given);
  if (found) {
    await parts.reviewer.openFile(found.task, found.file);
  }
}

export async function openWorktreeFile(parts: Parts, given?: Given): Promise<void> {
  const uri = pickFile(parts, given)?.file.uri;
  if (uri) {
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.parse(uri));
  }
}
