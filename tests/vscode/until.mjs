/** Waiting for what no page shows. */

import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";

const LOOK_AGAIN_MS = 100;

/** Wait until something holds, such as what the daemon tells of a task. */
export async function until(holds, timeout = 60_000) {
  const end = performance.now() + timeout;
  while (!holds()) {
    assert.ok(performance.now() < end, `not within ${timeout} ms: ${holds}`);
    await setTimeout(LOOK_AGAIN_MS);
  }
}
