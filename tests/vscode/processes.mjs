/** Ending what a run started: agents outlive their editor and their daemon by design. */

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const LATEST_MS = 10_000;
const LOOK_MS = 50;

/** End every process that has the folder in its environment, and what those start meanwhile. */
export async function endAll(folder) {
  const until = Date.now() + LATEST_MS;
  for (let found = within(folder); found.length > 0; found = within(folder)) {
    if (Date.now() > until) {
      throw new Error(`These processes of ${folder} can't be ended: ${found.join(", ")}.`);
    }
    found.forEach(kill);
    await pause(LOOK_MS);
  }
}

function within(folder) {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").includes(folder);
    } catch {
      return false; // it ended, or is another user's
    }
  });
}

function kill(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") {
      throw error;
    }
  }
}
