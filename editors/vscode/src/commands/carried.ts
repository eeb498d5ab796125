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

export function contextOf(given: unknown, all?: unknown): Carried {
  if (isFix(given)) {
    const { uri, line, message } = given.fix;
    const place = `${vscode.workspace.asRelativePath(uri, false)}:${line + 1}`;
    return { uri, prompt: `Fix in ${place}: ${message}` };
  }
  if (given instanceof vscode.Uri && given.scheme === "file") {
    return filesContext(given, Array.isArray(all) && all.includes(given) ? all : [given]);
  }
  const editor = vscode.window.activeTextEditor;
  if (!editor || editor.selection.isEmpty || editor.document.uri.scheme !== "file") {
    return {};
  }
  return selectionContext(editor);
}

/** Name the files that lie in the window's folders; one alone tells the repository. */
function filesContext(uri: vscode.Uri, files: readonly vscode.Uri[]): Carried {
  const paths = files
    .map((file) => ({ file, path: vscode.workspace.asRelativePath(file, false) }))
    .filter(({ file, path }) => path !== file.fsPath)
    .map(({ path }) => path);
  const label = paths.length > 1 ? `${paths.length} files` : paths[0];
  return label === undefined ? { uri } : { uri, text: `This is about ${inWords(paths)}.`, label };
}

function inWords(paths: readonly string[]): string {
  return paths.join(", ").replace(/, ([^,]*)$/, " and $1");
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
