/** How this window starts agentls: the settings, a Python, and the server. */

import { join } from "node:path";
import * as vscode from "vscode";
import { dataFolder, installServer } from "./bundle";
import { type Candidate, findPython } from "./python";

/** A program with its first arguments; `lsp`, `attach`, … follow. */
export type Launch = readonly [program: string, ...rest: string[]];

/** Find out how to start agentls; `NoPython` if nothing here can. */
export async function findLaunch(extension: vscode.ExtensionContext): Promise<Launch> {
  const settings = vscode.workspace.getConfiguration("agentls");
  const [program, ...rest] = settings.get<string[]>("server.command", []);
  if (program) {
    return [program, ...rest];
  }
  const python = await findPython(await candidates(settings.get("server.python", "")));
  const main = await installServer(join(extension.extensionPath, "server"), dataFolder());
  return [python.path, "-I", main];
}

async function candidates(setting: string): Promise<readonly Candidate[]> {
  if (setting) {
    return [{ from: "the setting agentls.server.python", command: setting }];
  }
  const active = await activeInterpreter();
  return [
    ...(active ? [{ from: "the Python extension's interpreter", command: active }] : []),
    ...["python3", "python3.14", "python3.13", "python3.12", "python3.11"].map((command) => ({
      from: "on PATH",
      command,
    })),
  ];
}

/** What the Python extension's interface has that is used here. */
interface PythonExtension {
  readonly environments: {
    getActiveEnvironmentPath(): { readonly path: string };
    resolveEnvironment(path: {
      readonly path: string;
    }): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
  };
}

async function activeInterpreter(): Promise<string | undefined> {
  // In a folder that nobody trusts it may be a program of that folder.
  const extension = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
  if (!extension || !vscode.workspace.isTrusted) {
    return undefined;
  }
  try {
    const { environments } = await extension.activate();
    const active = environments.getActiveEnvironmentPath();
    return (await environments.resolveEnvironment(active))?.executable.uri?.fsPath;
  } catch {
    return undefined; // it has said so itself, and there may be others
  }
}
