/** Commands of the editor; whatever goes wrong in one is told in our own words. */

import * as vscode from "vscode";
import type { Connection } from "./server/connection";
import { failureOf, sentence } from "./wire";

/**
 * Register a command that never fails as VS Code sees it.
 *
 * VS Code would say “Command … resulted in an error”, which helps nobody. What the server
 * refuses is told where it is asked; what comes here nobody reckoned with.
 */
export function registerCommand(
  id: string,
  connection: Connection,
  // biome-ignore lint/suspicious/noExplicitAny: each command checks what it is given
  run: (...given: any[]) => unknown,
): vscode.Disposable {
  return vscode.commands.registerCommand(id, async (...given: unknown[]) => {
    try {
      await run(...given);
    } catch (error) {
      connection.log.error(error instanceof Error ? error : String(error), id);
      connection.background(tell(connection, error));
    }
  });
}

async function tell(connection: Connection, error: unknown): Promise<void> {
  const show = "Show Log";
  const said = `Agent Tasks could not go on: ${sentence(failureOf(error))}`;
  if ((await vscode.window.showErrorMessage(said, show)) === show) {
    connection.log.show();
  }
}
