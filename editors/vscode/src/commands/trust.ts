/** Trust: what the repository's configuration would run, shown before it may. */

import * as vscode from "vscode";
import type { TrustItemInfo } from "../generated/protocol";
import type { Parts } from "../parts";

/** Ask about all that is undecided; true if the person decided, either way. */
export async function allowedToRun(parts: Parts, uri: string | undefined): Promise<boolean> {
  const where = uri === undefined ? {} : { uri };
  const found = await parts.connection.ask("agentls.trust", where);
  const undecided = found?.items.filter((item) => item.decision === "undecided") ?? [];
  if (undecided.length === 0) {
    return false;
  }
  const [allow, deny] = ["Allow", "Deny and Go On"];
  const chosen = await vscode.window.showWarningMessage(
    "This repository wants to run something. Allow it?",
    {
      modal: true,
      detail: `${undecided.map(shown).join("\n\n")}\n\nYour decision holds for exactly this text.`,
    },
    allow,
    deny,
  );
  if (!chosen) {
    return false;
  }
  const decided = await parts.connection.ask("agentls.trust", {
    ...where,
    decision: chosen === allow ? "allow" : "deny",
    digests: undecided.map((item) => item.digest),
  });
  return decided !== undefined;
}

/** Show all that the repository would run, and decide about what is undecided. */
export async function trust(parts: Parts): Promise<void> {
  const uri = vscode.workspace.workspaceFolders?.[0]?.uri.toString();
  const where = uri === undefined ? {} : { uri };
  const found = await parts.connection.ask("agentls.trust", where);
  if (!found) {
    return;
  }
  if (found.items.some((item) => item.decision === "undecided")) {
    await allowedToRun(parts, uri);
    return;
  }
  await vscode.window.showInformationMessage(
    found.items.length > 0
      ? "All that this repository would run is decided."
      : "This repository would run nothing.",
    { modal: found.items.length > 0, detail: found.items.map(shown).join("\n\n") },
  );
}

function shown(item: TrustItemInfo): string {
  const decision = item.decision === "undecided" ? "" : ` (${item.decision})`;
  return `${item.kind} ${item.name}${decision}:\n${visible(item.text)}`;
}

/** Show control characters, that nothing in a text can hide another part of it. */
export function visible(text: string): string {
  return text.replace(
    /(?!\n)[\p{Cc}\p{Cf}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
