import assert from "node:assert/strict";
import { test } from "node:test";
import type { ForecastInfo } from "../src/generated/protocol";
import {
  age,
  asksOtherwise,
  choiceLabel,
  contextValue,
  description,
  families,
  GROUPS,
  grouped,
  hasFailedChecks,
  LOOKS,
  presentSession,
} from "../src/tasks/attention";
import { task } from "./fakes";

test("every state stands in exactly one group", () => {
  const states = GROUPS.flatMap((group) => group.states).sort();

  assert.deepEqual(states, Object.keys(LOOKS).sort());
});

test("what is over comes newest first, the rest in the order of asking", () => {
  const groups = grouped([
    task({ id: "b", number: 2, state: "review", rev: 2 }),
    task({ id: "a", number: 1, state: "review", rev: 9 }),
    task({ id: "old", state: "merged", rev: 3 }),
    task({ id: "new", state: "merged", rev: 4 }),
  ]);

  assert.deepEqual(
    groups.get("review")?.map((one) => one.id),
    ["a", "b"],
  );
  assert.deepEqual(
    groups.get("done")?.map((one) => one.id),
    ["new", "old"],
  );
});

test("a description tells agent, age, lines and why it waits", () => {
  const waiting = task({
    state: "waiting",
    why: "It asks whether to run npm ci.",
    changed: "2026-01-01T00:00:00Z",
    files: 2,
    added: 12,
  });

  assert.equal(
    description(waiting, Date.parse("2026-01-01T00:03:10Z")),
    "It asks whether to run npm ci. · claude · 3m · +12 −0",
  );
});

test("an age is told in its largest unit, and a clock set back gives none", () => {
  assert.deepEqual([-5_000, 59_000, 3_599_000, 7_200_000, 200_000_000].map(age), [
    "0s",
    "59s",
    "59m",
    "2h",
    "2d",
  ]);
});

test("when clauses see a task's state and whether it is live", () => {
  const sessions = [{ id: "s", kind: "agent", title: "", live: true, started: "" }];

  assert.equal(contextValue(task({ state: "working", sessions })), "task working live mute");
  assert.equal(contextValue(task({ state: "review" })), "task review ended mute");
  assert.match(
    contextValue(task({ state: "review", openUpdate: true })),
    /^task review .* updating$/,
  );
});

test("an answer to one question isn't one to the next", () => {
  const asked = (text: string) => ({ kind: "permission", text, choices: ["allow", "deny"] });
  const asks = (text: string) => task({ state: "waiting", asked: asked(text) });

  assert.ok(asksOtherwise(asked("make all?"), asks("rm it?")));
  assert.ok(!asksOtherwise(asked("make all?"), asks("make all?")));
  // Whether it asks anything at all, the server says.
  assert.ok(!asksOtherwise(asked("make all?"), task()));
});

test("a thousand tasks are grouped in far less than a frame's time", () => {
  const many = Array.from({ length: 1000 }, (_, number) =>
    task({ id: String(number), number, state: number % 2 ? "review" : "working" }),
  );
  const times = Array.from({ length: 20 }, () => {
    const begun = performance.now();
    grouped(many);
    return performance.now() - begun;
  });

  // The best of many: what else the machine does doesn't count.
  assert.ok(Math.min(...times) < 30);
});

test("a description tells what a merge would meet, the target first", () => {
  const told = (forecast: Partial<ForecastInfo>) =>
    description(task({ forecast: { target: "clean", user: "clean", ...forecast } }), 0);

  assert.match(told({ target: "conflicts", user: "conflicts" }), /conflicts with main$/);
  assert.match(told({ inTheWay: 2 }), /conflicts with your changes$/);
  assert.match(told({ tasks: ["b2c3", "d4e5"] }), /conflicts with b2c3, d4e5$/);
  assert.doesNotMatch(told({}), /conflicts/);
});

test("a choice reads as a button does", () => {
  assert.deepEqual(["allow", "allowAlways", "yes_to-all"].map(choiceLabel), [
    "Allow",
    "Allow always",
    "Yes to all",
  ]);
});

test("only a check that failed and blocks stands in the way of a merge", () => {
  const check = (mode: string, outcome: string) =>
    task({ checks: [{ name: "lint", mode, outcome }] });

  assert.ok(hasFailedChecks(check("block", "timedOut")));
  assert.ok(!hasFailedChecks(check("inform", "failed")));
  assert.ok(!hasFailedChecks(check("block", "passed")));
  assert.ok(!hasFailedChecks(task()));
});

test("a child stands below its parent where both need the same, and names it elsewhere", () => {
  const child = task({ id: "c", parent: "p" });
  const { roots, children } = families([task({ id: "p" }), child, task({ id: "o", parent: "x" })]);

  assert.deepEqual(
    roots.map(({ id }) => id),
    ["p", "o"],
  );
  assert.deepEqual(children.get("p"), [child]);
  assert.match(description(child, 0), /↳ p$/);
  assert.doesNotMatch(description(child, 0, { apart: false }), /↳/);
});

test("a terminal shows the agent, whatever checks and scripts ran since", () => {
  const session = (id: string, kind: string) => ({ id, kind, title: "", live: true, started: "" });
  const sessions = [session("s-1", "setup"), session("s-2", "agent"), session("s-3", "script")];

  assert.equal(presentSession(task({ sessions }))?.id, "s-2");
  assert.equal(presentSession(task({ sessions: [session("s-1", "check")] })), undefined);
});
