/** What a new task takes along: a selection, a diagnostic, or a file of the explorer. */

import * as vscode from "vscode";

export interface Carried {
  /** Which repository: any file or folder in it. */
  readonly uri?: vscode.Uri;
  /** A prompt to begin with. */
  readonly prompt?: string;
  /** What stands below the prompt. */
  readonly text?: string;
  /** The same in a few words. */
  readonly label?: string;
}

/** What the code action for a diagnostic gives. */
export interface FixRequest {
  readonly fix: { readonly uri: vscode.Uri; readonly line: number; readonly message: string };
}

export async function contextOf(given: unknown): Promise<Carried> {
  if (isFix(given)) {
    const { uri, line, message } = given.fix;
    const place = `${vscode.workspace.asRelativePath(uri, false)}:${line + 1}`;
    return { uri, prompt: `Fix in ${place}: ${message}` };
  }
  if (given instanceof vscode.Uri && given.scheme === "file") {
    return fileContext(given);
  }
  const editor = vscode.window.activeTextEditor;
  if (!editor || editor.selection.isEmpty || editor.document.uri.scheme !== "file") {
    return {};
  }
  return selectionContext(editor);
}

async function fileContext(uri: vscode.Uri): Promise<Carried> {
  const path = vscode.workspace.asRelativePath(uri, false);
  return path === uri.fsPath ? { uri } : { uri, text: `This is about ${path}.`, label: path };
}

function selectionContext({ document, selection }: vscode.TextEditor): Carried {
  const path = vscode.workspace.asRelativePath(document.uri, false);
  const [first, last] = [selection.start.line + 1, selection.end.line + 1];
  const lines = first === last ? `line ${first}` : `lines ${first} to ${last}`;
  const code = document.getText(selection).replace(/\n$/, "");
  return {
    uri: document.uri,
    text: `This is about ${path}, ${lines}:\n\n${fenced(code, document.languageId)}`,
    label: `${path}, ${lines}`,
  };
}

/** Put code between fences that it doesn't hold itself. */
export function fenced(code: string, language: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${code}\n${fence}`;
}

function isFix(given: unknown): given is FixRequest {
  return typeof given === "object" && given !== null && "fix" in given;
}
