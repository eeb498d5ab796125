/** Run a task's checks again. */

import type { Parts } from "../parts";
import { type Given, pickTask } from "./pick";

export async function runChecks(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, ["review", "failed", "interrupted"]);
  const running = task && (await parts.connection.ask("agentls.runChecks", { task: task.id }));
  if (running) {
    parts.tasks.take(running.task);
  }
}
