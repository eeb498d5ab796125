/** One item in the status bar: how many tasks work, how many wait, and a paused queue. */

import * as vscode from "vscode";
import type { Connection } from "../server/connection";
import { groupOf, stateOf, WAITING_FOR_YOU } from "../tasks/attention";
import type { Tasks } from "../tasks/tasks";

export class StatusBar implements vscode.Disposable {
  readonly #connection: Connection;
  readonly #tasks: Tasks;
  readonly #item = vscode.window.createStatusBarItem(
    "agentls.ui.status",
    vscode.StatusBarAlignment.Left,
    10,
  );
  readonly #owned: vscode.Disposable[];

  constructor(connection: Connection, tasks: Tasks) {
    this.#connection = connection;
    this.#tasks = tasks;
    this.#item.name = "Agent Tasks";
    this.#owned = [
      this.#item,
      tasks.onDidChange(() => this.#update()),
      tasks.onDidList(() => this.#update()),
      tasks.onDidChangeQueue(() => this.#update()),
      connection.onDidChangeCondition(() => this.#update()),
    ];
    this.#update();
    this.#item.show();
  }

  dispose(): void {
    vscode.Disposable.from(...this.#owned).dispose();
  }

  #update(): void {
    const { condition } = this.#connection;
    if (condition === "noPython" || condition === "failed") {
      this.#item.text = "$(robot) $(warning)";
      this.#item.tooltip = "Agent Tasks: the server isn't running";
      this.#item.command = "agentls.ui.restart";
      return;
    }
    const tasks = this.#tasks.all();
    const working = tasks.filter((task) => groupOf(task).id === "running").length;
    const waiting = tasks.filter((task) => WAITING_FOR_YOU.has(stateOf(task))).length;
    const { paused } = this.#tasks;
    this.#item.text = `$(robot) ${working} $(bell) ${waiting}${paused ? " $(debug-pause)" : ""}`;
    const queue = paused ? "; the queue is paused" : "";
    this.#item.tooltip = `Agent Tasks: ${working} at work, ${waiting} waiting for you${queue}`;
    this.#item.command = waiting > 0 ? "agentls.ui.reviewNext" : "agentls.ui.tasks.focus";
  }
}
