import assert from "node:assert/strict";
import { test } from "node:test";
import { TaskList } from "../src/tasks/list";
import { task } from "./fakes";

test("what is older than what is known changes nothing", () => {
  const list = new TaskList();
  list.change(task({ id: "a", rev: 5, title: "new" }));

  assert.equal(list.change(task({ id: "a", rev: 4, title: "old" })), undefined);
  list.replace({ rev: 4, tasks: [task({ id: "a", rev: 3, title: "older" })] });

  assert.equal(list.get("a")?.title, "new");
});

test("a list gives what changed since the tasks were told, not what it has first", () => {
  const list = new TaskList();
  list.change(task({ id: "a", rev: 1 }));
  list.change(task({ id: "same", rev: 1 }));
  const changes = list.replace({
    rev: 5,
    tasks: [
      task({ id: "a", rev: 4, state: "review" }),
      task({ id: "same", rev: 1 }),
      task({ id: "new", rev: 3 }),
    ],
  });

  assert.deepEqual(
    changes.map(({ before, after }) => [after?.id, before?.state, after?.state]),
    [["a", "working", "review"]],
  );
});

test("a list forgets tasks that it doesn't have, unless they came later", () => {
  const list = new TaskList();
  list.change(task({ id: "gone", rev: 2 }));
  list.change(task({ id: "later", rev: 9 }));
  list.replace({ rev: 5, tasks: [task({ id: "kept", rev: 3 })] });

  assert.deepEqual([...list.all()].map((one) => one.id).sort(), ["kept", "later"]);
});

test("a removed task doesn't come back by an older message", () => {
  const list = new TaskList();
  list.change(task({ id: "a", rev: 2 }));

  assert.equal(list.remove({ task: "a", rev: 3 })?.before?.id, "a");
  assert.equal(list.change(task({ id: "a", rev: 2 })), undefined);
  assert.equal(list.size, 0);
});

test("a change tells what was before", () => {
  const list = new TaskList();
  list.change(task({ rev: 1, state: "working" }));
  const change = list.change(task({ rev: 2, state: "review" }));

  assert.deepEqual([change?.before?.state, change?.after?.state], ["working", "review"]);
});
