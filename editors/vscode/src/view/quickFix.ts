/** “Fix with an agent” on an error or a warning. */

import * as vscode from "vscode";
import type { FixRequest } from "../commands/carried";

export class QuickFix implements vscode.CodeActionProvider {
  static readonly kinds = [vscode.CodeActionKind.QuickFix];

  provideCodeActions(
    document: vscode.TextDocument,
    _range: vscode.Range,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    return context.diagnostics.map((diagnostic) => {
      const action = new vscode.CodeAction("Fix with an Agent…", vscode.CodeActionKind.QuickFix);
      const { message, range } = diagnostic;
      const fix: FixRequest = { fix: { uri: document.uri, line: range.start.line, message } };
      action.diagnostics = [diagnostic];
      action.command = { command: "agentls.ui.newTask", title: action.title, arguments: [fix] };
      return action;
    });
  }
}
