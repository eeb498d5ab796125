/** Which rows the list of tasks has: groups, in them families of tasks. */

import type { TaskInfo } from "../generated/protocol";
import { type Families, families, GROUPS, type GroupId, grouped, groupOf } from "./attention";

export interface Layout {
  /** Those that have members, in the order of the list. */
  readonly groups: readonly GroupId[];
  readonly members: ReadonlyMap<GroupId, readonly TaskInfo[]>;
  readonly families: ReadonlyMap<GroupId, Families>;
  /** Equal where a group has the same rows in the same order, whatever stands in them. */
  readonly shapes: ReadonlyMap<GroupId, string>;
}

export function layoutOf(tasks: Iterable<TaskInfo>): Layout {
  const members = grouped(tasks);
  const groups = GROUPS.map(({ id }) => id).filter((id) => members.get(id)?.length);
  const inFamilies = new Map(groups.map((id) => [id, families(members.get(id) ?? [])]));
  const shapes = new Map([...inFamilies].map(([id, family]) => [id, shapeOf(family)]));
  return { groups, members, families: inFamilies, shapes };
}

/** Give the tasks that stand below a task. */
export function childrenIn({ families: all }: Layout, task: TaskInfo): readonly TaskInfo[] {
  return all.get(groupOf(task).id)?.children.get(task.id) ?? [];
}

function shapeOf({ roots, children }: Families): string {
  const below = [...children].map(([parent, some]) => [parent, ids(some)]);
  return JSON.stringify([ids(roots), below]);
}

function ids(tasks: readonly TaskInfo[]): readonly string[] {
  return tasks.map(({ id }) => id);
}
