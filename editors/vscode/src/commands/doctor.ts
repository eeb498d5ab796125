/** Doctor: what is wrong, and what to do about it, as a page. */

import * as vscode from "vscode";
import type { Parts } from "../parts";
import type { Connection } from "../server/connection";
import { plain } from "../view/forecastPage";
import type { Author } from "../view/pages";

export async function doctor(parts: Parts): Promise<void> {
  const uri = vscode.workspace.workspaceFolders?.[0]?.uri.toString() ?? "";
  await parts.pages.show("doctor", uri, "Doctor");
}

export function doctorAuthor(connection: Connection): Author {
  return async (uri) => {
    const found = await connection.ask("agentls.doctor", uri ? { uri } : {});
    const lines = (found?.findings ?? []).map(
      ({ name, ok, message, hint }) =>
        `- ${ok ? "✓" : "✗"} **${name}**: ${plain(message)}${hint ? `\n  - ${plain(hint)}` : ""}`,
    );
    return `# Doctor\n\n${lines.join("\n")}\n`;
  };
}
