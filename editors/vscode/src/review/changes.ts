/** The changes of tasks, asked for when they are looked at and dropped when a task moves. */

import * as vscode from "vscode";
import type { ChangesParams, ChangesResult } from "../generated/protocol";
import type { Connection } from "../server/connection";
import type { Tasks } from "../tasks/tasks";

export class Changes implements vscode.Disposable {
  readonly #connection: Connection;
  readonly #known = new Map<string, Promise<ChangesResult | undefined>>();
  /** The last answer for each task, also when another one is due. */
  readonly #last = new Map<string, ChangesResult>();
  readonly #changed = new vscode.EventEmitter<string>();
  readonly #owned: vscode.Disposable[];

  /** The change of a task may be another one now. */
  readonly onDidChange = this.#changed.event;

  constructor(connection: Connection, tasks: Tasks) {
    this.#connection = connection;
    this.#owned = [
      this.#changed,
      tasks.onDidChange(({ before, after }) => {
        this.#known.delete((after ?? before)?.id ?? "");
        if (before && !after) {
          this.#last.delete(before.id);
        }
      }),
      tasks.onDidList(() => this.#known.clear()),
      connection.on("agentls/viewedChanged", ({ task }) => this.drop(task)),
      // The right-hand side of a diff is the worktree's file: it may be edited here.
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        for (const task of tasks.all()) {
          if (uri.toString().startsWith(`${task.worktree}/`)) {
            this.drop(task.id);
          }
        }
      }),
    ];
  }

  /** Give a task's change, from its base to its worktree; a refusal is shown. */
  of(task: string): Promise<ChangesResult | undefined> {
    const known = this.#known.get(task) ?? this.#ask(task);
    this.#known.set(task, known);
    return known;
  }

  /** Give what was last known at once, to be shown until newer news come; says when they do. */
  last(task: string): ChangesResult | Promise<ChangesResult | undefined> {
    const newest = this.of(task);
    const last = this.#last.get(task);
    if (!last) {
      return newest;
    }
    void newest.then((change) => change && change !== last && this.#changed.fire(task));
    return last;
  }

  /** Give it because a person looks at it, from one of its states if one is named. */
  async look(task: string, from?: string): Promise<ChangesResult | undefined> {
    const change = await this.#ask(task, { look: true, ...(from === undefined ? {} : { from }) });
    if (from === undefined && change) {
      this.#known.set(task, Promise.resolve(change));
      this.#changed.fire(task);
    }
    return change;
  }

  /** Mark files as viewed, or take the marks off. */
  async markViewed(task: string, paths: readonly string[], viewed: boolean): Promise<void> {
    await this.#connection.ask("agentls.markViewed", { task, paths, viewed });
    this.drop(task);
  }

  /** Ask again when the change is looked at next, and say so. */
  drop(task: string): void {
    if (this.#known.delete(task)) {
      this.#changed.fire(task);
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#owned).dispose();
  }

  async #ask(
    task: string,
    how: Pick<ChangesParams, "look" | "from"> = {},
  ): Promise<ChangesResult | undefined> {
    const first = await this.#connection.ask("agentls.changes", { task, ...how });
    const files = [...(first?.files ?? [])];
    for (let page = first; page?.more; ) {
      page = await this.#connection.ask("agentls.changes", { task, more: page.more });
      files.push(...(page?.files ?? []));
    }
    if (!first) {
      this.#known.delete(task);
      return undefined;
    }
    const change = { ...first, files };
    if (how.from === undefined) {
      this.#last.set(task, change);
    }
    return change;
  }
}
