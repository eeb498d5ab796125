import assert from "node:assert/strict";
import { test } from "node:test";
import { forecastPage, plain } from "../src/view/forecastPage";

const clean = { outcome: "clean" };

test("a forecast names what conflicts, with what and on which lines", () => {
  const page = forecastPage(
    [
      {
        task: "b2c3",
        target: { outcome: "conflicts", files: [{ path: "a.py", lines: [{ first: 3, last: 5 }] }] },
        user: clean,
        tasks: [{ task: "d4e5", outcome: "conflicts", files: [{ path: "b.py" }] }],
        inTheWay: ["c.py"],
      },
      { task: "d4e5", target: clean, user: clean },
    ],
    (id) => id,
  );

  assert.match(page, /## b2c3\n\n- conflicts with the target: `a\.py:3–5`/);
  assert.match(page, /- conflicts with d4e5: `b\.py`/);
  assert.match(page, /in the way of the merge: `c\.py`/);
  assert.match(page, /## d4e5\n\nMerges cleanly\./);
});

test("a title is no Markdown", () => {
  assert.equal(plain("[a](command:x)"), "\\[a\\](command:x)");
});
