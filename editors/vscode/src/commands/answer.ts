/** Answer what an agent asks, without its terminal. */

import * as vscode from "vscode";
import type { TaskInfo } from "../generated/protocol";
import type { Parts } from "../parts";
import { asksOtherwise, choiceLabel } from "../tasks/attention";
import { type Given, pickTask } from "./pick";

export async function answer(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, ["waiting"]);
  if (!task) {
    return;
  }
  const choices = task.asked?.choices ?? [];
  const inWords = task.asked?.takesText ?? false;
  if (choices.length === 0 && !inWords) {
    parts.panels.show(task, { focus: true });
    return;
  }
  const words = "$(edit) In words…";
  const chosen =
    choices.length === 0
      ? words
      : await vscode.window.showQuickPick(
          [...choices.map(choiceLabel), ...(inWords ? [words] : [])],
          {
            title: task.title,
            placeHolder: task.asked?.text || task.why || "The agent waits for an answer",
          },
        );
  if (chosen === undefined) {
    return;
  }
  if (chosen !== words) {
    await respond(parts, task, {
      choice: choices.find((one) => choiceLabel(one) === chosen) ?? chosen,
    });
    return;
  }
  const text = await vscode.window.showInputBox({
    title: task.title,
    prompt: task.asked?.text || "Your answer",
    ignoreFocusOut: true,
  });
  if (text?.trim()) {
    await respond(parts, task, { text: text.trim() });
  }
}

/** Answer a question that was told of with one of the choices that it offered. */
export async function answerWith(
  parts: Parts,
  { task, choice }: { readonly task: TaskInfo; readonly choice: string },
): Promise<void> {
  await respond(parts, task, { choice });
}

async function respond(
  parts: Parts,
  task: TaskInfo,
  what: { choice: string } | { text: string },
): Promise<void> {
  if (asksOtherwise(task.asked, parts.tasks.get(task.id))) {
    void vscode.window.showWarningMessage(
      `“${task.title}” asks something else by now; nothing was answered.`,
    );
    return;
  }
  const answered = await parts.connection.ask("agentls.respond", { task: task.id, ...what });
  if (answered) {
    parts.tasks.take(answered.task);
  }
}
