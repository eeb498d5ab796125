/** Choose the Python that runs the server. */

import * as vscode from "vscode";
import type { Parts } from "../parts";

export async function choosePython(parts: Parts): Promise<void> {
  const chosen = await vscode.window.showInputBox({
    title: "A Python 3.11 or newer",
    prompt: "Its absolute path. It needs no packages: all of agentls comes with the extension.",
    placeHolder: "/usr/bin/python3.11",
    ignoreFocusOut: true,
  });
  if (chosen) {
    await vscode.workspace
      .getConfiguration("agentls")
      .update("server.python", chosen, vscode.ConfigurationTarget.Global);
    await parts.connection.restart();
  }
}
