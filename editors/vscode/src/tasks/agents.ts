/** The agents that a task can be given to. */

import type { AgentInfo } from "../generated/protocol";

/** Give the installed agents to choose from, the last one first. */
export function installed(agents: readonly AgentInfo[], last: string | undefined) {
  return agents
    .filter((agent) => agent.installed)
    .map((agent) => ({
      label: agent.title,
      description: [agent.version, agent.default ? "default" : ""].filter(Boolean).join(" · "),
      name: agent.name,
      rank: agent.name === last ? 0 : agent.default ? 1 : 2,
    }))
    .sort((a, b) => a.rank - b.rank);
}

/** Say that none is installed, and how one of them would be. */
export function noneInstalled(agents: readonly AgentInfo[]): string {
  const looked = agents.map((agent) => agent.title).join(", ");
  const how = agents.find((agent) => agent.hint);
  return [
    "No coding agent is installed; nothing was started.",
    `Looked for ${looked}, on the PATH that VS Code was started with.`,
    ...(how ? [`For ${how.title}: ${how.hint}`] : []),
  ].join(" ");
}
