/** The list of tasks, grouped by what needs the person first. */

import * as vscode from "vscode";
import type { FileInfo, TaskInfo } from "../generated/protocol";
import type { Changes } from "../review/changes";
import {
  contextValue,
  description,
  type Families,
  families,
  GROUPS,
  type Group,
  type GroupId,
  grouped,
  groupOf,
  LOOKS,
  stateOf,
  WAITING_FOR_YOU,
} from "../tasks/attention";
import type { Tasks } from "../tasks/tasks";
import { changeUri, taskUri } from "./decorations";

export type Node =
  | { readonly kind: "group"; readonly group: Group }
  | { readonly kind: "task"; readonly id: string }
  | { readonly kind: "file"; readonly task: string; readonly file: FileInfo };

const REFRESH_MS = 50;
const AGE_MS = 30_000;

export class TaskTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #tasks: Tasks;
  readonly #changes: Changes;
  readonly #changed = new vscode.EventEmitter<Node | undefined>();
  readonly #view: vscode.TreeView<Node>;
  readonly #owned: vscode.Disposable[];
  readonly #taskNodes = new Map<string, Node>();
  /** The tasks that are folded out: one that moves to another group stays so. */
  readonly #expanded = new Set<string>();
  #groups: ReadonlyMap<GroupId, readonly TaskInfo[]> | undefined;
  readonly #families = new Map<GroupId, Families>();
  #filter = "";
  #pending: NodeJS.Timeout | undefined;
  readonly #ages: NodeJS.Timeout;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(tasks: Tasks, changes: Changes) {
    this.#tasks = tasks;
    this.#changes = changes;
    this.#view = vscode.window.createTreeView("agentls.ui.tasks", {
      treeDataProvider: this,
      showCollapseAll: true,
      manageCheckboxStateManually: true,
    });
    this.#ages = setInterval(() => this.#view.visible && this.#refresh(), AGE_MS);
    this.#owned = [
      this.#changed,
      this.#view,
      tasks.onDidChange(() => this.#refresh()),
      tasks.onDidList(() => this.#refresh()),
      tasks.onDidChangeQueue(() => this.#showPause()),
      this.#view.onDidExpandElement(({ element }) => this.#fold(element, { out: true })),
      this.#view.onDidCollapseElement(({ element }) => this.#fold(element, { out: false })),
      this.#view.onDidChangeCheckboxState(({ items }) => this.#mark(items)),
      changes.onDidChange((task) => this.#changed.fire(this.#taskNode(task))),
    ];
  }

  /** The id of the task that is selected, or that the selected file belongs to. */
  get selectedTask(): string | undefined {
    const [node] = this.#view.selection;
    return node?.kind === "file" ? node.task : node?.kind === "task" ? node.id : undefined;
  }

  /** Show only tasks with the text in title, agent, branch, id or a label; all if empty. */
  set filter(text: string) {
    this.#filter = text.toLowerCase();
    this.#view.description = text ? `“${text}”` : "";
    void vscode.commands.executeCommand("setContext", "agentls.ui.filtered", text !== "");
    this.#refresh();
  }

  getChildren(node?: Node): Node[] | Promise<Node[]> | null {
    if (!node) {
      this.#groups ??= grouped(this.#shown());
      return GROUPS.filter((group) => this.#members(group.id).length > 0).map((group) => ({
        kind: "group",
        group,
      }));
    }
    switch (node.kind) {
      case "group":
        return this.#family(node.group.id).roots.map((task) => this.#taskNode(task.id));
      case "task":
        return this.#below(node.id);
      case "file":
        return null;
    }
  }

  getParent(node: Node): Node | undefined {
    const parent = node.kind === "file" ? node.task : node.kind === "task" && this.#parent(node.id);
    return parent ? this.#taskNode(parent) : undefined;
  }

  getTreeItem(node: Node): vscode.TreeItem {
    switch (node.kind) {
      case "group":
        return this.#groupItem(node.group);
      case "task":
        return this.#taskItem(node.id);
      case "file":
        return fileItem(node.task, node.file);
    }
  }

  /** Write a task's tooltip, when the mouse is over it: a long list is drawn without them. */
  resolveTreeItem(item: vscode.TreeItem, node: Node): vscode.TreeItem {
    const task = node.kind === "task" ? this.#tasks.get(node.id) : undefined;
    if (task) {
      item.tooltip = tooltip(task);
    }
    return item;
  }

  dispose(): void {
    clearInterval(this.#ages);
    clearTimeout(this.#pending);
    vscode.Disposable.from(...this.#owned).dispose();
  }

  async #mark(items: readonly (readonly [Node, vscode.TreeItemCheckboxState])[]): Promise<void> {
    for (const [node, state] of items) {
      if (node.kind === "file") {
        const viewed = state === vscode.TreeItemCheckboxState.Checked;
        await this.#changes.markViewed(node.task, [node.file.path], viewed);
      }
    }
  }

  #members(id: GroupId): readonly TaskInfo[] {
    return this.#groups?.get(id) ?? [];
  }

  *#shown(): IterableIterator<TaskInfo> {
    for (const task of this.#tasks.all()) {
      const text = [task.title, task.agent, task.branch, task.id, ...(task.labels ?? [])];
      if (text.join("\n").toLowerCase().includes(this.#filter)) {
        yield task;
      }
    }
  }

  #family(id: GroupId): Families {
    const known = this.#families.get(id) ?? families(this.#members(id));
    this.#families.set(id, known);
    return known;
  }

  /** The tasks that stand below a task. */
  #children(id: string): readonly TaskInfo[] {
    const task = this.#tasks.get(id);
    return (task && this.#family(groupOf(task).id).children.get(id)) ?? [];
  }

  /** The id of the task that a task stands below. */
  #parent(id: string): string | undefined {
    const parent = this.#tasks.get(id)?.parent;
    const below = parent !== undefined && this.#children(parent).some((one) => one.id === id);
    return below ? parent : undefined;
  }

  /**
   * What a task's agent handed out, then the files of its own change.
   *
   * Until this is answered VS Code knows none of the rows, and a command that is
   * chosen for one gets nothing: so with what is known.
   */
  async #below(task: string): Promise<Node[]> {
    const change = hasChange(this.#tasks.get(task)) ? await this.#changes.last(task) : undefined;
    return [
      ...this.#children(task).map(({ id }) => this.#taskNode(id)),
      ...(change?.files ?? []).map((file): Node => ({ kind: "file", task, file })),
    ];
  }

  #fold(node: Node, { out }: { readonly out: boolean }): void {
    if (node.kind === "task") {
      this.#expanded[out ? "add" : "delete"](node.id);
    }
  }

  #taskNode(id: string): Node {
    // VS Code tells nodes apart by identity.
    const known = this.#taskNodes.get(id);
    if (known) {
      return known;
    }
    const node: Node = { kind: "task", id };
    this.#taskNodes.set(id, node);
    return node;
  }

  #groupItem(group: Group): vscode.TreeItem {
    const item = new vscode.TreeItem(
      group.title,
      group.id === "done"
        ? vscode.TreeItemCollapsibleState.Collapsed
        : vscode.TreeItemCollapsibleState.Expanded,
    );
    item.id = group.id;
    const paused = group.id === "queued" && this.#tasks.paused ? " · paused" : "";
    item.description = `${this.#members(group.id).length}${paused}`;
    item.contextValue = `group ${group.id}`;
    return item;
  }

  #taskItem(id: string): vscode.TreeItem {
    const task = this.#tasks.get(id);
    if (!task) {
      return new vscode.TreeItem(id);
    }
    const item = new vscode.TreeItem(task.title, this.#foldOf(task));
    const look = LOOKS[stateOf(task)];
    // VS Code folds an item that it knows out only for a person; one with children is another.
    item.id = this.#children(id).length > 0 ? `${id} with children` : id;
    item.description = description(task, Date.now(), { apart: !this.#parent(id) });
    item.contextValue = contextValue(task);
    item.resourceUri = taskUri(task);
    item.iconPath = new vscode.ThemeIcon(
      look.icon,
      look.color ? new vscode.ThemeColor(look.color) : undefined,
    );
    item.accessibilityInformation = { label: `${task.title}, ${task.state}, ${task.agent}` };
    return item;
  }

  #foldOf(task: TaskInfo): vscode.TreeItemCollapsibleState {
    const children = this.#children(task.id).length;
    if (children === 0 && !hasChange(task)) {
      return vscode.TreeItemCollapsibleState.None;
    }
    return children > 0 || this.#expanded.has(task.id)
      ? vscode.TreeItemCollapsibleState.Expanded
      : vscode.TreeItemCollapsibleState.Collapsed;
  }

  #showPause(): void {
    // Above the list: the group of what is queued isn't there while nothing is.
    this.#view.message = this.#tasks.paused
      ? "The queue is paused: what runs goes on, and nothing more begins."
      : "";
    this.#refresh();
  }

  #refresh(): void {
    this.#pending ??= setTimeout(() => {
      this.#pending = undefined;
      this.#groups = undefined;
      this.#families.clear();
      this.#changed.fire(undefined);
      const waiting = this.#tasks.all().filter((task) => WAITING_FOR_YOU.has(stateOf(task)));
      const tooltip = `${waiting.length} ${waiting.length === 1 ? "task waits" : "tasks wait"} for you`;
      this.#view.badge = waiting.length > 0 ? { value: waiting.length, tooltip } : undefined;
    }, REFRESH_MS);
  }
}

function hasChange(task: TaskInfo | undefined): boolean {
  return task !== undefined && task.state !== "discarded" && task.state !== "queued";
}

function tooltip(task: TaskInfo): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendMarkdown("**").appendText(task.title).appendMarkdown("**\n\n");
  const rows: [string, string][] = [
    ["Task", `${task.id} (${task.state})`],
    ["Agent", task.agent],
    ["Branch", `${task.branch} → ${task.target}`],
    ["Base", `${task.base.name} at ${task.base.commit.slice(0, 8)}`],
  ];
  if (task.chosen) {
    rows.push(["Chosen", task.chosen]);
  }
  if (task.labels?.length) {
    rows.push(["Labels", task.labels.join(", ")]);
  }
  if (task.why) {
    rows.unshift(["Why", task.why]);
  }
  for (const [name, value] of rows) {
    text.appendMarkdown(`${name}: `).appendText(value).appendMarkdown("  \n");
  }
  return text;
}

function fileItem(task: string, file: FileInfo): vscode.TreeItem {
  const uri = changeUri(task, file);
  const item = new vscode.TreeItem(uri);
  const slash = file.path.lastIndexOf("/");
  item.id = `${task}/${file.path}`;
  item.label = file.path.slice(slash + 1);
  item.description = [
    file.path.slice(0, Math.max(0, slash)),
    file.binary ? "binary" : `+${file.added ?? 0} −${file.deleted ?? 0}`,
  ]
    .filter(Boolean)
    .join(" · ");
  item.tooltip = file.oldPath ? `${file.oldPath} → ${file.path}` : file.path;
  item.contextValue = `file ${file.status}`;
  item.checkboxState = {
    state: file.viewed
      ? vscode.TreeItemCheckboxState.Checked
      : vscode.TreeItemCheckboxState.Unchecked,
    tooltip: file.viewed ? "Viewed" : "Mark as viewed",
  };
  item.command = {
    command: "agentls.ui.openFileDiff",
    title: "Open Changes",
    arguments: [{ kind: "file", task, file } satisfies Node],
  };
  return item;
}
