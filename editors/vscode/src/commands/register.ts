/** The commands of the palette and the menus, by the ids that package.json names. */

import * as vscode from "vscode";
import { registerCommand } from "../command";
import type { Parts } from "../parts";
import { adopt } from "./adopt";
import { answer, answerWith } from "./answer";
import { showBriefing } from "./briefing";
import { runChecklist } from "./checklist";
import { checkpoint, reviewSince, rewind } from "./checkpoints";
import { runChecks } from "./checks";
import { cleanUp } from "./cleanUp";
import { compare } from "./compare";
import { doctor } from "./doctor";
import { editPrompt } from "./editPrompt";
import { sendFeedback } from "./feedback";
import { openFileDiff, openWorktreeFile } from "./files";
import { filter } from "./filter";
import { forecast } from "./forecast";
import { refuseFile, refuseHunks, takeFile, takeHunks } from "./hunks";
import { merge, mergeWith, undoMerge } from "./merge";
import { withMissed } from "./missed";
import { newTask } from "./newTask";
import { discard, restore, resume, retry, startNow, stop } from "./operations";
import { showOrigin } from "./origin";
import { createPullRequest } from "./pullRequest";
import { choosePython } from "./python";
import { beginAfter, pauseQueue, resumeQueue, setPriority } from "./queue";
import { race } from "./race";
import { rename } from "./rename";
import { report } from "./report";
import { review, reviewNext } from "./review";
import { runScript } from "./script";
import { attachInTerminal, openOutput } from "./terminal";
import { train } from "./train";
import { trust } from "./trust";
import { abortUpdate, update } from "./update";
import { openWorktree } from "./worktree";

// biome-ignore lint/suspicious/noExplicitAny: each command checks what it is given
type Run = (parts: Parts, given?: any, all?: any) => unknown;

export const COMMANDS: Readonly<Record<string, Run>> = {
  "agentls.ui.abortUpdate": abortUpdate,
  "agentls.ui.adopt": adopt,
  "agentls.ui.answer": answer,
  "agentls.ui.answerWith": answerWith,
  "agentls.ui.attachInTerminal": attachInTerminal,
  "agentls.ui.beginAfter": beginAfter,
  "agentls.ui.checkpoint": checkpoint,
  "agentls.ui.choosePython": choosePython,
  "agentls.ui.cleanUp": cleanUp,
  "agentls.ui.clearFilter": ({ tree }) => {
    tree.filter = "";
  },
  "agentls.ui.compare": compare,
  "agentls.ui.createPullRequest": createPullRequest,
  "agentls.ui.discard": discard,
  "agentls.ui.doctor": doctor,
  "agentls.ui.editPrompt": editPrompt,
  "agentls.ui.filter": filter,
  "agentls.ui.forecast": forecast,
  "agentls.ui.merge": merge,
  "agentls.ui.mergeWith": mergeWith,
  "agentls.ui.newTask": newTask,
  "agentls.ui.openFileDiff": openFileDiff,
  "agentls.ui.openOutput": openOutput,
  "agentls.ui.openWorktree": openWorktree,
  "agentls.ui.openWorktreeFile": openWorktreeFile,
  "agentls.ui.pauseQueue": pauseQueue,
  "agentls.ui.refresh": ({ tasks }) => tasks.refresh(),
  "agentls.ui.refuseFile": refuseFile,
  "agentls.ui.refuseHunks": refuseHunks,
  "agentls.ui.rename": rename,
  "agentls.ui.report": report,
  "agentls.ui.restart": ({ connection }) => connection.restart(),
  "agentls.ui.restore": restore,
  "agentls.ui.resume": resume,
  "agentls.ui.resumeQueue": resumeQueue,
  "agentls.ui.retry": retry,
  "agentls.ui.review": review,
  "agentls.ui.reviewNext": reviewNext,
  "agentls.ui.reviewSince": reviewSince,
  "agentls.ui.rewind": rewind,
  "agentls.ui.race": race,
  "agentls.ui.runChecklist": runChecklist,
  "agentls.ui.runChecks": runChecks,
  "agentls.ui.runScript": runScript,
  "agentls.ui.sendFeedback": sendFeedback,
  "agentls.ui.setPriority": setPriority,
  "agentls.ui.showBriefing": showBriefing,
  "agentls.ui.showLog": ({ connection }) => connection.log.show(),
  "agentls.ui.showOrigin": showOrigin,
  "agentls.ui.startNow": startNow,
  "agentls.ui.stop": stop,
  "agentls.ui.takeFile": takeFile,
  "agentls.ui.takeHunks": takeHunks,
  "agentls.ui.train": train,
  "agentls.ui.trust": trust,
  "agentls.ui.undoMerge": undoMerge,
  "agentls.ui.update": update,
};

export function registerCommands(parts: Parts): vscode.Disposable {
  return vscode.Disposable.from(
    ...Object.entries(COMMANDS).map(([id, run]) =>
      registerCommand(id, parts.connection, (...given) => {
        // In the explorer: the file that was clicked, and all that are selected.
        const [clicked, all] = withMissed(given);
        return run(parts, clicked, all);
      }),
    ),
  );
}
