/** Adopt: a worktree that is there already becomes a task. */

import * as vscode from "vscode";
import type { AdoptParams } from "../generated/protocol";
import type { Parts } from "../parts";
import { lookForAgents } from "./agents";
import { askAgent, folder } from "./newTask";

export async function adopt(parts: Parts): Promise<void> {
  const here = await folder();
  if (!here) {
    return;
  }
  const [worktree] =
    (await vscode.window.showOpenDialog({
      title: "Adopt Worktree",
      openLabel: "Adopt",
      canSelectFiles: false,
      canSelectFolders: true,
      defaultUri: vscode.Uri.joinPath(here, ".."),
    })) ?? [];
  const params = worktree && (await askWork(parts, worktree.toString()));
  const adopted = params && (await parts.connection.ask("agentls.adopt", params));
  if (adopted) {
    parts.tasks.take(adopted.task);
    parts.telling.follow(adopted.task);
  }
}

/** Ask what is to be done there, and by whom. */
async function askWork(parts: Parts, uri: string): Promise<AdoptParams | undefined> {
  const prompt = await vscode.window.showInputBox({
    title: "Adopt Worktree",
    prompt: "What is an agent to do there? Empty: it is ready for your review as it is.",
    ignoreFocusOut: true,
  });
  if (!prompt?.trim()) {
    return prompt === undefined ? undefined : { uri };
  }
  const agents = await lookForAgents(parts, uri)();
  const agent = agents && (await askAgent(agents, { title: "Adopt Worktree" }));
  return agent === undefined ? undefined : { uri, prompt: prompt.trim(), agent };
}
