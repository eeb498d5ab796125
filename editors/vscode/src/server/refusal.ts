/** What a person is shown when the server refuses, with what to do next. */

import * as vscode from "vscode";
import { type Failure, nextStep, sentence } from "../wire";

/** Show a refusal; a button takes the next step. */
export async function showRefusal(failure: Failure): Promise<void> {
  const step = nextStep(failure);
  const buttons = step ? [step.title] : [];
  const chosen = await vscode.window.showErrorMessage(sentence(failure), ...buttons);
  if (step && chosen === step.title) {
    await vscode.commands.executeCommand(step.command);
  }
}

/** Show that a daemon went with a request; true if the person wants it sent to the next. */
export async function askToSendAgain(failure: Failure): Promise<boolean> {
  const again = "Try Again";
  return (await vscode.window.showWarningMessage(sentence(failure), again)) === again;
}

/** Show that no server could be started. */
export async function showStartFailed(
  failure: Failure,
  { noPython }: { readonly noPython: boolean },
): Promise<void> {
  const fix = noPython ? "Choose a Python…" : "Show Log";
  const said = noPython ? failure.message : `agentls could not be started. ${sentence(failure)}`;
  if ((await vscode.window.showErrorMessage(said, fix)) === fix) {
    await vscode.commands.executeCommand(
      noPython ? "agentls.ui.choosePython" : "agentls.ui.showLog",
    );
  }
}
