/**
 * The prompts of tasks as files that can be edited: to save one is to change it.
 *
 * An input box has one line, and a prompt may have many.
 */

import * as vscode from "vscode";
import type { TaskInfo } from "../generated/protocol";
import type { Connection } from "../server/connection";
import { failureOf, sentence } from "../wire";
import type { Tasks } from "./tasks";

const SCHEME = "agentls-prompt";

export class Prompts implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #connection: Connection;
  readonly #tasks: Tasks;
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #owned: vscode.Disposable[];
  /** What was read last, and when it was first seen so: a task changes in other ways too. */
  readonly #read = new Map<string, { readonly prompt: string; readonly seen: number }>();

  readonly onDidChangeFile = this.#changed.event;

  constructor(connection: Connection, tasks: Tasks) {
    this.#connection = connection;
    this.#tasks = tasks;
    this.#owned = [
      this.#changed,
      vscode.workspace.registerFileSystemProvider(SCHEME, this, { isCaseSensitive: true }),
      // Another client may have edited it: VS Code reads it again where it is open.
      tasks.onDidChange(({ after }) => {
        if (after && this.#read.has(after.id)) {
          const uri = this.uriOf(after);
          this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
        }
      }),
    ];
  }

  /** Name the file of a task's prompt. */
  uriOf(task: TaskInfo): vscode.Uri {
    return vscode.Uri.from({ scheme: SCHEME, path: `/${task.id}/Prompt of ${task.id}.md` });
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { prompt, seen } = await this.#ask(uri);
    return {
      type: vscode.FileType.File,
      ctime: 0,
      mtime: seen,
      size: Buffer.byteLength(prompt),
    };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return Buffer.from((await this.#ask(uri)).prompt);
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    const task = idOf(uri);
    const prompt = Buffer.from(content).toString();
    try {
      const answer = await this.#connection.request("agentls.editPrompt", { task, prompt });
      this.#read.set(task, { prompt, seen: Date.now() });
      this.#tasks.take(answer.task);
    } catch (error) {
      throw vscode.FileSystemError.Unavailable(sentence(failureOf(error)));
    }
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined); // all are heard of anyway
  }

  readDirectory(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  createDirectory(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  delete(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  rename(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  dispose(): void {
    vscode.Disposable.from(...this.#owned).dispose();
  }

  async #ask(uri: vscode.Uri): Promise<{ readonly prompt: string; readonly seen: number }> {
    const task = idOf(uri);
    try {
      const { prompt = "" } = await this.#connection.request("agentls.getTask", { task });
      const known = this.#read.get(task);
      const now = known?.prompt === prompt ? known : { prompt, seen: Date.now() };
      this.#read.set(task, now);
      return now;
    } catch (error) {
      const failure = failureOf(error);
      throw failure.kind === "unknownTask"
        ? vscode.FileSystemError.FileNotFound(uri)
        : vscode.FileSystemError.Unavailable(sentence(failure));
    }
  }
}

function idOf(uri: vscode.Uri): string {
  return uri.path.split("/")[1] ?? "";
}
