import assert from "node:assert/strict";
import { test } from "node:test";
import type { HunkInfo } from "../src/generated/protocol";
import { hunksAt } from "../src/review/hunks";

const added = hunk("added", { oldStart: 4, oldLines: 0, newStart: 5, newLines: 3 });
const removed = hunk("removed", { oldStart: 10, oldLines: 2, newStart: 12, newLines: 0 });

function hunk(id: string, lines: Omit<HunkInfo, "id" | "kind">): HunkInfo {
  return { id, kind: "lines", ...lines };
}

function at(first: number, last: number, old = false): readonly string[] {
  return hunksAt([added, removed], { old, first, last }).map(({ id }) => id);
}

test("the cursor finds the hunk that has its line", () => {
  assert.deepEqual(at(5, 5), ["added"]);
  assert.deepEqual(at(7, 7), ["added"]);
  assert.deepEqual(at(8, 8), []);
  assert.deepEqual(at(10, 11, true), ["removed"]);
});

test("what was removed is found on the new side by the lines around it", () => {
  assert.deepEqual(at(12, 12), ["removed"]);
  assert.deepEqual(at(13, 13), ["removed"]);
  assert.deepEqual(at(14, 14), []);
});

test("a selection finds all that it touches", () => {
  assert.deepEqual(at(1, 40), ["added", "removed"]);
});
