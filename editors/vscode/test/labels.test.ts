import assert from "node:assert/strict";
import { test } from "node:test";
import { labelsIn, labelsInUse } from "../src/tasks/labels";
import { task } from "./fakes";

test("labels are read with commas between, each once", () => {
  assert.deepEqual(labelsIn(" chore,  good first ,chore,, "), ["chore", "good first"]);
  assert.deepEqual(labelsIn("  "), []);
});

test("the labels in use are those of the newest tasks first", () => {
  const tasks = [
    task({ number: 1, labels: ["old", "both"] }),
    task({ number: 3, labels: ["new", "both"] }),
    task({ number: 2 }),
  ];

  assert.deepEqual(labelsInUse(tasks), ["new", "both", "old"]);
});
