/** Comments on the lines of a change, as VS Code's own comment threads. */

import * as vscode from "vscode";
import type { CommentInfo, TaskInfo } from "../generated/protocol";
import type { Connection } from "../server/connection";
import { OVER, stateOf } from "../tasks/attention";
import type { Tasks } from "../tasks/tasks";
import type { Reviewer } from "./reviewer";
import { LEFT_SCHEME, pathInTask, shownUri } from "./sides";

/** A comment in the editor that knows which one of the server's it is. */
interface Shown extends vscode.Comment {
  readonly id: number;
  readonly task: string;
}

/** Shows the threads of the tasks that are looked at; the server holds them. */
export class Comments implements vscode.Disposable {
  readonly #connection: Connection;
  readonly #tasks: Tasks;
  readonly #reviewer: Reviewer;
  readonly #controller = vscode.comments.createCommentController("agentls", "Agent Tasks");
  readonly #threads = new Map<string, Map<number, vscode.CommentThread>>();
  readonly #owned: vscode.Disposable[];

  constructor(connection: Connection, tasks: Tasks, reviewer: Reviewer) {
    this.#connection = connection;
    this.#tasks = tasks;
    this.#reviewer = reviewer;
    this.#controller.options = {
      prompt: "Comment for the agent",
      placeHolder: "What should be different here?",
    };
    this.#controller.commentingRangeProvider = {
      provideCommentingRanges: (document) => {
        const task = this.#reviewer.taskOf(document.uri);
        return task && !OVER.has(stateOf(task))
          ? {
              enableFileComments: true,
              ranges: [new vscode.Range(0, 0, document.lineCount - 1, 0)],
            }
          : undefined;
      },
    };
    this.#owned = [
      this.#controller,
      connection.on("agentls/commentsChanged", ({ task }) => {
        if (this.#threads.has(task)) {
          void this.show(task);
        }
      }),
      tasks.onDidChange(({ after, before }) => {
        if (!after || OVER.has(stateOf(after))) {
          this.#hide((after ?? before)?.id ?? "");
        }
      }),
      tasks.onDidList(() => {
        for (const task of this.#threads.keys()) {
          void this.show(task);
        }
      }),
      reviewer.onDidOpen((task) => void this.show(task.id)),
      vscode.commands.registerCommand("agentls.ui.addComment", (reply: vscode.CommentReply) =>
        this.#add(reply),
      ),
      vscode.commands.registerCommand("agentls.ui.resolveComment", (thread: vscode.CommentThread) =>
        this.#resolve(thread, true),
      ),
      vscode.commands.registerCommand(
        "agentls.ui.unresolveComment",
        (thread: vscode.CommentThread) => this.#resolve(thread, false),
      ),
      vscode.commands.registerCommand("agentls.ui.deleteComment", (comment: Shown) =>
        this.#delete(comment),
      ),
      vscode.commands.registerCommand("agentls.ui.editComment", (comment: Shown) =>
        this.#edit(comment),
      ),
      vscode.commands.registerCommand("agentls.ui.saveComment", (comment: Shown) =>
        this.#save(comment),
      ),
      vscode.commands.registerCommand("agentls.ui.cancelEditComment", ({ task }: Shown) =>
        this.show(task),
      ),
    ];
  }

  /** How many comments of a task wait to be sent. */
  async countOpen(task: string): Promise<number> {
    const listed = await this.#connection.ask("agentls.listComments", { task });
    return listed?.comments.filter((comment) => comment.state === "open").length ?? 0;
  }

  /** Show a task's threads where their lines are now. */
  async show(task: string): Promise<void> {
    const listed = await this.#connection.ask("agentls.listComments", { task, all: true });
    if (!listed) {
      return;
    }
    const byThread = new Map<number, CommentInfo[]>();
    for (const comment of listed.comments) {
      byThread.set(comment.thread, [...(byThread.get(comment.thread) ?? []), comment]);
    }
    const known = this.#threads.get(task) ?? new Map<number, vscode.CommentThread>();
    this.#threads.set(task, known);
    for (const [id, thread] of known) {
      if (!byThread.has(id)) {
        thread.dispose();
        known.delete(id);
      }
    }
    for (const [id, comments] of byThread) {
      this.#showThread(task, id, comments, known);
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#owned).dispose();
  }

  #showThread(
    task: string,
    id: number,
    comments: readonly CommentInfo[],
    known: Map<number, vscode.CommentThread>,
  ): void {
    const [first] = comments;
    const owner = this.#tasks.get(task);
    if (!first?.uri || !owner) {
      return; // about the whole change, or a file that is gone
    }
    const uri = shownUri(owner, first.uri);
    let thread = known.get(id);
    if (thread?.uri.toString() !== uri.toString()) {
      thread?.dispose();
      thread = this.#controller.createCommentThread(uri, rangeOf(first), []);
      known.set(id, thread);
    }
    const resolved = first.state === "resolved";
    thread.range = rangeOf(first);
    thread.comments = comments.map((comment) => shown(task, comment));
    thread.contextValue = resolved ? "resolved" : "open";
    thread.state = resolved
      ? vscode.CommentThreadState.Resolved
      : vscode.CommentThreadState.Unresolved;
    thread.label = labelOf(first);
    thread.collapsibleState = resolved
      ? vscode.CommentThreadCollapsibleState.Collapsed
      : vscode.CommentThreadCollapsibleState.Expanded;
  }

  #hide(task: string): void {
    for (const thread of this.#threads.get(task)?.values() ?? []) {
      thread.dispose();
    }
    this.#threads.delete(task);
  }

  async #add({ thread, text }: vscode.CommentReply): Promise<void> {
    const task = this.#reviewer.taskOf(thread.uri);
    if (!task) {
      return;
    }
    const first = thread.comments[0] as Shown | undefined;
    const added = await this.#connection.ask("agentls.addComment", {
      task: task.id,
      text,
      ...(first ? { thread: first.id } : placeOf(task, thread)),
    });
    if (added) {
      if (!first) {
        thread.dispose(); // the server's own takes its place
      }
      await this.show(task.id);
    }
  }

  async #resolve(thread: vscode.CommentThread, resolved: boolean): Promise<void> {
    const first = thread.comments[0] as Shown | undefined;
    if (first) {
      const { task, id } = first;
      await this.#connection.ask("agentls.resolveComment", { task, comment: id, resolved });
      await this.show(task);
    }
  }

  /** Make a comment's text one that can be edited; nothing is sent before it is saved. */
  #edit({ task, id }: Shown): void {
    for (const thread of this.#threads.get(task)?.values() ?? []) {
      if ((thread.comments as readonly Shown[]).some((one) => one.id === id)) {
        thread.comments = (thread.comments as readonly Shown[]).map((one) => ({
          ...one,
          mode: one.id === id ? vscode.CommentMode.Editing : one.mode,
        }));
      }
    }
  }

  async #save({ task, id, body }: Shown): Promise<void> {
    const text = typeof body === "string" ? body : body.value;
    if (await this.#connection.ask("agentls.editComment", { task, comment: id, text })) {
      await this.show(task);
    }
  }

  async #delete({ task, id }: Shown): Promise<void> {
    await this.#connection.ask("agentls.deleteComment", { task, comment: id });
    await this.show(task);
  }
}

/** Say which lines of which side a new thread is about, as the server counts them. */
function placeOf(task: TaskInfo, thread: vscode.CommentThread) {
  const { uri, range } = thread;
  const side = uri.scheme === LEFT_SCHEME ? "old" : "new";
  const lines = range ? { line: range.start.line + 1, endLine: range.end.line + 1 } : {};
  return { path: pathInTask(task, uri), side, ...lines };
}

function rangeOf({ line = 1, endLine }: CommentInfo): vscode.Range {
  return new vscode.Range(line - 1, 0, (endLine ?? line) - 1, 0);
}

function shown(task: string, comment: CommentInfo): Shown {
  return {
    id: comment.id,
    task,
    author: { name: comment.author || "You" },
    // Agents write comments too: their text is shown, never run.
    body: new vscode.MarkdownString(comment.text),
    mode: vscode.CommentMode.Preview,
    contextValue: comment.author ? "agent" : `own ${comment.state}`,
    timestamp: new Date(comment.written),
    ...(comment.state === "open" ? { label: "Not sent yet" } : {}),
  };
}

function labelOf({ outdated, answer, state }: CommentInfo): string {
  if (answer) {
    return answer.how === "untouched" ? "The agent left this as it was" : "The agent changed this";
  }
  const where = state === "open" ? "For the agent" : "Sent to the agent";
  return outdated ? `${where}; the lines changed meanwhile` : where;
}
