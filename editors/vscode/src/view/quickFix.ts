/** “Fix with an agent” on an error or a warning, and “Review” on a hint at a task. */

import * as vscode from "vscode";
import type { FixRequest } from "../commands/carried";
import type { TaskInfo } from "../generated/protocol";
import type { Tasks } from "../tasks/tasks";

export class QuickFix implements vscode.CodeActionProvider {
  static readonly kinds = [vscode.CodeActionKind.QuickFix];
  readonly #tasks: Tasks;

  constructor(tasks: Tasks) {
    this.#tasks = tasks;
  }

  provideCodeActions(
    document: vscode.TextDocument,
    _range: vscode.Range,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    return context.diagnostics.flatMap((diagnostic) => {
      if (diagnostic.source !== "agentls") {
        return fix(document, diagnostic);
      }
      const task = this.#tasks.get(hintedTask(diagnostic));
      return task ? review(task, diagnostic) : [];
    });
  }
}

function fix({ uri }: vscode.TextDocument, diagnostic: vscode.Diagnostic): vscode.CodeAction {
  const { message, range } = diagnostic;
  const request: FixRequest = { fix: { uri, line: range.start.line, message } };
  return action("Fix with an Agent…", diagnostic, "agentls.ui.newTask", request);
}

function review(task: TaskInfo, diagnostic: vscode.Diagnostic): vscode.CodeAction {
  const given = { kind: "task", id: task.id };
  return action(`Review “${task.title}”`, diagnostic, "agentls.ui.review", given);
}

function action(
  title: string,
  diagnostic: vscode.Diagnostic,
  command: string,
  given: unknown,
): vscode.CodeAction {
  const made = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
  made.diagnostics = [diagnostic];
  made.command = { command, title, arguments: [given] };
  return made;
}

/** The task that a hint names: the language client keeps what the server says beside it. */
function hintedTask(diagnostic: vscode.Diagnostic): string {
  return (diagnostic as { readonly data?: { readonly task?: string } }).data?.task ?? "";
}
