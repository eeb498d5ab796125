/** The terminals of tasks in this window: one a task, open again after a reload. */

import * as vscode from "vscode";
import type { TaskInfo } from "../generated/protocol";
import type { Connection } from "../server/connection";
import type { Tasks } from "../tasks/tasks";
import { Panel } from "./panel";

const OPEN = "agentls.ui.openPanels";

export class Panels implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #connection: Connection;
  readonly #tasks: Tasks;
  readonly #terminals = new Map<string, vscode.Terminal>();
  readonly #owned: vscode.Disposable[];

  constructor(context: vscode.ExtensionContext, connection: Connection, tasks: Tasks) {
    this.#context = context;
    this.#connection = connection;
    this.#tasks = tasks;
    const first = tasks.onDidList(() => {
      first.dispose();
      this.#openAgain();
    });
    this.#owned = [
      first,
      vscode.window.onDidCloseTerminal((terminal) => {
        // A window that goes takes its terminals along; they come back with it.
        if (terminal.exitStatus?.reason !== vscode.TerminalExitReason.Shutdown) {
          this.#forget(terminal);
        }
      }),
    ];
  }

  /** Show a task's terminal. */
  show(task: TaskInfo, { focus }: { focus: boolean }): void {
    const terminal = this.#terminals.get(task.id) ?? this.#create(task);
    terminal.show(!focus);
  }

  /** Whether the task's terminal is the one in front. */
  isInFront(task: TaskInfo): boolean {
    const terminal = this.#terminals.get(task.id);
    return terminal !== undefined && vscode.window.activeTerminal === terminal;
  }

  dispose(): void {
    vscode.Disposable.from(...this.#owned).dispose();
  }

  #create(task: TaskInfo): vscode.Terminal {
    const terminal = vscode.window.createTerminal({
      name: task.title,
      iconPath: new vscode.ThemeIcon("robot"),
      isTransient: true,
      pty: new Panel(task.id, this.#connection, this.#tasks),
    });
    this.#terminals.set(task.id, terminal);
    this.#remember();
    return terminal;
  }

  #openAgain(): void {
    for (const id of this.#context.workspaceState.get<string[]>(OPEN, [])) {
      const task = this.#tasks.get(id);
      if (task && task.state !== "discarded" && !this.#terminals.has(id)) {
        this.#create(task).show(true);
      }
    }
    this.#remember();
  }

  #forget(terminal: vscode.Terminal): void {
    for (const [id, known] of this.#terminals) {
      if (known === terminal) {
        this.#terminals.delete(id);
      }
    }
    this.#remember();
  }

  #remember(): void {
    void this.#context.workspaceState.update(OPEN, [...this.#terminals.keys()]);
  }
}
