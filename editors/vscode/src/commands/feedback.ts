/** Send Feedback: all open comments and a remark, as one prompt. */

import * as vscode from "vscode";
import type { Parts } from "../parts";
import { type Given, pickTask, REVIEWABLE_STATES } from "./pick";

export async function sendFeedback(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, REVIEWABLE_STATES);
  if (!task) {
    return;
  }
  const open = await parts.comments.countOpen(task.id);
  const text = await vscode.window.showInputBox({
    title: `Send Feedback: ${task.title}`,
    prompt:
      open > 0
        ? `${open} ${open === 1 ? "comment goes" : "comments go"} along. Add a remark, or press Enter.`
        : "What should the agent do?",
    ignoreFocusOut: true,
    validateInput: (given) => (open > 0 || given.trim() ? undefined : "Say what to do."),
  });
  if (text === undefined) {
    return;
  }
  const remark = text.trim();
  const sent =
    open > 0
      ? await parts.connection.ask("agentls.sendReview", {
          task: task.id,
          ...(remark ? { text: remark } : {}),
        })
      : await parts.connection.ask("agentls.sendPrompt", { task: task.id, text: remark });
  if (sent) {
    parts.tasks.take(sent.task);
    vscode.window.setStatusBarMessage(`$(check) Sent to ${task.agent}`, 5000);
  }
}
