import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentInfo } from "../src/generated/protocol";
import { installed, noneInstalled } from "../src/tasks/agents";

function agent(name: string, given: Partial<AgentInfo> = {}): AgentInfo {
  return { name, title: name.toUpperCase(), installed: true, ...given };
}

test("the last agent comes first, then the default; what isn't there is left out", () => {
  const agents = [
    agent("a"),
    agent("b", { default: true, version: "2" }),
    agent("c"),
    agent("d", { installed: false }),
  ];

  assert.deepEqual(
    installed(agents, "c").map(({ name }) => name),
    ["c", "b", "a"],
  );
  assert.equal(installed(agents, "c")[1]?.description, "2 · default");
});

test("without any agent it is said which were looked for, and how to install one", () => {
  const agents = [
    agent("a", { installed: false }),
    agent("b", { installed: false, hint: "Run `get b`." }),
  ];

  const said = noneInstalled(agents);

  assert.match(said, /No coding agent is installed; nothing was started\./);
  assert.match(said, /Looked for A, B/);
  assert.match(said, /For B: Run `get b`\./);
});
