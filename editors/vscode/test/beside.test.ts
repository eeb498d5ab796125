import assert from "node:assert/strict";
import { test } from "node:test";
import { isBesideTasks } from "../src/tasks/beside";
import { task } from "./fakes";

test("a file lies beside the open tasks of its own repository", () => {
  const tasks = [task({ repository: "file:///repo" })];

  assert.ok(isBesideTasks("file:///repo/src/a.py", tasks));
  assert.ok(!isBesideTasks("file:///repository/src/a.py", tasks));
  assert.ok(!isBesideTasks("file:///other/a.py", tasks));
});

test("no file does where all tasks are over, nor a file of git's own", () => {
  const over = [task({ state: "merged" }), task({ state: "discarded" })];

  assert.ok(!isBesideTasks("file:///repo/a.py", over));
  assert.ok(!isBesideTasks("file:///repo/.git/COMMIT_EDITMSG", [task()]));
});

test("a file of a worktree does not, though the worktree lies in the repository", () => {
  const tasks = [task({ id: "a" }), task({ id: "b", worktree: "file:///repo/.worktrees/1" })];

  assert.ok(!isBesideTasks("file:///repo/.worktrees/1/a.py", tasks));
  assert.ok(isBesideTasks("file:///repo/a.py", tasks));
});
