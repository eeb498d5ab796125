/** Run Checklist as Tasks: each open item of a Markdown file's checklist, or the chosen ones. */

import * as vscode from "vscode";
import type { BatchItemInfo } from "../generated/protocol";
import type { Parts } from "../parts";
import { failureOf } from "../wire";
import { allowedToRun } from "./trust";

export async function runChecklist(parts: Parts): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId !== "markdown" || document.uri.scheme !== "file") {
    void vscode.window.showInformationMessage("Open the Markdown file with the checklist.");
    return;
  }
  if (document.isDirty && !(await document.save())) {
    return;
  }
  const file = document.uri.toString();
  const found = await parts.connection.ask("agentls.createTasks", { file, dryRun: true });
  const open = found?.items.filter((item) => !item.task) ?? [];
  if (!found || open.length === 0) {
    if (found) {
      void vscode.window.showInformationMessage("No open item of this file is without a task.");
    }
    return;
  }
  const chosen = await vscode.window.showQuickPick(
    open.map((item) => ({ label: item.title, picked: true, item })),
    {
      title: "Run Checklist as Tasks",
      placeHolder: "Each becomes a task; its box is ticked by its merge",
      canPickMany: true,
      ignoreFocusOut: true,
    },
  );
  if (chosen && chosen.length > 0) {
    await start(
      parts,
      file,
      chosen.map(({ item }) => item),
    );
  }
}

async function start(parts: Parts, file: string, items: readonly BatchItemInfo[]): Promise<void> {
  try {
    const answer = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `${items.length} new tasks` },
      () =>
        parts.connection.request("agentls.createTasks", {
          file,
          lines: items.flatMap(({ line }) => line ?? []),
        }),
    );
    for (const { task, made } of answer.items) {
      if (task && made) {
        parts.tasks.take(task);
        parts.telling.follow(task);
      }
    }
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind === "untrusted" && (await allowedToRun(parts, file))) {
      await start(parts, file, items);
    } else {
      parts.connection.tell(failure);
    }
  }
}
