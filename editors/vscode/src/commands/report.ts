/** Report: what became of tasks in a time, as the server's own page. */

import * as vscode from "vscode";
import type { Parts } from "../parts";

const DAY_MS = 24 * 60 * 60 * 1000;

export async function report(parts: Parts): Promise<void> {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const chosen = await vscode.window.showQuickPick(
    [
      { label: "Today", since: midnight },
      { label: "The Last Two Days", since: midnight - DAY_MS },
      { label: "The Last Week", since: midnight - 6 * DAY_MS },
    ],
    { title: "Report", placeHolder: "Of which time?" },
  );
  const since = chosen && localTime(new Date(chosen.since));
  const made = since && (await parts.connection.ask("agentls.report", { since }));
  if (!chosen || !made) {
    return;
  }
  const page = await vscode.workspace.fs.readFile(vscode.Uri.parse(made.uri));
  const panel = vscode.window.createWebviewPanel(
    "agentls.ui.report",
    `Agent Tasks: ${chosen.label}`,
    vscode.ViewColumn.Active,
    { enableScripts: false, localResourceRoots: [], enableFindWidget: true },
  );
  panel.webview.html = Buffer.from(page).toString();
}

/** Write a moment with this machine's offset from UTC: the report's times are in that. */
function localTime(moment: Date): string {
  const offset = -moment.getTimezoneOffset();
  const two = (number: number) => String(Math.floor(Math.abs(number))).padStart(2, "0");
  const here = new Date(moment.getTime() + offset * 60_000).toISOString().slice(0, 19);
  return `${here}${offset < 0 ? "-" : "+"}${two(offset / 60)}:${two(offset % 60)}`;
}
