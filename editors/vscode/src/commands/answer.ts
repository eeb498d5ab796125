/** Answer what an agent asks, without its terminal. */

import * as vscode from "vscode";
import type { TaskInfo } from "../generated/protocol";
import type { Parts } from "../parts";
import { choiceLabel } from "../tasks/attention";
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

/** Answer with one of the choices that were offered. */
export async function answerWith(
  parts: Parts,
  { id, choice }: { id: string; choice: string },
): Promise<void> {
  const task = parts.tasks.get(id);
  if (task) {
    await respond(parts, task, { choice });
  }
}

async function respond(
  parts: Parts,
  task: TaskInfo,
  what: { choice: string } | { text: string },
): Promise<void> {
  const answered = await parts.connection.ask("agentls.respond", { task: task.id, ...what });
  if (answered) {
    parts.tasks.take(answered.task);
  }
}
