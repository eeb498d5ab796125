/** Finding a Python that can run the server. */

import { execFile } from "node:child_process";

export const OLDEST = [3, 11] as const;

/** A Python that was tried and is new enough. */
export interface Python {
  /** An absolute path. */
  readonly path: string;
  readonly version: string;
}

/** Where a candidate comes from, for the message when none is good. */
export interface Candidate {
  readonly from: string;
  readonly command: string;
}

export type Probe = (command: string) => Promise<Python>;

export class NoPython extends Error {}

// The interpreter below a virtual environment: the daemon outlives the environment.
const PROGRAM =
  'import os, sys; print("%d.%d.%d" % sys.version_info[:3]); ' +
  'print(os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable))';
const PROBE_MS = 10_000;

/** Give the first candidate that is new enough; `NoPython` says what each lacked. */
export async function findPython(
  candidates: readonly Candidate[],
  probe: Probe = ask,
): Promise<Python> {
  const reasons: string[] = [];
  for (const { from, command } of candidates) {
    try {
      const found = await probe(command);
      if (isNewEnough(found.version)) {
        return found;
      }
      reasons.push(`${from} is ${found.version}`);
    } catch {
      reasons.push(`${from} (${command}) doesn't run`);
    }
  }
  throw new NoPython(
    `agentls needs Python ${OLDEST.join(".")} or newer` +
      (reasons.length > 0 ? `: ${reasons.join("; ")}.` : "."),
  );
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

function ask(command: string): Promise<Python> {
  return new Promise((resolve, reject) => {
    execFile(command, ["-I", "-c", PROGRAM], { timeout: PROBE_MS, cwd: "/" }, (error, output) => {
      const [version, path] = output.trim().split("\n");
      if (error || !version || !path) {
        reject(error ?? new Error(`${command} said ${JSON.stringify(output)}`));
      } else {
        resolve({ path, version });
      }
    });
  });
}
