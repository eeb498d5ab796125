/** The commands of the palette and the menus, by the ids that package.json names. */

import * as vscode from "vscode";
import type { Parts } from "../parts";
import { doctor } from "./doctor";
import { sendFeedback } from "./feedback";
import { openFileDiff, openWorktreeFile } from "./files";
import { filter } from "./filter";
import { merge, undoMerge } from "./merge";
import { newTask } from "./newTask";
import { discard, restore, resume, retry, stop } from "./operations";
import { choosePython } from "./python";
import { review, reviewNext } from "./review";
import { attachInTerminal, openOutput } from "./terminal";
import { trust } from "./trust";
import { openWorktree } from "./worktree";

// biome-ignore lint/suspicious/noExplicitAny: each command checks what it is given
type Run = (parts: Parts, given?: any) => unknown;

export const COMMANDS: Readonly<Record<string, Run>> = {
  "agentls.ui.attachInTerminal": attachInTerminal,
  "agentls.ui.choosePython": choosePython,
  "agentls.ui.clearFilter": ({ tree }) => {
    tree.filter = "";
  },
  "agentls.ui.discard": discard,
  "agentls.ui.doctor": doctor,
  "agentls.ui.filter": filter,
  "agentls.ui.merge": merge,
  "agentls.ui.newTask": newTask,
  "agentls.ui.openFileDiff": openFileDiff,
  "agentls.ui.openOutput": openOutput,
  "agentls.ui.openWorktree": openWorktree,
  "agentls.ui.openWorktreeFile": openWorktreeFile,
  "agentls.ui.refresh": ({ tasks }) => tasks.refresh(),
  "agentls.ui.restart": ({ connection }) => connection.restart(),
  "agentls.ui.restore": restore,
  "agentls.ui.resume": resume,
  "agentls.ui.retry": retry,
  "agentls.ui.review": review,
  "agentls.ui.reviewNext": reviewNext,
  "agentls.ui.sendFeedback": sendFeedback,
  "agentls.ui.showLog": ({ connection }) => connection.log.show(),
  "agentls.ui.stop": stop,
  "agentls.ui.trust": trust,
  "agentls.ui.undoMerge": undoMerge,
};

export function registerCommands(parts: Parts): vscode.Disposable {
  return vscode.Disposable.from(
    ...Object.entries(COMMANDS).map(([id, run]) =>
      vscode.commands.registerCommand(id, (given?: unknown) => run(parts, given)),
    ),
  );
}
