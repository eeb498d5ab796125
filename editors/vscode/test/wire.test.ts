import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf, sentence } from "../src/wire";

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
