/** How the server's comments are drawn by VS Code, and where its own threads are for the server. */

import { isDeepStrictEqual } from "node:util";
import * as vscode from "vscode";
import type { CommentInfo, TaskInfo } from "../generated/protocol";
import { LEFT_SCHEME, pathInTask } from "./sides";

/** A comment in the editor that knows which one of the server's it is. */
export interface Shown extends vscode.Comment {
  readonly id: number;
  readonly task: string;
}

/** Say which lines of which side a new thread is about, as the server counts them. */
export function placeOf(task: TaskInfo, thread: vscode.CommentThread) {
  const { uri, range } = thread;
  const side = uri.scheme === LEFT_SCHEME ? "old" : "new";
  const lines = range ? { line: range.start.line + 1, endLine: range.end.line + 1 } : {};
  return { path: pathInTask(task, uri), side, ...lines };
}

export function rangeOf({ line = 1, endLine }: CommentInfo): vscode.Range {
  return new vscode.Range(line - 1, 0, (endLine ?? line) - 1, 0);
}

export function shown(task: string, comment: CommentInfo): Shown {
  return {
    id: comment.id,
    task,
    author: { name: comment.author || "You" },
    // Agents write comments too: their text is shown, never run.
    body: new vscode.MarkdownString(comment.text),
    mode: vscode.CommentMode.Preview,
    contextValue: comment.author ? "agent" : `own ${comment.state}`,
    timestamp: new Date(comment.written),
    ...(comment.state === "open" ? { label: "Not sent yet" } : {}),
  };
}

/** Whether a comment would be drawn as it is. */
export function isSame(one: Shown, other: Shown): boolean {
  const drawn = ({ body, mode, contextValue, label, timestamp }: Shown) => [
    typeof body === "string" ? body : body.value,
    mode,
    contextValue,
    label,
    timestamp?.getTime(),
  ];
  return isDeepStrictEqual(drawn(one), drawn(other));
}

export function labelOf({ outdated, answer, state }: CommentInfo): string {
  if (answer) {
    return answer.how === "untouched" ? "The agent left this as it was" : "The agent changed this";
  }
  const where = state === "open" ? "For the agent" : "Sent to the agent";
  return outdated ? `${where}; the lines changed meanwhile` : where;
}
