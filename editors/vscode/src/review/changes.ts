/** The changes of tasks, asked for when they are looked at and dropped when a task moves. */

import { isDeepStrictEqual } from "node:util";
import * as vscode from "vscode";
import type { ChangesParams, ChangesResult, FileInfo } from "../generated/protocol";
import type { Connection } from "../server/connection";
import type { Tasks } from "../tasks/tasks";
import { failureOf, sentence } from "../wire";

type How = Pick<ChangesParams, "look" | "from">;

/** What a list shows of a change: its files, or why nobody can tell. */
export interface Glance {
  readonly files: readonly FileInfo[];
  readonly refused?: string;
}

export class Changes implements vscode.Disposable {
  readonly #connection: Connection;
  /** What was asked for since the task moved last. */
  readonly #known = new Map<string, Promise<ChangesResult>>();
  /** What was known last: by now the change may be another one. */
  readonly #last = new Map<string, ChangesResult>();
  readonly #changed = new vscode.EventEmitter<string>();
  readonly #owned: vscode.Disposable[];

  /** The files of a task may be others than at the last glance. */
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
    return this.#told(this.#fresh(task));
  }

  /** Give it because a person looks at it, from one of its states if one is named. */
  look(task: string, from?: string): Promise<ChangesResult | undefined> {
    const asked = this.#ask(task, { look: true, ...(from === undefined ? {} : { from }) });
    return this.#told(from === undefined ? this.#keep(task, asked) : asked);
  }

  /**
   * Give the files for a list, at once where some are known.
   *
   * They are asked for again where the task has moved since; `onDidChange` tells if they
   * are others. So a list isn't without them for the time of a question.
   */
  glance(task: string): Glance | Promise<Glance> {
    const asked = this.#fresh(task);
    return (
      this.#last.get(task) ??
      asked.then(
        (change) => this.#last.get(task) ?? change,
        (error: unknown) => ({ files: [], refused: sentence(failureOf(error)) }),
      )
    );
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

  #fresh(task: string): Promise<ChangesResult> {
    return this.#known.get(task) ?? this.#keep(task, this.#ask(task, {}));
  }

  /** Keep an answer; where the task moves before it is there, only until the next one. */
  #keep(task: string, asked: Promise<ChangesResult>): Promise<ChangesResult> {
    this.#known.set(task, asked);
    asked.then(
      (change) => {
        const before = this.#last.get(task);
        if (!before || this.#known.get(task) === asked) {
          this.#last.set(task, change);
          if (before && !isDeepStrictEqual(before.files, change.files)) {
            this.#changed.fire(task);
          }
        }
      },
      (error: unknown) => {
        if (this.#known.get(task) === asked) {
          this.#known.delete(task);
        }
        this.#connection.log.warn(`No change of ${task}: ${sentence(failureOf(error))}`);
      },
    );
    return asked;
  }

  async #told(asked: Promise<ChangesResult>): Promise<ChangesResult | undefined> {
    try {
      return await asked;
    } catch (error) {
      this.#connection.tell(failureOf(error));
      return undefined;
    }
  }

  /** Ask for all pages. */
  async #ask(task: string, how: How): Promise<ChangesResult> {
    const first = await this.#connection.request("agentls.changes", { task, ...how });
    const files = [...first.files];
    for (let { more } = first; more; ) {
      const page = await this.#connection.request("agentls.changes", { task, more });
      files.push(...page.files);
      more = page.more;
    }
    return { ...first, files };
  }
}
