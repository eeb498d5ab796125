/** The briefing of a task: what to know before its review. */

import type { Parts } from "../parts";
import type { Connection } from "../server/connection";
import type { Author } from "../view/pages";
import { type Given, pickTask, REVIEWABLE_STATES } from "./pick";

export async function showBriefing(parts: Parts, given?: Given): Promise<void> {
  const task = await pickTask(parts, given, [...REVIEWABLE_STATES, "merged"]);
  if (task) {
    await parts.pages.show("briefing", task.id, `Briefing: ${task.title}`);
  }
}

export function briefingAuthor(connection: Connection): Author {
  return async (task) => (await connection.ask("agentls.briefing", { task }))?.text ?? "";
}
