/** Race Agents: one prompt for several agents; merging one discards the others. */

import * as vscode from "vscode";
import type { Parts } from "../parts";
import { installed } from "../tasks/agents";
import { failureOf } from "../wire";
import { lookForAgents } from "./agents";
import { contextOf } from "./carried";
import { folder } from "./newTask";
import { allowedToRun } from "./trust";
import { askPrompt } from "./wish";

export async function race(parts: Parts, given?: unknown): Promise<void> {
  const carried = contextOf(given);
  const repository = carried.uri ?? (await folder());
  if (!repository) {
    return;
  }
  const uri = repository.toString();
  const found = lookForAgents(parts, uri);
  const typed = await askPrompt("Race Agents (1/2)", carried);
  const listed = typed && (await found());
  if (!listed) {
    return;
  }
  const chosen = await vscode.window.showQuickPick(installed(listed, undefined), {
    title: "Race Agents (2/2)",
    placeHolder: "Which agents run? One alone runs twice.",
    canPickMany: true,
    ignoreFocusOut: true,
  });
  const agents = chosen?.map(({ name }) => name) ?? [];
  if (agents.length === 0) {
    return;
  }
  const prompt = carried.text ? `${typed}\n\n${carried.text}` : typed;
  await start(parts, { prompt, agents, tries: agents.length === 1 ? 2 : 1, uri });
}

async function start(
  parts: Parts,
  params: { prompt: string; agents: readonly string[]; tries: number; uri: string },
): Promise<void> {
  try {
    const { tasks } = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: "New race" },
      () => parts.connection.request("agentls.race", params),
    );
    for (const task of tasks) {
      parts.tasks.take(task);
      parts.telling.follow(task);
    }
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind === "untrusted" && (await allowedToRun(parts, params.uri))) {
      await start(parts, params);
    } else {
      parts.connection.tell(failure);
    }
  }
}
