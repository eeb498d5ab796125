/** What package.json promises is what the code and the server's registry have. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { test } from "node:test";
import { LOOKS } from "../src/tasks/attention";

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.startsWith("generated"))
  .map((name) => readFileSync(join("src", name), "utf8"))
  .join("\n");
const declared = manifest.contributes.commands.map((one: { command: string }) => one.command);

test("every command of package.json is registered, and the other way round", () => {
  const registered = [...sources.matchAll(/"(agentls\.ui\.\w+)":|registerCommand\(\s*"([\w.]+)"/g)];
  const ids = registered.map(([, key, call]) => key ?? call);

  assert.deepEqual([...new Set(ids)].sort(), [...declared].sort());
});

test("menus and keys name commands that there are", () => {
  const { menus, keybindings } = manifest.contributes;
  const named = [...Object.values(menus).flat(), ...keybindings] as { command: string }[];

  assert.deepEqual(
    named.filter(({ command }) => !declared.includes(command)),
    [],
  );
});

test("when clauses name states that there are", () => {
  const text = JSON.stringify(manifest);
  const lists = [
    ...[...text.matchAll(/\^task \(([\w|]+)\)/g)],
    ...[...text.matchAll(/agentls\.ui\.reviewing (?:=~ \/|== )([\w|]+)/g)],
  ].map(([, states]) => states ?? "");
  assert.ok(lists.length > 10);

  for (const state of lists.join("|").split("|")) {
    assert.ok(state in LOOKS, state);
  }
});

test("context keys of when clauses are set somewhere", () => {
  const used = new Set(
    JSON.stringify(manifest).match(
      /(?<!command:|"command":")agentls\.ui\.(server|filtered|queuePaused|reviewing)/g,
    ),
  );

  assert.equal(used.size, 4);
  for (const key of used) {
    assert.ok(sources.includes(`"${key}"`), key);
  }
});

test("settings that the code reads are declared, and the other way round", () => {
  const read = [...sources.matchAll(/get(?:<[\w[\]]+>)?\(\s*"((?:server|notifications)[\w.]*)"/g)];
  const known = Object.keys(manifest.contributes.configuration.properties);

  assert.deepEqual([...new Set(read.map(([, name]) => `agentls.${name}`))].sort(), known.sort());
});

test("settings that name programs are the machine's own", () => {
  for (const [name, setting] of Object.entries(manifest.contributes.configuration.properties)) {
    if (name.startsWith("agentls.server.")) {
      assert.equal((setting as { scope: string }).scope, "machine", name);
      assert.ok(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations.includes(name));
    }
  }
});

test("the extension has the server's version, and runs in Cursor", () => {
  const server = readFileSync("../../pyproject.toml", "utf8").match(/^version = "(.*)"$/m)?.[1];

  assert.equal(manifest.version, server);
  assert.equal(manifest.engines.vscode, "^1.105.0");
  assert.equal(manifest.enabledApiProposals, undefined);
});

test("all that the server tells is heard", () => {
  const generated = readFileSync("src/generated/protocol.ts", "utf8");
  const told = /export interface FromServer \{(.*?)\n\}/s.exec(generated)?.[1] ?? "";
  const heard = /const HEARD.*?\[(.*?)\n\]/s.exec(sources)?.[1] ?? "";
  const names = (text: string) => [...text.matchAll(/"(agentls\/\w+)"/g)].map(([, name]) => name);

  assert.ok(names(told).length > 5);
  assert.deepEqual(names(heard).sort(), names(told));
});

test("whatever the server consists of is packed", () => {
  const packed = /server\/\*\*\/\*\.\{(.*)\}/
    .exec(readFileSync(".vscodeignore", "utf8"))?.[1]
    ?.split(",");
  const files = readdirSync("../../server/agentls", { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && !file.parentPath.includes("__pycache__"))
    .map(({ name }) => extname(name).slice(1));

  assert.deepEqual(
    [...new Set(files)].filter((kind) => !packed?.includes(kind)),
    [],
  );
});
