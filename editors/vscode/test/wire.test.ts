import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { failureOf, isSentAgain, nextStep, sentence } from "../src/wire";

test("a refusal is told with its hint", () => {
  const failure = failureOf({
    code: -32803,
    message: "The change and main conflict; nothing was changed.",
    data: { kind: "conflict", hint: "Update the task." },
  });

  assert.equal(failure.kind, "conflict");
  assert.equal(
    sentence(failure),
    "The change and main conflict; nothing was changed. Update the task.",
  );
});

test("what was cancelled by the person is known as such", () => {
  assert.ok(failureOf({ code: -32800, message: "Cancelled." }).cancelled);
});

test("anything else that is thrown reads as it is", () => {
  assert.equal(sentence(failureOf(new Error("Broken pipe"))), "Broken pipe");
  assert.equal(sentence(failureOf("odd")), "odd");
});

test("a refusal's next step is a command that there is", () => {
  const { commands } = JSON.parse(readFileSync("package.json", "utf8")).contributes;
  const declared: string[] = commands.map((one: { command: string }) => one.command);
  const kinds = readFileSync("src/wire.ts", "utf8").matchAll(/^ {2}(\w+): (?:\{ title|SHOW_LOG)/gm);
  const steps = [...kinds].map(([, kind]) => nextStep(failureOf({ message: "", data: { kind } })));
  assert.ok(steps.length > 5);

  for (const step of [nextStep(failureOf(new Error("gone"))), ...steps]) {
    const ours = /^agentls\.ui\.(?!tasks\.focus)/.test(step?.command ?? "agentls.ui.");
    assert.ok(!ours || declared.includes(step?.command ?? ""), step?.title);
  }
});

test("what a daemon took with it is sent again only if it changes nothing", () => {
  const gone = failureOf({ message: "", data: { kind: "daemonRestarted" } });

  assert.ok(isSentAgain("agentls.changes", gone));
  assert.ok(!isSentAgain("agentls.mergeTask", gone));
  assert.ok(!isSentAgain("agentls.changes", failureOf({ message: "" })));
});
