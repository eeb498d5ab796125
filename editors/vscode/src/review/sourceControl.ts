/**
 * Keeps worktrees out of the Source Control view.
 *
 * VS Code's git opens the repository of each file that is opened, and so would list one
 * for each review. A worktree that is a folder of this window stays.
 */

import * as vscode from "vscode";
import type { Tasks } from "../tasks/tasks";

interface Repository {
  readonly rootUri: vscode.Uri;
}

/** What the git extension's interface has that is used here. */
interface GitExtension {
  readonly enabled: boolean;
  getAPI(version: 1): {
    readonly onDidOpenRepository: vscode.Event<Repository>;
  };
}

export class SourceControl implements vscode.Disposable {
  readonly #tasks: Tasks;
  readonly #owned: vscode.Disposable[] = [];
  #listens = false;

  constructor(tasks: Tasks) {
    this.#tasks = tasks;
    // In Restricted Mode there is no git, until the folder is trusted.
    this.#owned.push(vscode.extensions.onDidChange(() => void this.#listen()));
    void this.#listen();
  }

  dispose(): void {
    vscode.Disposable.from(...this.#owned).dispose();
  }

  async #listen(): Promise<void> {
    const git = await vscode.extensions.getExtension<GitExtension>("vscode.git")?.activate();
    if (git?.enabled && !this.#listens) {
      this.#listens = true;
      this.#owned.push(git.getAPI(1).onDidOpenRepository(({ rootUri }) => this.#keepOut(rootUri)));
    }
  }

  #keepOut(root: vscode.Uri): void {
    const name = root.toString();
    const folders = vscode.workspace.workspaceFolders ?? [];
    const ours = this.#tasks.all().some(({ worktree }) => worktree === name);
    if (ours && !folders.some(({ uri }) => uri.toString() === name)) {
      void vscode.commands.executeCommand("git.close", root);
    }
  }
}
