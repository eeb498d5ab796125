/** A task's saved states: to look at what came since, and to go back to one. */

import * as vscode from "vscode";
import type { CheckpointInfo, TaskInfo, TurnInfo } from "../generated/protocol";
import type { Parts } from "../parts";
import { age } from "../tasks/attention";
import { type Given, pickTask, REVIEWABLE_STATES } from "./pick";

/** Review only what came since a state: the last look, the last turn, or a checkpoint. */
export async function reviewSince(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, REVIEWABLE_STATES);
  const saved = task && (await checkpointsOf(parts, task));
  if (!saved) {
    return;
  }
  const chosen = await vscode.window.showQuickPick(
    [
      { label: "$(eye) My last look", description: "", from: "looked", since: "your last look" },
      {
        label: "$(comment-discussion) The last prompt",
        description: "",
        from: "turn",
        since: "the last prompt",
      },
      ...saved.map((item) => ({
        ...item,
        from: String(item.checkpoint.number),
        since: `checkpoint ${item.checkpoint.number}`,
      })),
    ],
    {
      placeHolder: `Review “${task.title}” since …`,
      matchOnDescription: true,
      matchOnDetail: true,
    },
  );
  if (chosen) {
    await parts.reviewer.open(task, { from: chosen.from, since: chosen.since });
  }
}

/** Save the worktree's state now. */
export async function checkpoint(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, REVIEWABLE_STATES);
  const saved = task && (await parts.connection.ask("agentls.checkpoint", { task: task.id }));
  if (saved) {
    parts.tasks.take(saved.task);
    const { number } = saved.checkpoint;
    vscode.window.setStatusBarMessage(`$(check) “${task.title}”: checkpoint ${number}`, 5000);
  }
}

/** Bring the worktree back to a saved state; the present one is saved before. */
export async function rewind(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, REVIEWABLE_STATES);
  const saved = task && (await checkpointsOf(parts, task));
  if (!saved) {
    return;
  }
  const chosen = await vscode.window.showQuickPick(saved, {
    placeHolder: `Bring “${task.title}” back to …`,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (chosen) {
    await rewindTo(parts, task, chosen.checkpoint.number);
  }
}

async function rewindTo(parts: Parts, task: TaskInfo, number: number): Promise<void> {
  const stop = task.state === "working" || task.state === "waiting";
  const done = await parts.connection.ask("agentls.rewind", {
    task: task.id,
    checkpoint: number,
    ...(stop ? { stop } : {}),
  });
  if (!done) {
    return;
  }
  parts.tasks.take(done.task);
  parts.changes.drop(task.id);
  const aside = done.aside?.length ? ` ${done.aside.length} files were moved aside.` : "";
  const undo = "Undo";
  const chosen = await vscode.window.showInformationMessage(
    `“${task.title}” is as it was at checkpoint ${number}.${aside}`,
    undo,
  );
  if (chosen === undo) {
    await rewindTo(parts, done.task, done.before.number);
  }
}

interface Saved extends vscode.QuickPickItem {
  readonly checkpoint: CheckpointInfo;
}

/** List a task's checkpoints, the newest first; undefined if it has none. */
async function checkpointsOf(parts: Parts, task: TaskInfo): Promise<Saved[] | undefined> {
  const listed = await parts.connection.ask("agentls.listCheckpoints", { task: task.id });
  if (listed?.checkpoints.length === 0) {
    void vscode.window.showInformationMessage(`“${task.title}” has no checkpoint yet.`);
    return undefined;
  }
  return listed?.checkpoints.map((one) => item(one, listed.turns)).reverse();
}

function item(checkpoint: CheckpointInfo, turns: readonly TurnInfo[]): Saved {
  const { number, reason, taken, files, added, deleted, turn } = checkpoint;
  const prompt = turns.find((one) => one.number === turn)?.prompt.split("\n")[0];
  return {
    label: `$(history) ${number}: ${reason}`,
    description: `${age(Date.now() - Date.parse(taken))} ago · ${files} ${files === 1 ? "file" : "files"} · +${added} −${deleted}`,
    ...(prompt ? { detail: prompt } : {}),
    checkpoint,
  };
}
