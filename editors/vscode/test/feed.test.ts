import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Feed } from "../src/terminal/feed";

function feed(from = 0) {
  const written: string[] = [];
  const acked: number[] = [];
  let now = 0;
  const made = new Feed(
    { write: (text) => written.push(text), ack: (end) => acked.push(end) },
    from,
    () => now,
  );
  return { made, written, acked, at: (time: number) => (now = time) };
}

test("pieces are written in order and acknowledged", () => {
  const { made, written, acked } = feed(10);
  made.take({ session: "s", offset: 10, end: 13, text: "abc" });
  made.take({ session: "s", offset: 13, end: 15, text: "de" });

  assert.deepEqual(written, ["abc", "de"]);
  assert.deepEqual(acked, [13, 15]);
});

test("what was told twice is written once", () => {
  const { made, written } = feed(10);
  made.take({ session: "s", offset: 5, end: 10, text: "again" });
  made.take({ session: "s", offset: 10, end: 11, text: "x" });

  assert.deepEqual(written, ["x"]);
});

test("a character that is cut between two pieces comes out whole", () => {
  const { made, written } = feed();
  const bytes = Buffer.from("ö");
  made.take({ session: "s", offset: 0, end: 1, base64: bytes.subarray(0, 1).toString("base64") });
  made.take({ session: "s", offset: 1, end: 2, base64: bytes.subarray(1).toString("base64") });

  assert.equal(written.join(""), "ö");
});

test("a repaint is written in place of what was missed, a gap is told", () => {
  const { made, written } = feed();
  made.take({ session: "s", offset: 0, end: 9000, repaint: "screen" });
  made.take({ session: "s", offset: 9000, end: 9010, gap: "the disk was full" });

  assert.equal(written[0], "screen");
  assert.match(written[1] ?? "", /10 bytes are missing: the disk was full/);
});

test("room is given no faster than a terminal draws", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { made, acked } = feed();
  made.take({ session: "s", offset: 0, end: 512 << 10, text: "" });
  assert.deepEqual(acked, []);

  mock.timers.tick(99);
  assert.deepEqual(acked, []);
  mock.timers.tick(4);
  assert.deepEqual(acked, [512 << 10]);
  mock.timers.reset();
});
