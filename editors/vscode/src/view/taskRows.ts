/** How the rows of the list look. */

import * as vscode from "vscode";
import type { FileInfo, TaskInfo } from "../generated/protocol";
import { contextValue, description, type Group, LOOKS, stateOf } from "../tasks/attention";
import { changeUri, taskUri } from "./decorations";

export function groupRow(
  group: Group,
  { members, paused }: { readonly members: number; readonly paused: boolean },
): vscode.TreeItem {
  const item = new vscode.TreeItem(
    group.title,
    group.id === "done"
      ? vscode.TreeItemCollapsibleState.Collapsed
      : vscode.TreeItemCollapsibleState.Expanded,
  );
  item.id = group.id;
  item.description = `${members}${group.id === "queued" && paused ? " · paused" : ""}`;
  item.contextValue = `group ${group.id}`;
  return item;
}

/** What of the list decides how a task stands in it. */
export interface Place {
  readonly children: number;
  /** Its parent isn't the row above it. */
  readonly apart: boolean;
  readonly expanded: boolean;
}

export function taskRow(task: TaskInfo, place: Place): vscode.TreeItem {
  const item = new vscode.TreeItem(task.title, foldOf(task, place));
  const look = LOOKS[stateOf(task)];
  // VS Code folds an item that it knows out only for a person; one with children is another.
  item.id = place.children > 0 ? `${task.id} with children` : task.id;
  item.description = description(task, Date.now(), { apart: place.apart });
  item.contextValue = contextValue(task);
  item.resourceUri = taskUri(task);
  item.iconPath = new vscode.ThemeIcon(
    look.icon,
    look.color ? new vscode.ThemeColor(look.color) : undefined,
  );
  item.accessibilityInformation = { label: `${task.title}, ${task.state}, ${task.agent}` };
  return item;
}

/** Whether a task has files to show below it. */
export function hasChange(task: TaskInfo | undefined): boolean {
  return task !== undefined && task.state !== "discarded" && task.state !== "queued";
}

function foldOf(task: TaskInfo, { children, expanded }: Place): vscode.TreeItemCollapsibleState {
  if (children === 0 && !hasChange(task)) {
    return vscode.TreeItemCollapsibleState.None;
  }
  return children > 0 || expanded
    ? vscode.TreeItemCollapsibleState.Expanded
    : vscode.TreeItemCollapsibleState.Collapsed;
}

export function tooltip(task: TaskInfo): vscode.MarkdownString {
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

export function fileRow(task: string, file: FileInfo): vscode.TreeItem {
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
    arguments: [{ kind: "file", task, file }],
  };
  return item;
}

/** The one row below a task whose files nobody can tell. */
export function refusalRow(task: string, said: string): vscode.TreeItem {
  const item = new vscode.TreeItem(said);
  item.id = `${task} refused`;
  item.tooltip = said;
  item.iconPath = new vscode.ThemeIcon("warning");
  return item;
}
