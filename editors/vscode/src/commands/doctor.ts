/** Doctor: what is wrong, and what to do about it, as a Markdown page. */

import * as vscode from "vscode";
import type { Parts } from "../parts";

export async function doctor(parts: Parts): Promise<void> {
  const uri = vscode.workspace.workspaceFolders?.[0]?.uri.toString();
  const found = await parts.connection.ask("agentls.doctor", uri === undefined ? {} : { uri });
  if (!found) {
    return;
  }
  const lines = found.findings.map(
    ({ name, ok, message, hint }) =>
      `- ${ok ? "✓" : "✗"} **${name}**: ${message}${hint ? `\n  - ${hint}` : ""}`,
  );
  const document = await vscode.workspace.openTextDocument({
    language: "markdown",
    content: `# Agent Tasks: Doctor\n\n${lines.join("\n")}\n`,
  });
  await vscode.window.showTextDocument(document);
}
