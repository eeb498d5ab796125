/**
 * Tells the server of the person's own files, so that it hints at the lines that tasks
 * change as well.
 *
 * Not by the language client's own synchronisation, which would send each file of each
 * language at each key: only files that are to be seen are told, in repositories with
 * open tasks, and their text when the typing rests.
 */

import * as vscode from "vscode";
import type { Connection } from "../server/connection";
import { isBesideTasks } from "../tasks/beside";
import type { Tasks } from "../tasks/tasks";

const LENGTH_MOST = 1_000_000;
const LOOK_MS = 200;
const REST_MS = 500;

export class Hints implements vscode.Disposable {
  readonly #connection: Connection;
  readonly #tasks: Tasks;
  /** The documents that the server knows, each with the wait for its typing's rest. */
  readonly #told = new Map<vscode.TextDocument, NodeJS.Timeout | undefined>();
  readonly #owned: readonly vscode.Disposable[];
  #looking: NodeJS.Timeout | undefined;

  constructor(connection: Connection, tasks: Tasks) {
    this.#connection = connection;
    this.#tasks = tasks;
    this.#owned = [
      vscode.window.onDidChangeVisibleTextEditors(() => this.#lookSoon()),
      tasks.onDidChange(() => this.#lookSoon()),
      tasks.onDidList(() => this.#lookSoon()),
      // Another server knows nothing; another daemon is told by the bridge.
      connection.onDidChangeCondition(() => this.#forget()),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#changed(document)),
      vscode.workspace.onDidSaveTextDocument((document) => this.#saved(document)),
      vscode.workspace.onDidCloseTextDocument((document) => this.#close(document)),
    ];
  }

  dispose(): void {
    this.#forget();
    clearTimeout(this.#looking);
    vscode.Disposable.from(...this.#owned).dispose();
  }

  #lookSoon(): void {
    this.#looking ??= setTimeout(() => {
      this.#looking = undefined;
      this.#look();
    }, LOOK_MS);
  }

  #look(): void {
    if (this.#connection.condition !== "running") {
      return;
    }
    for (const document of this.#told.keys()) {
      if (!this.#isWanted(document)) {
        this.#close(document);
      }
    }
    for (const { document } of vscode.window.visibleTextEditors) {
      if (!this.#told.has(document) && this.#isWanted(document)) {
        this.#open(document);
      }
    }
  }

  #isWanted(document: vscode.TextDocument): boolean {
    return (
      document.uri.scheme === "file" &&
      // Git has other bytes than the editor where a file is anything else.
      document.encoding === "utf8" &&
      document.getText().length <= LENGTH_MOST &&
      isBesideTasks(document.uri.toString(), this.#tasks.all())
    );
  }

  #open(document: vscode.TextDocument): void {
    this.#told.set(document, undefined);
    this.#connection.send("textDocument/didOpen", {
      textDocument: {
        uri: document.uri.toString(),
        languageId: document.languageId,
        version: document.version,
        text: document.getText(),
      },
    });
  }

  #changed(document: vscode.TextDocument): void {
    if (this.#told.has(document)) {
      clearTimeout(this.#told.get(document));
      this.#told.set(
        document,
        setTimeout(() => this.#send(document), REST_MS),
      );
    }
  }

  #send(document: vscode.TextDocument): void {
    clearTimeout(this.#told.get(document));
    this.#told.set(document, undefined);
    this.#connection.send("textDocument/didChange", {
      textDocument: { uri: document.uri.toString(), version: document.version },
      contentChanges: [{ text: document.getText() }],
    });
  }

  #saved(document: vscode.TextDocument): void {
    if (!this.#told.has(document)) {
      return;
    }
    if (this.#told.get(document)) {
      this.#send(document);
    }
    this.#connection.send("textDocument/didSave", {
      textDocument: { uri: document.uri.toString() },
    });
  }

  #close(document: vscode.TextDocument): void {
    if (this.#told.has(document)) {
      clearTimeout(this.#told.get(document));
      this.#told.delete(document);
      this.#connection.send("textDocument/didClose", {
        textDocument: { uri: document.uri.toString() },
      });
    }
  }

  #forget(): void {
    for (const waiting of this.#told.values()) {
      clearTimeout(waiting);
    }
    this.#told.clear();
    this.#lookSoon();
  }
}
