/** Which of the person's own files lie where tasks are at work. */

import type { TaskInfo } from "../generated/protocol";
import { OVER, stateOf } from "./attention";

/** Say whether a file lies in a repository with open tasks, and in no task's worktree. */
export function isBesideTasks(uri: string, tasks: Iterable<TaskInfo>): boolean {
  let beside = false;
  for (const task of tasks) {
    if (uri.startsWith(`${task.worktree}/`)) {
      return false;
    }
    beside ||= !OVER.has(stateOf(task)) && uri.startsWith(`${task.repository}/`);
  }
  return beside && !uri.includes("/.git/");
}
