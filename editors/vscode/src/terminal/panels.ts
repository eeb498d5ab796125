/** The terminals of tasks in this window: one a task, open again after a reload. */

import * as vscode from "vscode";
import type { TaskInfo } from "../generated/protocol";
import type { Connection } from "../server/connection";
import type { Tasks } from "../tasks/tasks";
import { Panel } from "./panel";

const OPEN = "agentls.ui.openPanels";
const IN_USE_MS = 30_000;

export class Panels implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #connection: Connection;
  readonly #tasks: Tasks;
  readonly #terminals = new Map<string, vscode.Terminal>();
  readonly #panels = new Map<string, Panel>();
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

  /**
   * Whether the person is at the task's terminal: they typed into it a moment ago.
   *
   * VS Code doesn't tell which terminal is seen; the active one may be hidden.
   */
  isInUse(task: TaskInfo): boolean {
    const panel = this.#panels.get(task.id);
    return panel !== undefined && Date.now() - panel.lastKey < IN_USE_MS;
  }

  dispose(): void {
    vscode.Disposable.from(...this.#owned).dispose();
  }

  #create(task: TaskInfo): vscode.Terminal {
    const panel = new Panel(task.id, this.#connection, this.#tasks);
    const terminal = vscode.window.createTerminal({
      name: task.title,
      iconPath: new vscode.ThemeIcon("robot"),
      isTransient: true,
      pty: panel,
    });
    this.#panels.set(task.id, panel);
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
        this.#panels.delete(id);
      }
    }
    this.#remember();
  }

  #remember(): void {
    void this.#context.workspaceState.update(OPEN, [...this.#terminals.keys()]);
  }
}
