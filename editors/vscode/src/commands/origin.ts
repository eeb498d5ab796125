/** Where a change comes from: the turn and prompt that made the hunk at the cursor. */

import * as vscode from "vscode";
import type { HunkOriginResult } from "../generated/protocol";
import type { Parts } from "../parts";
import { hunksAtCursor } from "./hunks";

export async function showOrigin(parts: Parts): Promise<void> {
  const found = await hunksAtCursor(parts);
  const [hunk] = found?.hunks ?? [];
  if (!found || !hunk) {
    return;
  }
  const origin = await parts.connection.ask("agentls.hunkOrigin", {
    task: found.task.id,
    hunk,
    path: found.path,
  });
  if (origin) {
    void vscode.window.showInformationMessage(inWords(origin));
  }
}

function inWords({ turn, byPerson, checks = [] }: HunkOriginResult): string {
  const prompt = turn ? ` (“${turn.prompt.split("\n")[0]}”)` : "";
  const by = byPerson
    ? `Made by hand${turn ? ` after turn ${turn.number}` : ""}.`
    : turn
      ? `Made in turn ${turn.number}${prompt}.`
      : "Newer than every checkpoint.";
  const ran = checks.map(({ name, outcome }) => `${name} ${outcome}`).join(", ");
  return ran ? `${by} Checked since: ${ran}.` : by;
}
