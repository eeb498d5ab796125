/** The review of a task in VS Code's own diff editors. */

import * as vscode from "vscode";
import type { ChangesResult, FileInfo, TaskInfo } from "../generated/protocol";
import type { Connection } from "../server/connection";
import { OVER, stateOf } from "../tasks/attention";
import type { Tasks } from "../tasks/tasks";
import type { Changes } from "./changes";
import { diffOf, LEFT_SCHEME, serverUri, sidesOf, taskOfLeft } from "./sides";

/** From which of its states a change is shown, as the server and a person name it. */
export interface Since {
  readonly from: string;
  readonly since: string;
}

/** Opens diffs, and knows which task's review is in front. */
export class Reviewer implements vscode.Disposable {
  readonly #tasks: Tasks;
  readonly #changes: Changes;
  readonly #opened = new vscode.EventEmitter<TaskInfo>();
  readonly #owned: vscode.Disposable[];

  /** A diff of the task was opened. */
  readonly onDidOpen = this.#opened.event;

  constructor(connection: Connection, tasks: Tasks, changes: Changes) {
    this.#tasks = tasks;
    this.#changes = changes;
    const first = tasks.onDidList(() => {
      first.dispose();
      connection.background(this.#openAgain());
    });
    this.#owned = [
      first,
      this.#opened,
      tasks.onDidChange(({ before, after }) => {
        if (before && (!after || OVER.has(stateOf(after)))) {
          connection.background(this.#close(before));
        }
      }),
      connection.on("agentls/openRequested", ({ task: id }) => {
        const task = tasks.get(id);
        if (task) {
          connection.background(this.open(task));
        }
      }),
      vscode.workspace.registerTextDocumentContentProvider(LEFT_SCHEME, {
        provideTextDocumentContent: (uri) => connection.document(serverUri(uri)),
      }),
      vscode.window.tabGroups.onDidChangeTabs(() => this.#tell()),
      vscode.window.tabGroups.onDidChangeTabGroups(() => this.#tell()),
      vscode.window.onDidChangeActiveTextEditor(() => this.#tell()),
    ];
  }

  /** The task whose review or worktree's file is in front. */
  get current(): TaskInfo | undefined {
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    const reviewed = tab && this.#reviewedIn(tab);
    if (reviewed) {
      return reviewed;
    }
    const uri = vscode.window.activeTextEditor?.document.uri;
    return uri && this.taskOf(uri);
  }

  /** The task that a document belongs to: a file of its worktree, or a side of its diff. */
  taskOf(uri: vscode.Uri): TaskInfo | undefined {
    if (uri.scheme === LEFT_SCHEME) {
      return this.#tasks.get(taskOfLeft(uri));
    }
    const text = uri.toString();
    return this.#tasks.all().find((task) => text.startsWith(`${task.worktree}/`));
  }

  /** Open all files of a task's change in one diff editor. */
  async open(task: TaskInfo, since?: Since): Promise<void> {
    const change = await this.#changes.look(task.id, since?.from);
    if (!change) {
      return;
    }
    const now = this.#tasks.get(task.id);
    if (!now || (now.state !== task.state && OVER.has(stateOf(now)))) {
      // Its end closed what was open of it, and nothing would close what opens now.
      void vscode.window.showInformationMessage(
        `“${task.title}” was ${now?.state ?? "removed"} meanwhile.`,
      );
      return;
    }
    if (change.files.length === 0) {
      const when = since ? ` since ${since.since}` : "";
      void vscode.window.showInformationMessage(`“${task.title}” changed nothing${when}.`);
      return;
    }
    await this.#show(task, change, since ? `, since ${since.since}` : "");
  }

  /** Bring an open review up to what the change is now; close it if nothing is left. */
  async refresh(task: TaskInfo): Promise<void> {
    const isReview = (tab: vscode.Tab) => this.#reviewedIn(tab)?.id === task.id;
    if (!allTabs().some(isReview)) {
      return;
    }
    const change = await this.#changes.of(task.id);
    if (!change || !allTabs().some(isReview)) {
      return; // or the task has ended meanwhile, and its review with it
    }
    await close((tab) => isReview(tab) && !tab.isDirty);
    if (change.files.length > 0) {
      await this.#show(task, change, "");
    }
  }

  async #show(task: TaskInfo, change: ChangesResult, note: string): Promise<void> {
    await vscode.commands.executeCommand(
      "vscode.changes",
      `Review: ${task.title}${note} (${task.id})`,
      diffOf(task, change.files),
    );
    // Else the next file that is looked at takes the review's place.
    await vscode.commands.executeCommand("workbench.action.keepEditor");
    this.#tell();
    this.#opened.fire(task);
  }

  /** Open one file's diff; what is only on one side opens by itself. */
  async openFile(task: TaskInfo, file: FileInfo): Promise<void> {
    const { left, right } = sidesOf(task, file);
    const name = file.path.slice(file.path.lastIndexOf("/") + 1);
    if (left && right && !file.binary) {
      await vscode.commands.executeCommand("vscode.diff", left, right, `${name} (${task.title})`);
    } else {
      await vscode.commands.executeCommand("vscode.open", right ?? left);
    }
    this.#opened.fire(task);
  }

  /** Whether something of a task's review is open. */
  isOpen(task: TaskInfo): boolean {
    return allTabs().some((tab) => this.#belongsTo(tab, task));
  }

  dispose(): void {
    vscode.Disposable.from(...this.#owned).dispose();
  }

  /** The task whose review a tab is: by its title, all that VS Code tells of such a tab. */
  #reviewedIn(tab: vscode.Tab): TaskInfo | undefined {
    return this.#tasks.get(/^Review: .* \((\w+)\)(?: \(.*\))?$/s.exec(tab.label)?.[1] ?? "");
  }

  /** Fill the reviews again that VS Code brought back empty when the window was loaded. */
  async #openAgain(): Promise<void> {
    const front = vscode.window.tabGroups.activeTabGroup.activeTab;
    const task = front && this.#reviewedIn(front);
    await close((tab) => this.#reviewedIn(tab) !== undefined);
    if (task && task.state !== "discarded") {
      await this.open(task);
    }
  }

  /** Close all of a task that was merged or discarded, but for what isn't saved. */
  async #close(task: TaskInfo): Promise<void> {
    await close((tab) => this.#belongsTo(tab, task) && !tab.isDirty);
  }

  #belongsTo(tab: vscode.Tab, task: TaskInfo): boolean {
    return this.#reviewedIn(tab)?.id === task.id || this.#shows(tab, task);
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
}

function allTabs(): readonly vscode.Tab[] {
  return vscode.window.tabGroups.all.flatMap((group) => group.tabs);
}

/**
 * Close the tabs that are meant, as they are now: VS Code refuses one that was
 * closed since it was looked up, by the person or by the end of the task.
 */
async function close(isMeant: (tab: vscode.Tab) => boolean): Promise<void> {
  await vscode.window.tabGroups.close(allTabs().filter(isMeant));
}
