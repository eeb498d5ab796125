/** The tasks as the daemon last told them; nothing here is decided by the editor. */

import type {
  ListTasksResult,
  TaskForecastInfo,
  TaskInfo,
  TaskRemovedParams,
} from "../generated/protocol";

/** What happened to one task. */
export interface Change {
  /** Absent where the task wasn't known before. */
  readonly before?: TaskInfo;
  /** Absent where the task is no more. */
  readonly after?: TaskInfo;
}

/** Keeps the newest of what lists and notifications tell, in whatever order they come. */
export class TaskList {
  readonly #tasks = new Map<string, TaskInfo>();
  readonly #removed = new Map<string, number>();

  /** Take a whole list; what was told later than it stays. Gives what changed meanwhile. */
  replace(list: ListTasksResult): readonly Change[] {
    const listed = new Set(list.tasks.map((task) => task.id));
    for (const [id, known] of this.#tasks) {
      if (!listed.has(id) && known.rev <= list.rev) {
        this.#tasks.delete(id);
      }
    }
    return list.tasks.flatMap((task) => {
      const change = this.change(task);
      return change?.before ? change : [];
    });
  }

  /** Take one task; undefined if something newer is known. */
  change(task: TaskInfo): Change | undefined {
    const before = this.#tasks.get(task.id);
    if ((before?.rev ?? -1) >= task.rev || (this.#removed.get(task.id) ?? -1) >= task.rev) {
      return undefined;
    }
    this.#tasks.set(task.id, task);
    return before === undefined ? { after: task } : { before, after: task };
  }

  /** Take a forecast, which changes no task's `rev`; undefined if that task isn't known. */
  foresee({ task, forecast }: TaskForecastInfo): Change | undefined {
    const before = this.#tasks.get(task);
    if (before === undefined) {
      return undefined;
    }
    const { forecast: _, ...rest } = before;
    const after = forecast ? { ...rest, forecast } : rest;
    this.#tasks.set(task, after);
    return { before, after };
  }

  /** Forget a task whose creation was undone. */
  remove(removed: TaskRemovedParams): Change | undefined {
    this.#removed.set(removed.task, removed.rev);
    const before = this.#tasks.get(removed.task);
    if (before === undefined || before.rev > removed.rev) {
      return undefined;
    }
    this.#tasks.delete(removed.task);
    return { before };
  }

  get(id: string): TaskInfo | undefined {
    return this.#tasks.get(id);
  }

  get size(): number {
    return this.#tasks.size;
  }

  all(): IterableIterator<TaskInfo> {
    return this.#tasks.values();
  }

  clear(): void {
    this.#tasks.clear();
    this.#removed.clear();
  }
}
