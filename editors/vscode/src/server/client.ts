/** One language client: how it is made, what it tells on, and how it ends. */

import { homedir } from "node:os";
import type * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { FromServer } from "../generated/protocol";
import type { Launch } from "./launch";

type Library = typeof import("./library");

/** What of the person's own terminal the server can't know. */
const GIVEN_ENVIRONMENT = ["SSH_AUTH_SOCK", "DISPLAY", "WAYLAND_DISPLAY", "LANG"] as const;

const HEARD: readonly (keyof FromServer)[] = [
  "agentls/commentsChanged",
  "agentls/controllerChanged",
  "agentls/forecastChanged",
  "agentls/openRequested",
  "agentls/output",
  "agentls/queueChanged",
  "agentls/reconnected",
  "agentls/resized",
  "agentls/sessionEnded",
  "agentls/taskChanged",
  "agentls/taskRemoved",
  "agentls/viewedChanged",
];

/** Load the library when it is needed: reading it would take most of the activation. */
export function library(): Promise<Library> {
  return import("./library");
}

/** Make a client, not started yet, that tells on what it hears and what it comes to. */
export async function makeClient(
  [command, ...args]: Launch,
  log: vscode.LogOutputChannel,
  tell: {
    readonly hear: (method: string, params: unknown) => void;
    readonly moved: (condition: "starting" | "running" | "failed") => void;
  },
): Promise<LanguageClient> {
  const { LanguageClient, State } = await library();
  const environment = Object.fromEntries(
    GIVEN_ENVIRONMENT.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
  const client = new LanguageClient(
    "agentls",
    "Agent Tasks",
    { command, args: [...args, "lsp"], options: { cwd: homedir() } },
    { outputChannel: log, initializationOptions: { environment, opensReviews: true } },
  );
  for (const method of HEARD) {
    client.onNotification(method, (params) => tell.hear(method, params));
  }
  client.onDidChangeState(({ newState }) => {
    tell.moved(
      newState === State.Running ? "running" : newState === State.Starting ? "starting" : "failed",
    );
  });
  return client;
}

/** End a client in whatever state it is: one that starts can't be stopped before it has. */
export async function end(client: LanguageClient): Promise<void> {
  const { State } = await library();
  if (client.state === State.Starting) {
    await client.start().catch(() => undefined);
  }
  if (client.isRunning()) {
    await client.dispose();
  }
}
