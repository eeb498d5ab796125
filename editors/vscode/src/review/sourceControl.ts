/**
 * Keeps worktrees out of the Source Control view.
 *
 * VS Code's git opens the repository of each file that is opened, and so would list one
 * for each review. A worktree that is a folder of this window stays, and so does one
 * whose conflicts are being resolved.
 */

import * as vscode from "vscode";
import type { Connection } from "../server/connection";
import { OVER, stateOf } from "../tasks/attention";
import type { Tasks } from "../tasks/tasks";

interface Repository {
  readonly rootUri: vscode.Uri;
  readonly state: {
    readonly mergeChanges: readonly { readonly uri: vscode.Uri; readonly status: number }[];
  };
  status(): Promise<void>;
}

/** The git extension's `Status.BOTH_MODIFIED`: its merge editor needs all three sides. */
const BOTH_MODIFIED = 18;

interface GitApi {
  readonly repositories: readonly Repository[];
  readonly onDidOpenRepository: vscode.Event<Repository>;
  openRepository(root: vscode.Uri): Promise<Repository | null>;
  /** `~1`, `~2` and `~3` are the index' base, own side and the other one. */
  toGitUri(uri: vscode.Uri, ref: string): vscode.Uri;
}

/** What the git extension's interface has that is used here. */
interface GitExtension {
  readonly enabled: boolean;
  getAPI(version: 1): GitApi;
}

export class SourceControl implements vscode.Disposable {
  readonly #connection: Connection;
  readonly #tasks: Tasks;
  readonly #owned: vscode.Disposable[] = [];
  /** Worktrees that are wanted there. */
  readonly #wanted = new Set<string>();
  #git: GitApi | undefined;

  constructor(connection: Connection, tasks: Tasks) {
    this.#connection = connection;
    this.#tasks = tasks;
    // In Restricted Mode there is no git, until the folder is trusted.
    this.#owned.push(
      vscode.extensions.onDidChange(() => connection.background(this.#listen())),
      tasks.onDidChange(({ after }) => {
        if (after && OVER.has(stateOf(after))) {
          this.keepOut(vscode.Uri.parse(after.worktree));
        }
      }),
    );
    connection.background(this.#listen());
  }

  /** Open a worktree's repository for a while; gives the files for the merge editor. */
  async open(root: vscode.Uri): Promise<ReadonlySet<string>> {
    this.#wanted.add(root.toString());
    const repository = await this.#opened(root);
    const unmerged = repository?.state.mergeChanges ?? [];
    return new Set(
      unmerged.filter(({ status }) => status === BOTH_MODIFIED).map(({ uri }) => uri.toString()),
    );
  }

  /**
   * Open the merge editor for a file of a worktree that was opened here.
   *
   * Not by `git.openMergeEditor`: that shows HEAD and MERGE_HEAD as the sides, and so
   * would leave out what the agent has not committed. The index has it.
   */
  async openMergeEditor(
    uri: vscode.Uri,
    sides: { readonly own: string; readonly other: string },
  ): Promise<void> {
    const side = (ref: string) => this.#git?.toGitUri(uri, ref);
    await vscode.commands.executeCommand("_open.mergeEditor", {
      base: side("~1"),
      input1: { uri: side("~3"), title: sides.other },
      input2: { uri: side("~2"), title: sides.own },
      output: uri,
    });
  }

  /** Close it again. */
  keepOut(root: vscode.Uri): void {
    if (this.#wanted.delete(root.toString())) {
      this.#close(root);
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#owned).dispose();
  }

  /** Undefined where VS Code's git is switched off, or can't: its log has why. */
  async #opened(root: vscode.Uri): Promise<Repository | undefined> {
    try {
      await this.#listen();
      const repository = await this.#git?.openRepository(root);
      await repository?.status();
      return repository ?? undefined;
    } catch (error) {
      this.#connection.log.warn(`VS Code's git doesn't open ${root.fsPath}: ${error}`);
      return undefined;
    }
  }

  async #listen(): Promise<void> {
    const git = await vscode.extensions.getExtension<GitExtension>("vscode.git")?.activate();
    if (git?.enabled && !this.#git) {
      this.#git = git.getAPI(1);
      this.#owned.push(this.#git.onDidOpenRepository(({ rootUri }) => this.#close(rootUri)));
    }
  }

  #close(root: vscode.Uri): void {
    const name = root.toString();
    const folders = vscode.workspace.workspaceFolders ?? [];
    const ours = this.#tasks.all().some(({ worktree }) => worktree === name);
    const asked = this.#wanted.has(name) || folders.some(({ uri }) => uri.toString() === name);
    // Of one that isn't open VS Code would close another one, the person's own.
    const open = this.#git?.repositories.some(({ rootUri }) => rootUri.toString() === name);
    if (ours && open && !asked) {
      this.#connection.background(vscode.commands.executeCommand("git.close", root));
    }
  }
}
