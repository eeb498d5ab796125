/** The review of a task in VS Code's own diff editors. */

import * as vscode from "vscode";
import type { FileInfo, TaskInfo } from "../generated/protocol";
import type { Tasks } from "../tasks/tasks";
import type { Changes } from "./changes";
import { sidesOf } from "./sides";

const EXPLAINED = "agentls.ui.trustExplained";

/** Opens diffs, and knows which task's review is in front. */
export class Reviewer implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #tasks: Tasks;
  readonly #changes: Changes;
  readonly #titles = new Map<string, string>();
  readonly #opened = new vscode.EventEmitter<TaskInfo>();
  readonly #owned: vscode.Disposable[];

  /** A diff of the task was opened. */
  readonly onDidOpen = this.#opened.event;

  constructor(context: vscode.ExtensionContext, tasks: Tasks, changes: Changes) {
    this.#context = context;
    this.#tasks = tasks;
    this.#changes = changes;
    this.#owned = [
      this.#opened,
      vscode.window.tabGroups.onDidChangeTabs(() => this.#tell()),
      vscode.window.tabGroups.onDidChangeTabGroups(() => this.#tell()),
      vscode.window.onDidChangeActiveTextEditor(() => this.#tell()),
    ];
  }

  /** The task whose review or worktree's file is in front. */
  get current(): TaskInfo | undefined {
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    const byTitle = tab && this.#titles.get(tab.label);
    if (byTitle) {
      return this.#tasks.get(byTitle);
    }
    const uri = vscode.window.activeTextEditor?.document.uri;
    return uri && this.taskOf(uri);
  }

  /** The task that a document belongs to: a file of its worktree, or a side of its diff. */
  taskOf(uri: vscode.Uri): TaskInfo | undefined {
    if (uri.scheme === "agentls") {
      return this.#tasks.get(uri.path.split("/")[1] ?? "");
    }
    const text = uri.toString();
    return this.#tasks.all().find((task) => text.startsWith(`${task.worktree}/`));
  }

  /** Open all files of a task's change in one diff editor. */
  async open(task: TaskInfo): Promise<void> {
    this.#changes.drop(task.id);
    const change = await this.#changes.of(task.id);
    if (!change) {
      return;
    }
    if (change.files.length === 0) {
      void vscode.window.showInformationMessage(`“${task.title}” changed nothing.`);
      return;
    }
    if (!(await this.#explainTrust())) {
      return;
    }
    const title = `Review: ${task.title} (${task.id})`;
    this.#titles.set(title, task.id);
    await vscode.commands.executeCommand(
      "vscode.changes",
      title,
      change.files.map((file) => {
        const { base, now } = parsed(file);
        return [now ?? base, base, now];
      }),
    );
    // Else the next file that is looked at takes the review's place.
    await vscode.commands.executeCommand("workbench.action.keepEditor");
    this.#tell();
    this.#opened.fire(task);
  }

  /** Open one file's diff; what is only on one side opens by itself. */
  async openFile(task: TaskInfo, file: FileInfo): Promise<void> {
    if (!(await this.#explainTrust())) {
      return;
    }
    const { base, now } = parsed(file);
    const name = file.path.slice(file.path.lastIndexOf("/") + 1);
    if (base && now && !file.binary) {
      await vscode.commands.executeCommand("vscode.diff", base, now, `${name} (${task.title})`);
    } else {
      await vscode.commands.executeCommand("vscode.open", now ?? base);
    }
    this.#opened.fire(task);
  }

  /** Close the review of a task that was merged or discarded. */
  async close(task: TaskInfo): Promise<void> {
    const own = new Set(
      [...this.#titles].filter(([, id]) => id === task.id).map(([title]) => title),
    );
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await vscode.window.tabGroups.close(
      tabs.filter((tab) => !tab.isDirty && (own.has(tab.label) || this.#shows(tab, task))),
    );
  }

  dispose(): void {
    vscode.Disposable.from(...this.#owned).dispose();
  }

  #shows(tab: vscode.Tab, task: TaskInfo): boolean {
    const { input } = tab;
    const uri =
      input instanceof vscode.TabInputTextDiff
        ? input.modified
        : input instanceof vscode.TabInputText
          ? input.uri
          : undefined;
    return uri !== undefined && this.taskOf(uri)?.id === task.id;
  }

  #tell(): void {
    const { current } = this;
    void vscode.commands.executeCommand("setContext", "agentls.ui.reviewing", current?.state ?? "");
  }

  /** Say once why VS Code asks about files outside the folder, before it does. */
  async #explainTrust(): Promise<boolean> {
    const { globalState } = this.#context;
    if (globalState.get(EXPLAINED, false)) {
      return true;
    }
    const go = "Continue";
    const chosen = await vscode.window.showInformationMessage(
      "VS Code may ask whether to open files outside this folder.",
      {
        modal: true,
        detail:
          "A task's files lie in a worktree of their own, outside your folder. The right-hand " +
          "side of a review is the real file there, so you can edit it. Choose “Open” to see " +
          "it here, or open the worktree in a window of its own. This is said once.",
      },
      go,
    );
    if (chosen !== go) {
      return false;
    }
    await globalState.update(EXPLAINED, true);
    return true;
  }
}

function parsed(file: FileInfo): { base: vscode.Uri | undefined; now: vscode.Uri | undefined } {
  const { base, now } = sidesOf(file);
  return {
    base: base ? vscode.Uri.parse(base) : undefined,
    now: now ? vscode.Uri.parse(now) : undefined,
  };
}
