/** Review: the change of one task, or of the one that comes next. */

import * as vscode from "vscode";
import type { Parts } from "../parts";
import { type Given, pickTask, REVIEWABLE_STATES } from "./pick";

export async function review(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, REVIEWABLE_STATES);
  if (task) {
    await parts.reviewer.open(task);
  }
}

/** Open the review that the server says comes next, after the one in front. */
export async function reviewNext(parts: Parts): Promise<void> {
  const after = parts.reviewer.current;
  await openNext(parts, after?.state === "review" ? after.id : undefined);
}

export async function openNext(parts: Parts, after?: string): Promise<void> {
  const next = await parts.connection.ask("agentls.nextReview", after ? { after } : {});
  if (!next) {
    return;
  }
  if (!next.task) {
    void vscode.window.showInformationMessage(next.why);
    return;
  }
  parts.tasks.take(next.task);
  await parts.reviewer.open(next.task);
  const more = next.left > 0 ? ` ${next.left} more to review.` : "";
  vscode.window.setStatusBarMessage(`$(git-pull-request) ${next.why}${more}`, 10_000);
}
