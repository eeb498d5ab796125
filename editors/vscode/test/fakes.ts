import type { TaskInfo, TaskState } from "../src/generated/protocol";

/** A task of which only what matters is named. */
export function task(given: Partial<TaskInfo> & { state?: TaskState } = {}): TaskInfo {
  return {
    id: "b2c3",
    number: 1,
    title: "Add a flag",
    agent: "claude",
    state: "working",
    repository: "file:///repo",
    worktree: "file:///worktrees/repo/1",
    branch: "agentls/add-a-flag-b2c3",
    base: { kind: "ref", name: "HEAD", commit: "0".repeat(40) },
    target: "main",
    created: "2026-01-01T00:00:00Z",
    changed: "2026-01-01T00:00:00Z",
    rev: 1,
    ...given,
  };
}
