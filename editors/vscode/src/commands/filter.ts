/** Show only some of the tasks. */

import * as vscode from "vscode";
import type { Parts } from "../parts";

export async function filter({ tree }: Parts): Promise<void> {
  const text = await vscode.window.showInputBox({
    title: "Filter Tasks",
    prompt: "Part of a title, agent, branch, id or label; empty shows all",
  });
  if (text !== undefined) {
    tree.filter = text.trim();
  }
}
