/** Which agents a task may be given to; what stands in the way is told. */

import * as vscode from "vscode";
import type { AgentInfo } from "../generated/protocol";
import type { Parts } from "../parts";
import { noneInstalled } from "../tasks/agents";
import { failureOf } from "../wire";
import { allowedToRun } from "./trust";

/**
 * Look for the agents in the background.
 *
 * What is given waits for them, with at least one installed. Else it tells why not, or
 * asks whether the repository's config may count, and gives nothing.
 */
export function lookForAgents(
  parts: Parts,
  uri: string,
): () => Promise<readonly AgentInfo[] | undefined> {
  const answer = parts.connection.request("agentls.listAgents", { uri }).then(
    ({ agents }) => ({ agents, failure: undefined }),
    (error: unknown) => ({ agents: [], failure: failureOf(error) }),
  );
  return async () => {
    const { agents, failure } = await answer;
    if (failure) {
      if (failure.kind === "untrusted" && (await allowedToRun(parts, uri))) {
        return lookForAgents(parts, uri)();
      }
      parts.connection.tell(failure);
      return undefined;
    }
    if (!agents.some((agent) => agent.installed)) {
      void vscode.window.showErrorMessage(noneInstalled(agents));
      return undefined;
    }
    return agents;
  };
}
