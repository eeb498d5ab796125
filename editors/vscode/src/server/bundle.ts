/**
 * The server that comes with the extension.
 *
 * An update of the extension deletes the old one's folder under a daemon that runs. So
 * the server is copied once to the data folder and run from there, as `paths.py` of
 * the server names it.
 */

import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** Give agentls' data folder: the same one that the server uses. */
export function dataFolder(
  environ: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (environ["AGENTLS_DATA_DIR"]) {
    return environ["AGENTLS_DATA_DIR"];
  }
  const home = environ["HOME"] || homedir();
  if (platform === "darwin") {
    return join(home, "Library", "Application Support", "agentls");
  }
  const xdg = environ["XDG_DATA_HOME"] ?? "";
  return join(isAbsolute(xdg) ? xdg : join(home, ".local", "share"), "agentls");
}

/**
 * Copy the bundled server to where it may stay, and give the program to start.
 *
 * The newest one there is given, so that an older extension in another editor starts
 * no older daemon on a newer store.
 */
export async function installServer(bundled: string, data: string): Promise<string> {
  const label = (await readFile(join(bundled, "LABEL"), "utf8")).trim();
  const servers = join(data, "server");
  const own = join(servers, label);
  if (!(await exists(own))) {
    await mkdir(servers, { recursive: true, mode: 0o700 });
    const unfinished = await mkdtemp(join(servers, `.${label}.`));
    try {
      await cp(bundled, unfinished, { recursive: true });
      await rename(unfinished, own);
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      if (!(await exists(own))) {
        // Another window may have been first; anything else is an error.
        throw error;
      }
    }
  }
  const newest = (await readdir(servers))
    .filter((name) => !name.startsWith(".") && compareVersions(name, label) > 0)
    .sort(compareVersions)
    .at(-1);
  return join(servers, newest ?? label, "agentls", "__main__.py");
}

/** Compare `1.2.3` or `1.2.3+abc` by their numbers; what stands behind `+` is equal. */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [numbers(one), numbers(other)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}

function numbers(version: string): readonly number[] {
  return (version.split("+")[0] ?? "").split(".").map((part) => Number.parseInt(part, 10) || 0);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
