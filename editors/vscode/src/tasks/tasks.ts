/** The tasks of this window, kept in step with the daemon. */

import * as vscode from "vscode";
import type { TaskInfo } from "../generated/protocol";
import type { Connection } from "../server/connection";
import { failureOf, sentence } from "../wire";
import { type Change, TaskList } from "./list";

/** Lists at each connection, hears what changes, and tells it on. */
export class Tasks implements vscode.Disposable {
  readonly #connection: Connection;
  readonly #list = new TaskList();
  readonly #changed = new vscode.EventEmitter<Change>();
  readonly #listed = new vscode.EventEmitter<void>();
  readonly #queue = new vscode.EventEmitter<void>();
  readonly #owned: vscode.Disposable[];
  #paused = false;

  /** One task changed, came or went. */
  readonly onDidChange = this.#changed.event;
  /** All was listed anew: whatever is shown may be stale. */
  readonly onDidList = this.#listed.event;
  /** The queue was paused, or goes on. */
  readonly onDidChangeQueue = this.#queue.event;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#owned = [
      this.#changed,
      this.#listed,
      this.#queue,
      connection.onDidConnect(() => void this.refresh()),
      connection.on("agentls/taskChanged", ({ task }) => this.#tell(this.#list.change(task))),
      connection.on("agentls/forecastChanged", ({ tasks }) => {
        for (const forecast of tasks) {
          this.#tell(this.#list.foresee(forecast));
        }
      }),
      connection.on("agentls/taskRemoved", (params) => this.#tell(this.#list.remove(params))),
      connection.on("agentls/queueChanged", ({ paused }) => this.#setPaused(paused)),
    ];
  }

  /** List all tasks again. */
  async refresh(): Promise<void> {
    try {
      const list = await this.#connection.request("agentls.listTasks", { discarded: true });
      const missed = this.#list.replace(list);
      this.#setPaused(list.paused ?? false);
      this.#listed.fire();
      for (const change of missed) {
        this.#tell(change); // by no daemon: there was none meanwhile
      }
    } catch (error) {
      // The next connection lists again; a box at each of its ends helps nobody.
      this.#connection.log.warn(`The tasks can't be listed. ${sentence(failureOf(error))}`);
    }
  }

  /** Whether nothing that is queued begins. */
  get paused(): boolean {
    return this.#paused;
  }

  get(id: string): TaskInfo | undefined {
    return this.#list.get(id);
  }

  all(): readonly TaskInfo[] {
    return [...this.#list.all()];
  }

  /** Take what an answer tells of a task, before its notification comes. */
  take(task: TaskInfo): void {
    this.#tell(this.#list.change(task));
  }

  dispose(): void {
    vscode.Disposable.from(...this.#owned).dispose();
  }

  #setPaused(paused: boolean): void {
    if (paused !== this.#paused) {
      this.#paused = paused;
      void vscode.commands.executeCommand("setContext", "agentls.ui.queuePaused", paused);
      this.#queue.fire();
    }
  }

  #tell(change: Change | undefined): void {
    if (change) {
      this.#changed.fire(change);
    }
  }
}
