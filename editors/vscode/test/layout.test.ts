import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskInfo } from "../src/generated/protocol";
import { childrenIn, layoutOf } from "../src/tasks/layout";
import { task } from "./fakes";

const parent = task({ id: "a", number: 1, rev: 1 });
const child = task({ id: "b", number: 2, rev: 2, parent: "a" });

test("only groups with members are laid out, in the order of the list", () => {
  const layout = layoutOf([task({ id: "q", state: "queued" }), task({ id: "w" })]);

  assert.deepEqual(layout.groups, ["running", "queued"]);
  assert.deepEqual(layoutOf([]).groups, []);
});

test("a child stands below its parent as long as both are in one group", () => {
  const ids = (state: "working" | "waiting") => {
    const moved = { ...child, state };
    return childrenIn(layoutOf([parent, moved]), parent).map(({ id }) => id);
  };

  assert.deepEqual(ids("working"), ["b"]);
  assert.deepEqual(ids("waiting"), []);
});

test("a group's shape is the same while no row of it comes, goes or moves", () => {
  const shape = (...tasks: TaskInfo[]) => layoutOf(tasks).shapes.get("running");
  const { parent: _, ...alone } = child;
  const same = shape(parent, child);

  assert.equal(
    shape({ ...parent, title: "Another", rev: 7 }, child, task({ state: "review" })),
    same,
  );
  assert.notEqual(shape(parent), same);
  assert.notEqual(shape({ ...parent, state: "review" }, child), same);
  assert.notEqual(shape(parent, alone), same);
});
