/** Forecast: which open tasks would conflict, with what, and where. */

import * as vscode from "vscode";
import type { Parts } from "../parts";
import type { Connection } from "../server/connection";
import type { Tasks } from "../tasks/tasks";
import { forecastPage, plain } from "../view/forecastPage";
import type { Author } from "../view/pages";

export async function forecast(parts: Parts): Promise<void> {
  const uri = vscode.workspace.workspaceFolders?.[0]?.uri.toString() ?? "";
  await parts.pages.show("forecast", uri, "Forecast");
}

export function forecastAuthor(connection: Connection, tasks: Tasks): Author {
  return async (uri) => {
    const found = await connection.ask("agentls.forecast", uri ? { uri } : {});
    const titles = (id: string) => `${plain(tasks.get(id)?.title ?? "")} (\`${id}\`)`;
    return forecastPage(found?.tasks ?? [], titles);
  };
}
