/** The connection to the daemon: one language client, and what it is asked and told. */

import * as vscode from "vscode";
import type {
  DidChangeTextDocumentParams,
  DidCloseTextDocumentParams,
  DidOpenTextDocumentParams,
  DidSaveTextDocumentParams,
  LanguageClient,
} from "vscode-languageclient/node";
import type { Commands, FromServer, ToServer } from "../generated/protocol";
import { type Failure, failureOf, isSentAgain } from "../wire";
import { end, library, makeClient } from "./client";
import { findLaunch, type Launch } from "./launch";
import { NoPython } from "./python";
import { askToSendAgain, showRefusal, showStartFailed } from "./refusal";

type Takes<C extends keyof Commands> = Commands[C][0];
type Gives<C extends keyof Commands> = Commands[C][1];

/** What the server is told, of documents too. */
interface Told extends ToServer {
  "textDocument/didOpen": DidOpenTextDocumentParams;
  "textDocument/didChange": DidChangeTextDocumentParams;
  "textDocument/didSave": DidSaveTextDocumentParams;
  "textDocument/didClose": DidCloseTextDocumentParams;
}

/** What of a request can be followed and stopped. */
export interface Following {
  readonly cancel: vscode.CancellationToken;
  readonly report: (message: string) => void;
}

/** Whether there is a server; a context key of the same values steers the welcome view. */
export type Condition = "starting" | "running" | "noPython" | "failed";

const CONTEXT_KEY = "agentls.ui.server";

/** Owns the language client. What listens here hears every client that follows another. */
export class Connection implements vscode.Disposable {
  readonly log = vscode.window.createOutputChannel("Agent Tasks", { log: true });
  readonly #context: vscode.ExtensionContext;
  readonly #listeners = new Map<string, Set<(params: never) => void>>();
  readonly #connected = new vscode.EventEmitter<void>();
  readonly #changed = new vscode.EventEmitter<Condition>();
  readonly #settings: vscode.Disposable;
  #client: LanguageClient | undefined;
  #launch: Launch | undefined;
  #condition: Condition = "starting";
  #tokens = 0;
  /** How many starts there were; only the last one counts. */
  #starts = 0;
  /** The tasks of the requests that wait for their answer. */
  #asked: readonly string[] = [];

  /** A daemon answers, the first or another one: list and attach again. */
  readonly onDidConnect = this.#connected.event;
  readonly onDidChangeCondition = this.#changed.event;

  constructor(context: vscode.ExtensionContext) {
    this.#context = context;
    this.on("agentls/reconnected", () => this.#connected.fire());
    this.#settings = vscode.workspace.onDidChangeConfiguration((change) => {
      const missing = this.#condition === "noPython" || this.#condition === "failed";
      if (missing && change.affectsConfiguration("agentls.server")) {
        this.background(this.restart()); // what was mended may be just that
      }
    });
  }

  get condition(): Condition {
    return this.#condition;
  }

  /** How agentls is started here; undefined before the first start. */
  get launch(): Launch | undefined {
    return this.#launch;
  }

  /** Start the server; a failure is told with what to do about it. */
  async start(): Promise<void> {
    const start = ++this.#starts;
    this.#set("starting");
    try {
      const launch = await findLaunch(this.#context);
      const isLast = () => start === this.#starts;
      const client = await makeClient(launch, this.log, {
        hear: (method, params) => isLast() && this.#hear(method, params),
        moved: (condition) => isLast() && this.#moved(condition),
      });
      if (!isLast()) {
        return; // a later one has taken its place
      }
      this.#launch = launch;
      this.#client = client;
      await client.start();
    } catch (error) {
      if (start === this.#starts) {
        this.#failed(error);
      }
    }
  }

  /** End this window's connection and make a new one. Tasks go on meanwhile. */
  async restart(): Promise<void> {
    this.#leave();
    await this.start();
  }

  /** Whether an answer about a task is waited for: what becomes of it is this window's doing. */
  isAsking(task: string): boolean {
    return this.#asked.includes(task);
  }

  /** Send a command; rejects with what `failureOf` reads. */
  async request<C extends keyof Commands>(
    command: C,
    params: Takes<C>,
    following?: Following,
  ): Promise<Gives<C>> {
    const { task } = params as { readonly task?: string };
    this.#asked = task === undefined ? this.#asked : [...this.#asked, task];
    try {
      return await this.#send(command, params, following);
    } catch (error) {
      if (isSentAgain(command, failureOf(error))) {
        return await this.#send(command, params, following);
      }
      throw error;
    } finally {
      const at = task === undefined ? -1 : this.#asked.indexOf(task);
      this.#asked = this.#asked.filter((_, index) => index !== at);
    }
  }

  async #send<C extends keyof Commands>(
    command: C,
    params: Takes<C>,
    following: Following | undefined,
  ): Promise<Gives<C>> {
    const client = await this.#running();
    const given = { command, arguments: [params] };
    if (!following) {
      return client.sendRequest("workspace/executeCommand", given);
    }
    const { WorkDoneProgress } = await library();
    const workDoneToken = `agentls.ui.${++this.#tokens}`;
    const progress = client.onProgress(WorkDoneProgress.type, workDoneToken, (value) => {
      if (value.kind !== "end" && value.message) {
        following.report(value.message);
      }
    });
    try {
      return await client.sendRequest(
        "workspace/executeCommand",
        { ...given, workDoneToken },
        following.cancel,
      );
    } finally {
      progress.dispose();
    }
  }

  /** Give the text of one of the server's `agentls:` documents. */
  async document(uri: string): Promise<string> {
    const client = await this.#running();
    const answer = await client.sendRequest<{ text: string }>("workspace/textDocumentContent", {
      uri,
    });
    return answer.text;
  }

  /**
   * Send a command; a refusal is shown with its hint, and then gives undefined.
   *
   * Where the daemon went before it answered, the person sees what the next one tells of
   * the tasks and decides whether to send it again.
   */
  async ask<C extends keyof Commands>(
    command: C,
    params: Takes<C>,
    following?: Following,
  ): Promise<Gives<C> | undefined> {
    try {
      return await this.request(command, params, following);
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind === "daemonRestarted" && (await askToSendAgain(failure))) {
        return this.ask(command, params, following);
      }
      if (failure.kind !== "daemonRestarted") {
        this.tell(failure);
      }
      return undefined;
    }
  }

  /** Show a refusal with its next step; one that a person caused by cancelling isn't shown. */
  tell(failure: Failure): void {
    if (!failure.cancelled) {
      this.background(showRefusal(failure));
    }
  }

  /** Let something go on that nobody waits for; what goes wrong in it is in the log. */
  background(work: Thenable<unknown>): void {
    work.then(undefined, (error: unknown) => {
      this.log.error(error instanceof Error ? error : String(error));
    });
  }

  /** Tell the server something; lost while there is none. */
  send<M extends keyof Told>(method: M, params: Told[M]): void {
    if (this.#client?.isRunning()) {
      // One that ends at this moment hears nothing more; the next one is told anew.
      this.background(this.#client.sendNotification(method, params));
    }
  }

  /** Hear a notification of every server that this connection comes to have. */
  on<M extends keyof FromServer>(method: M, hear: (params: FromServer[M]) => void) {
    const listeners = this.#listeners.get(method) ?? new Set();
    this.#listeners.set(method, listeners.add(hear));
    return new vscode.Disposable(() => listeners.delete(hear));
  }

  dispose(): void {
    this.#leave();
    this.#settings.dispose();
    this.#connected.dispose();
    this.#changed.dispose();
    this.log.dispose();
  }

  /** Give the client once it runs: a window that is loaded anew asks before that. */
  async #running(): Promise<LanguageClient> {
    while (this.#condition === "starting") {
      await new Promise<void>((resolve) => {
        const decided = this.#changed.event(() => {
          decided.dispose();
          resolve();
        });
      });
    }
    if (!this.#client?.isRunning()) {
      throw new Error("agentls isn't running. Run “Agent Tasks: Restart Server”.");
    }
    return this.#client;
  }

  /** Let the present client go, and whatever start is under way. */
  #leave(): void {
    this.#starts += 1;
    if (this.#client) {
      this.background(end(this.#client));
      this.#client = undefined;
    }
  }

  #hear(method: string, params: unknown): void {
    for (const hear of this.#listeners.get(method) ?? []) {
      hear(params as never);
    }
  }

  #moved(condition: Condition): void {
    this.#set(condition);
    if (condition === "running") {
      this.#connected.fire();
    }
  }

  #set(condition: Condition): void {
    this.#condition = condition;
    void vscode.commands.executeCommand("setContext", CONTEXT_KEY, condition);
    this.#changed.fire(condition);
  }

  #failed(error: unknown): void {
    const noPython = error instanceof NoPython;
    this.log.error(error instanceof Error ? error : String(error));
    this.#set(noPython ? "noPython" : "failed");
    this.background(showStartFailed(failureOf(error), { noPython }));
  }
}
