/** How tasks are ordered and told in a list: by what needs the person first. */

import type { AskedInfo, TaskInfo, TaskState } from "../generated/protocol";

export type GroupId = "attention" | "review" | "running" | "queued" | "done";

export interface Group {
  readonly id: GroupId;
  readonly title: string;
  readonly states: readonly TaskState[];
}

/** In the order in which the list shows them; each state is in exactly one. */
export const GROUPS: readonly Group[] = [
  { id: "attention", title: "Needs You", states: ["waiting", "failed", "interrupted"] },
  { id: "review", title: "Ready to Review", states: ["review"] },
  { id: "running", title: "Working", states: ["working", "checking", "preparing"] },
  { id: "queued", title: "Queued", states: ["queued"] },
  { id: "done", title: "Done", states: ["merged", "discarded"] },
];

/** States in which a task waits for the person; the badge counts these. */
export const WAITING_FOR_YOU: ReadonlySet<TaskState> = new Set<TaskState>([
  "waiting",
  "failed",
  "interrupted",
  "review",
]);

/** States of which the worktree is nobody's work any more. */
export const OVER: ReadonlySet<TaskState> = new Set<TaskState>(["merged", "discarded"]);

/** The codicon and theme colour of each state. */
export const LOOKS: Readonly<Record<TaskState, { icon: string; color?: string }>> = {
  queued: { icon: "clock" },
  preparing: { icon: "loading~spin" },
  working: { icon: "loading~spin", color: "charts.blue" },
  waiting: { icon: "question", color: "list.warningForeground" },
  checking: { icon: "beaker", color: "charts.blue" },
  review: { icon: "git-pull-request", color: "charts.green" },
  failed: { icon: "error", color: "list.errorForeground" },
  interrupted: { icon: "debug-disconnect", color: "list.warningForeground" },
  merged: { icon: "git-merge", color: "charts.purple" },
  discarded: { icon: "trash", color: "disabledForeground" },
};

const DONE_MAX = 50;

/** Sort tasks into groups: the newest first where something is over, else the oldest. */
export function grouped(tasks: Iterable<TaskInfo>): ReadonlyMap<GroupId, readonly TaskInfo[]> {
  const found = new Map<GroupId, TaskInfo[]>(GROUPS.map((group) => [group.id, []]));
  for (const task of tasks) {
    found.get(groupOf(task).id)?.push(task);
  }
  for (const [id, members] of found) {
    members.sort(id === "done" ? (a, b) => b.rev - a.rev : (a, b) => a.number - b.number);
  }
  found.set("done", (found.get("done") ?? []).slice(0, DONE_MAX));
  return found;
}

/** Tasks of one group in families: a child stands below its parent where both are in it. */
export interface Families {
  readonly roots: readonly TaskInfo[];
  readonly children: ReadonlyMap<string, readonly TaskInfo[]>;
}

/**
 * Part a group's tasks into families, in their order.
 *
 * A child in another group than its parent is a root there: what needs the person first
 * is never hidden below what doesn't.
 */
export function families(members: readonly TaskInfo[]): Families {
  const here = new Set(members.map(({ id }) => id));
  const roots: TaskInfo[] = [];
  const children = new Map<string, TaskInfo[]>();
  for (const task of members) {
    if (task.parent !== undefined && here.has(task.parent)) {
      children.set(task.parent, [...(children.get(task.parent) ?? []), task]);
    } else {
      roots.push(task);
    }
  }
  return { roots, children };
}

/** Give the group that a task stands in. */
export function groupOf(task: TaskInfo): Group {
  const group = GROUPS.find((one) => one.states.includes(stateOf(task)));
  if (group === undefined) {
    throw new Error(`Task ${task.id} has the unknown state ${task.state}.`);
  }
  return group;
}

export function stateOf(task: TaskInfo): TaskState {
  return task.state as TaskState;
}

/**
 * Tell why a task waits, its agent, age and conflicts: what matters most comes first.
 *
 * A child that stands `apart` from its parent names it.
 */
export function description(task: TaskInfo, now: number, { apart = true } = {}): string {
  const why = WAITING_FOR_YOU.has(stateOf(task)) && task.why ? [task.why] : [];
  const parts = [...why, task.agent, age(now - Date.parse(task.changed))];
  if (task.files) {
    parts.push(`+${task.added ?? 0} −${task.deleted ?? 0}`);
  }
  const conflict = conflictOf(task);
  if (conflict) {
    parts.push(conflict);
  }
  if (task.parent && apart) {
    parts.push(`↳ ${task.parent}`);
  }
  return parts.join(" · ");
}

/** Say in a few words what a task's merge would conflict with, the worst alone. */
export function conflictOf({ forecast, target }: TaskInfo): string | undefined {
  if (forecast?.target === "conflicts") {
    return `conflicts with ${target}`;
  }
  if (forecast?.user === "conflicts" || forecast?.inTheWay) {
    return "conflicts with your changes";
  }
  return forecast?.tasks?.length ? `conflicts with ${forecast.tasks.join(", ")}` : undefined;
}

/** Say how long ago something was, in its largest unit. */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  for (const [unit, length] of [
    ["d", 86400],
    ["h", 3600],
    ["m", 60],
  ] as const) {
    if (seconds >= length) {
      return `${Math.floor(seconds / length)}${unit}`;
    }
  }
  return `${seconds}s`;
}

/** Give the session that a terminal shows: the setup's or agent's last, no check or script. */
export function presentSession(task: TaskInfo): { id: string; live: boolean } | undefined {
  return task.sessions?.findLast(({ kind }) => kind === "setup" || kind === "agent");
}

/** Whether a check of a task stands in the way of its merge. */
export function hasFailedChecks(task: TaskInfo): boolean {
  const bad = ["failed", "timedOut", "lost"];
  return (
    task.checks?.some(({ mode, outcome }) => mode === "block" && bad.includes(outcome)) ?? false
  );
}

export function isLive(task: TaskInfo): boolean {
  return presentSession(task)?.live ?? false;
}

/** What `when` clauses of the tree see: a task's state, whether it is live, asks, is updated. */
export function contextValue(task: TaskInfo): string {
  const asks = task.asked?.choices?.length || task.asked?.takesText;
  const words = ["task", task.state, isLive(task) ? "live" : "ended", asks ? "asks" : "mute"];
  return [...words, ...(task.openUpdate ? ["updating"] : [])].join(" ");
}

/** Whether an agent asks something else by now: an answer to the one isn't one to the other. */
export function asksOtherwise(then: AskedInfo | undefined, now: TaskInfo | undefined): boolean {
  const question = (asked: AskedInfo) =>
    JSON.stringify([asked.kind, asked.tool, asked.text, asked.choices]);
  return Boolean(then && now?.asked && question(then) !== question(now.asked));
}

/** Say a choice as a button does: `allowAlways` reads “Allow always”. */
export function choiceLabel(choice: string): string {
  const words = choice.replace(/([a-z])([A-Z])|[-_]/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
