/** New Agent Task: what to do, who does it, and where it begins. */

import * as vscode from "vscode";
import type { AgentInfo, CreateTaskParams } from "../generated/protocol";
import type { Parts } from "../parts";
import { installed } from "../tasks/agents";
import { failureOf } from "../wire";
import { lookForAgents } from "./agents";
import { type Carried, contextOf } from "./carried";
import { allowedToRun } from "./trust";
import { askWish, type Wish } from "./wish";

const DRAFT = "agentls.ui.draft";
const AGENT = "agentls.ui.lastAgent";
const BASE = "agentls.ui.lastBase";

/** What was typed for a task that didn't come to be. */
type Draft = Partial<Pick<Wish, "prompt" | "labels" | "fields">>;

export async function newTask(parts: Parts, given?: unknown, all?: unknown): Promise<void> {
  const carried = contextOf(given, all);
  const repository = carried.uri ?? (await folder());
  if (!repository) {
    return;
  }
  const asked = await askAll(parts, repository, carried);
  if (!asked) {
    return;
  }
  const params = {
    ...asked,
    prompt: [asked.prompt, carried.text].filter(Boolean).join("\n\n"),
    uri: repository.toString(),
  };
  if (await create(parts, params)) {
    await parts.context.workspaceState.update(DRAFT, undefined);
  }
}

async function create(parts: Parts, params: CreateTaskParams): Promise<boolean> {
  try {
    const { task } = await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: "New agent task",
        cancellable: true,
      },
      (progress, cancel) =>
        parts.connection.request("agentls.createTask", params, {
          cancel,
          report: (message) => progress.report({ message }),
        }),
    );
    parts.tasks.take(task);
    parts.telling.follow(task);
    parts.panels.show(task, { focus: false });
    return true;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind === "untrusted" && (await allowedToRun(parts, params.uri))) {
      return create(parts, params);
    }
    parts.connection.tell(failure);
    return false;
  }
}

/** Give the folder that a task is for; ask where there are several. */
export async function folder(): Promise<vscode.Uri | undefined> {
  const active = vscode.window.activeTextEditor?.document.uri;
  const own = active && vscode.workspace.getWorkspaceFolder(active);
  const folders = vscode.workspace.workspaceFolders ?? [];
  const only = own ?? (folders.length === 1 ? folders[0] : undefined);
  if (only) {
    return only.uri;
  }
  if (folders.length > 0) {
    const placeHolder = "Which repository is the task for?";
    return (await vscode.window.showWorkspaceFolderPick({ placeHolder }))?.uri;
  }
  const open = "Open Folder…";
  const chosen = await vscode.window.showErrorMessage(
    "A task needs a git repository, and no folder is open.",
    open,
  );
  if (chosen === open) {
    await vscode.commands.executeCommand("workbench.action.files.openFolder");
  }
  return undefined;
}

type Asked = Pick<CreateTaskParams, "prompt" | "template" | "fields" | "labels" | "agent" | "base">;

async function askAll(
  parts: Parts,
  repository: vscode.Uri,
  carried: Carried,
): Promise<Asked | undefined> {
  const { workspaceState } = parts.context;
  const uri = repository.toString();
  const found = lookForAgents(parts, uri);
  const wish = await askWish(parts, {
    title: "New Agent Task (1/3)",
    uri,
    carried,
    draft: workspaceState.get<Draft>(DRAFT, {}),
  });
  if (!wish) {
    return undefined;
  }
  // Whatever comes of it, what was typed is there again.
  const { prompt, labels, template, fields = {} } = wish;
  await workspaceState.update(DRAFT, { prompt, labels, fields } satisfies Draft);
  const agents = await found();
  const last = template?.agent ?? workspaceState.get<string>(AGENT);
  const agent = agents && (await askAgent(agents, { title: "New Agent Task (2/3)", last }));
  const base = agent && (await askBase(workspaceState.get(BASE, "")));
  if (agent === undefined || base === undefined) {
    return undefined;
  }
  await workspaceState.update(AGENT, agent);
  await workspaceState.update(BASE, base);
  return {
    prompt,
    agent,
    ...(template ? { template: template.name, fields } : {}),
    ...(labels.length > 0 ? { labels } : {}),
    ...(base ? { base } : {}),
  };
}

/** Ask who does it; the one of the last time comes first. */
export async function askAgent(
  agents: readonly AgentInfo[],
  { title, last }: { readonly title: string; readonly last?: string | undefined },
): Promise<string | undefined> {
  const chosen = await vscode.window.showQuickPick(installed(agents, last), {
    title,
    placeHolder: "Which agent does it?",
    ignoreFocusOut: true,
  });
  return chosen?.name;
}

/** Ask where the task begins; an empty text is HEAD. */
async function askBase(last: string): Promise<string | undefined> {
  const items = [
    { label: "$(git-commit) HEAD", description: "what is checked out, committed", base: "" },
    { label: "$(edit) With my changes", description: "uncommitted ones too", base: "wip" },
    { label: "$(git-branch) Another commit or branch…", description: "", base: undefined },
  ];
  items.sort((a, b) => Number(b.base === last) - Number(a.base === last));
  const title = "New Agent Task (3/3)";
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: "Where does it begin?",
    ignoreFocusOut: true,
  });
  if (chosen && chosen.base === undefined) {
    return vscode.window.showInputBox({
      title,
      prompt: "Any ref, or branch:NAME to work on that branch",
      ignoreFocusOut: true,
    });
  }
  return chosen?.base;
}
