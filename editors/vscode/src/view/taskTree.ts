/** The list of tasks, grouped by what needs the person first. */

import * as vscode from "vscode";
import type { FileInfo, TaskInfo } from "../generated/protocol";
import type { Changes } from "../review/changes";
import { GROUPS, type Group, type GroupId, stateOf, WAITING_FOR_YOU } from "../tasks/attention";
import { childrenIn, type Layout, layoutOf } from "../tasks/layout";
import type { Tasks } from "../tasks/tasks";
import { fileRow, groupRow, hasChange, refusalRow, taskRow, tooltip } from "./taskRows";

export type Node =
  | { readonly kind: "group"; readonly group: Group }
  | { readonly kind: "task"; readonly id: string }
  | { readonly kind: "file"; readonly task: string; readonly file: FileInfo }
  | { readonly kind: "refusal"; readonly task: string; readonly said: string };

const REFRESH_MS = 50;
const AGE_MS = 30_000;
/** VS Code draws so many rows one by one; more of them sooner all at once. */
const ROWS_MOST = 30;

export class TaskTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #tasks: Tasks;
  readonly #changes: Changes;
  readonly #changed = new vscode.EventEmitter<Node | Node[] | undefined>();
  readonly #view: vscode.TreeView<Node>;
  readonly #owned: vscode.Disposable[];
  // VS Code tells nodes apart by identity.
  readonly #groupNodes = new Map<GroupId, Node>(
    GROUPS.map((group) => [group.id, { kind: "group", group }]),
  );
  readonly #taskNodes = new Map<string, Node>();
  /** The tasks that are folded out: one that moves to another group stays so. */
  readonly #expanded = new Set<string>();
  /** How each task was drawn last. */
  readonly #drawn = new Map<string, string>();
  /** The tasks that may look differently by now. */
  readonly #touched = new Set<string>();
  #layout: Layout | undefined;
  #selected: string | undefined;
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
      tasks.onDidChange(({ before, after }) => this.#refresh((after ?? before)?.id)),
      tasks.onDidList(() => this.#refresh()),
      tasks.onDidChangeQueue(() => this.#showPause()),
      this.#view.onDidExpandElement(({ element }) => this.#fold(element, { out: true })),
      this.#view.onDidCollapseElement(({ element }) => this.#fold(element, { out: false })),
      // Kept, as `selection` hasn't what is drawn anew at that moment.
      this.#view.onDidChangeSelection(({ selection: [node] }) => {
        this.#selected = node && taskOf(node);
      }),
      this.#view.onDidChangeCheckboxState(({ items }) => this.#mark(items)),
      changes.onDidChange((task) => this.#changed.fire(this.#taskNode(task))),
    ];
  }

  /** The id of the task that is selected, or that the selected file belongs to. */
  get selectedTask(): string | undefined {
    return this.#selected;
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
      return this.#now.groups.flatMap((id) => this.#groupNodes.get(id) ?? []);
    }
    switch (node.kind) {
      case "group": {
        const roots = this.#now.families.get(node.group.id)?.roots ?? [];
        return roots.map((task) => this.#taskNode(task.id));
      }
      case "task":
        return this.#below(node.id);
      default:
        return null;
    }
  }

  getParent(node: Node): Node | undefined {
    const parent = node.kind === "task" ? this.#parent(node.id) : taskOf(node);
    return parent ? this.#taskNode(parent) : undefined;
  }

  getTreeItem(node: Node): vscode.TreeItem {
    switch (node.kind) {
      case "group": {
        const members = this.#now.members.get(node.group.id)?.length ?? 0;
        return groupRow(node.group, { members, paused: this.#tasks.paused });
      }
      case "task":
        return this.#draw(node.id);
      case "file":
        return fileRow(node.task, node.file);
      case "refusal":
        return refusalRow(node.task, node.said);
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

  get #now(): Layout {
    this.#layout ??= layoutOf(this.#shown());
    return this.#layout;
  }

  *#shown(): IterableIterator<TaskInfo> {
    for (const task of this.#tasks.all()) {
      const text = [task.title, task.agent, task.branch, task.id, ...(task.labels ?? [])];
      if (text.join("\n").toLowerCase().includes(this.#filter)) {
        yield task;
      }
    }
  }

  #children(id: string): readonly TaskInfo[] {
    const task = this.#tasks.get(id);
    return task ? childrenIn(this.#now, task) : [];
  }

  /** The id of the task that a task stands below. */
  #parent(id: string): string | undefined {
    const parent = this.#tasks.get(id)?.parent;
    const below = parent !== undefined && this.#children(parent).some((one) => one.id === id);
    return below ? parent : undefined;
  }

  /** What a task's agent handed out, then the files of its own change. */
  async #below(task: string): Promise<Node[]> {
    const { files, refused } = hasChange(this.#tasks.get(task))
      ? await this.#changes.glance(task)
      : { files: [], refused: undefined };
    return [
      ...this.#children(task).map(({ id }) => this.#taskNode(id)),
      ...files.map((file): Node => ({ kind: "file", task, file })),
      ...(refused ? [{ kind: "refusal", task, said: refused } as const] : []),
    ];
  }

  #fold(node: Node, { out }: { readonly out: boolean }): void {
    if (node.kind === "task") {
      this.#expanded[out ? "add" : "delete"](node.id);
    }
  }

  #taskNode(id: string): Node {
    const known = this.#taskNodes.get(id);
    if (known) {
      return known;
    }
    const node: Node = { kind: "task", id };
    this.#taskNodes.set(id, node);
    return node;
  }

  #row(task: TaskInfo): vscode.TreeItem {
    return taskRow(task, {
      children: this.#children(task.id).length,
      apart: !this.#parent(task.id),
      expanded: this.#expanded.has(task.id),
    });
  }

  #draw(id: string): vscode.TreeItem {
    const task = this.#tasks.get(id);
    if (!task) {
      return new vscode.TreeItem(id);
    }
    const row = this.#row(task);
    this.#drawn.set(id, lookOf(row));
    return row;
  }

  #showPause(): void {
    // Above the list: the group of what is queued isn't there while nothing is.
    this.#view.message = this.#tasks.paused
      ? "The queue is paused: what runs goes on, and nothing more begins."
      : "";
    this.#changed.fire(this.#groupNodes.get("queued"));
  }

  /** Draw a task anew soon, or all that looks differently by now. */
  #refresh(task?: string): void {
    for (const id of task === undefined ? this.#drawn.keys() : [task]) {
      this.#touched.add(id);
    }
    this.#pending ??= setTimeout(() => {
      this.#pending = undefined;
      this.#drawAnew();
      this.#showBadge();
    }, REFRESH_MS);
  }

  /**
   * Have VS Code ask for what looks differently, and for no more than that.
   *
   * It forgets all rows below one that it asks for, until it has them again, and a click
   * in that time comes without a row.
   */
  #drawAnew(): void {
    const before = this.#layout;
    const now = layoutOf(this.#shown());
    this.#layout = now;
    const touched = [...this.#touched].flatMap((id) => this.#tasks.get(id) ?? []);
    this.#touched.clear();
    for (const task of touched.filter((one) => this.#isOpen(one))) {
      void this.#changes.glance(task.id); // where its files are others, it says so
    }
    const others = touched.filter((task) => {
      const drawn = this.#drawn.get(task.id);
      return drawn !== undefined && drawn !== lookOf(this.#row(task));
    });
    if (before?.groups.join() !== now.groups.join() || others.length > ROWS_MOST) {
      this.#changed.fire(undefined);
      return;
    }
    const groups = now.groups.filter((id) => before.shapes.get(id) !== now.shapes.get(id));
    this.#changed.fire([
      ...groups.flatMap((id) => this.#groupNodes.get(id) ?? []),
      ...others.map(({ id }) => this.#taskNode(id)),
    ]);
  }

  /** Whether a task's files can be seen. */
  #isOpen(task: TaskInfo): boolean {
    return hasChange(task) && (this.#expanded.has(task.id) || this.#children(task.id).length > 0);
  }

  #showBadge(): void {
    const waiting = this.#tasks.all().filter((task) => WAITING_FOR_YOU.has(stateOf(task))).length;
    const tooltip = `${waiting} ${waiting === 1 ? "task waits" : "tasks wait"} for you`;
    this.#view.badge = waiting > 0 ? { value: waiting, tooltip } : undefined;
  }
}

function taskOf(node: Node): string | undefined {
  return node.kind === "group" ? undefined : node.kind === "task" ? node.id : node.task;
}

/** What can be seen of a row; two that are equal in it look the same. */
function lookOf({
  id,
  label,
  description,
  contextValue,
  resourceUri,
  iconPath,
  collapsibleState,
}: vscode.TreeItem): string {
  const { id: icon } = iconPath as vscode.ThemeIcon;
  const seen = [id, label, description, contextValue, resourceUri?.toString(), icon];
  return JSON.stringify([...seen, collapsibleState]);
}
