import assert from "node:assert/strict";
import { test } from "node:test";
import { MISSED, withMissed } from "../src/commands/missed";

test("a row that VS Code lost isn't taken for none", () => {
  assert.deepEqual(withMissed([undefined, undefined]), [MISSED, undefined]);
  assert.deepEqual(withMissed([null]), [MISSED]);
});

test("the palette, a key and a row that is there are what they are", () => {
  const row = { kind: "task", id: "b2c3" };

  assert.deepEqual(withMissed([]), []);
  assert.deepEqual(withMissed([{ selected: true }]), [{ selected: true }]);
  assert.deepEqual(withMissed([row, [row]]), [row, [row]]);
});
