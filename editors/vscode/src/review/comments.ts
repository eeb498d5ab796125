/** Comments on the lines of a change, as VS Code's own comment threads. */

import * as vscode from "vscode";
import { registerCommand } from "../command";
import { tellMissed } from "../commands/pick";
import type { CommentInfo } from "../generated/protocol";
import type { Connection } from "../server/connection";
import { OVER, stateOf } from "../tasks/attention";
import type { Tasks } from "../tasks/tasks";
import { failureOf } from "../wire";
import { isSame, labelOf, placeOf, rangeOf, type Shown, shown } from "./commentLooks";
import type { Reviewer } from "./reviewer";
import { shownUri } from "./sides";

/** Shows the threads of the tasks that are looked at; the server holds them. */
export class Comments implements vscode.Disposable {
  readonly #connection: Connection;
  readonly #tasks: Tasks;
  readonly #reviewer: Reviewer;
  readonly #controller = vscode.comments.createCommentController("agentls", "Agent Tasks");
  readonly #threads = new Map<string, Map<number, vscode.CommentThread>>();
  /** The last question for each task's comments: only its answer counts. */
  readonly #asked = new Map<string, number>();
  /** The comments that are being edited: what is typed in them isn't drawn over. */
  readonly #edited = new Set<number>();
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
          this.#showAgain(task);
        }
      }),
      tasks.onDidChange(({ after, before }) => {
        if (!after || OVER.has(stateOf(after))) {
          this.#hide((after ?? before)?.id ?? "");
        }
      }),
      tasks.onDidList(() => {
        for (const task of this.#threads.keys()) {
          this.#showAgain(task);
        }
      }),
      reviewer.onDidOpen((task) => this.#showAgain(task.id)),
      registerCommand("agentls.ui.addComment", connection, (reply?: vscode.CommentReply) =>
        this.#add(reply),
      ),
      registerCommand("agentls.ui.resolveComment", connection, (thread?: vscode.CommentThread) =>
        this.#resolve(thread, true),
      ),
      registerCommand("agentls.ui.unresolveComment", connection, (thread?: vscode.CommentThread) =>
        this.#resolve(thread, false),
      ),
      registerCommand("agentls.ui.deleteComment", connection, (comment?: Shown) =>
        this.#delete(comment),
      ),
      registerCommand("agentls.ui.editComment", connection, (comment?: Shown) =>
        this.#edit(comment),
      ),
      registerCommand("agentls.ui.saveComment", connection, (comment?: Shown) =>
        this.#save(comment),
      ),
      registerCommand("agentls.ui.cancelEditComment", connection, (comment?: Shown) =>
        this.#cancel(comment),
      ),
    ];
  }

  /** How many comments of a task wait to be sent. */
  async countOpen(task: string): Promise<number> {
    const listed = await this.#connection.ask("agentls.listComments", { task });
    return listed?.comments.filter((comment) => comment.state === "open").length ?? 0;
  }

  /** Show a task's threads where their lines are now; a refusal is shown. */
  async show(task: string): Promise<void> {
    try {
      await this.#show(task);
    } catch (error) {
      this.#connection.tell(failureOf(error));
    }
  }

  /** Show them because something else happened: nobody asked, so a refusal is only logged. */
  #showAgain(task: string): void {
    this.#connection.background(this.#show(task));
  }

  async #show(task: string): Promise<void> {
    const asked = (this.#asked.get(task) ?? 0) + 1;
    this.#asked.set(task, asked);
    const listed = await this.#connection.request("agentls.listComments", { task, all: true });
    if (this.#asked.get(task) !== asked) {
      return; // asked again meanwhile, or the task is over
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
    // VS Code tells comments apart by identity: one that stays the same stays as it is drawn.
    const drawn = thread.comments as readonly Shown[];
    thread.comments = comments.map((comment) => {
      const now = shown(task, comment);
      const before = drawn.find(({ id }) => id === comment.id);
      if (!before) {
        this.#edited.delete(comment.id); // what was typed went with its thread
        return now;
      }
      return this.#edited.has(comment.id) || isSame(before, now) ? before : now;
    });
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
    this.#asked.set(task, (this.#asked.get(task) ?? 0) + 1);
    for (const thread of this.#threads.get(task)?.values() ?? []) {
      thread.dispose();
    }
    this.#threads.delete(task);
  }

  // VS Code gives nothing where a comment is drawn anew at the moment of the click.

  async #add(reply: vscode.CommentReply | undefined): Promise<void> {
    const task = reply && this.#reviewer.taskOf(reply.thread.uri);
    if (!task) {
      return;
    }
    const { thread, text } = reply;
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

  async #resolve(thread: vscode.CommentThread | undefined, resolved: boolean): Promise<void> {
    const first = thread?.comments[0] as Shown | undefined;
    if (!first) {
      tellMissed();
      return;
    }
    const { task, id } = first;
    await this.#connection.ask("agentls.resolveComment", { task, comment: id, resolved });
    await this.show(task);
  }

  /** Make a comment's text one that can be edited; nothing is sent before it is saved. */
  #edit(comment: Shown | undefined): void {
    if (!comment) {
      tellMissed();
      return;
    }
    const { task, id } = comment;
    this.#edited.add(id);
    for (const thread of this.#threads.get(task)?.values() ?? []) {
      const comments = thread.comments as readonly Shown[];
      if (comments.some((one) => one.id === id)) {
        thread.comments = comments.map((one) =>
          one.id === id ? { ...one, mode: vscode.CommentMode.Editing } : one,
        );
      }
    }
  }

  async #save(comment: Shown | undefined): Promise<void> {
    if (!comment) {
      tellMissed();
      return;
    }
    const { task, id, body } = comment;
    const text = typeof body === "string" ? body : body.value;
    if (await this.#connection.ask("agentls.editComment", { task, comment: id, text })) {
      await this.#cancel(comment);
    }
  }

  /** Show a comment as the server has it, whatever was typed in it. */
  async #cancel(comment: Shown | undefined): Promise<void> {
    if (comment) {
      this.#edited.delete(comment.id);
      await this.show(comment.task);
    }
  }

  async #delete(comment: Shown | undefined): Promise<void> {
    if (!comment) {
      tellMissed();
      return;
    }
    const { task, id } = comment;
    await this.#connection.ask("agentls.deleteComment", { task, comment: id });
    await this.show(task);
  }
}
