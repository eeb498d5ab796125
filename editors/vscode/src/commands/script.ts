/** Scripts of the configuration: run in a task's worktree, watched, and stopped. */

import * as vscode from "vscode";
import type { ScriptInfo } from "../generated/protocol";
import type { Parts } from "../parts";
import { type Given, OPEN_STATES, pickTask } from "./pick";
import { attach } from "./terminal";

export async function runScript(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, OPEN_STATES);
  const listed = task && (await parts.connection.ask("agentls.listScripts", { task: task.id }));
  if (!listed) {
    return;
  }
  if (listed.scripts.length === 0) {
    void vscode.window.showInformationMessage(
      "No script is configured; `run.NAME` in .agentls.toml makes one.",
    );
    return;
  }
  const chosen = await vscode.window.showQuickPick(listed.scripts.flatMap(items), {
    title: `Scripts of “${task.title}”`,
    placeHolder: "Each runs in the task's worktree, until the task ends",
  });
  if (!chosen) {
    return;
  }
  const which = { task: task.id, name: chosen.script.name };
  if (chosen.stop) {
    const stopped = await parts.connection.ask("agentls.stopScript", which);
    if (stopped) {
      parts.tasks.take(stopped.task);
    }
    return;
  }
  const running = await parts.connection.ask("agentls.runScript", which);
  if (running) {
    parts.tasks.take(running.task);
    attach(parts, running.task, { name: which.name, session: running.session.id });
  }
}

/** Offer to run a script, or to watch and to stop one that runs. */
function items(script: ScriptInfo) {
  const description = script.commands.join(" && ");
  const stop = { label: `$(debug-stop) Stop ${script.name}`, description: "", script, stop: true };
  const run = { label: `$(play) ${script.name}`, description, script, stop: false };
  return script.session?.live
    ? [{ ...run, label: `$(terminal) Show ${script.name}` }, stop]
    : [run];
}
