import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { compareVersions, dataFolder, installServer } from "../src/server/bundle";
import { findPython, NoPython, type Python } from "../src/server/python";

async function bundled(label: string): Promise<{ folder: string; data: string }> {
  const root = await mkdtemp(join(tmpdir(), "agentls-bundle-"));
  after(() => rm(root, { recursive: true }));
  const folder = join(root, "extension", "server");
  await mkdir(join(folder, "agentls"), { recursive: true });
  await writeFile(join(folder, "LABEL"), `${label}\n`);
  await writeFile(join(folder, "agentls", "__main__.py"), "print('here')\n");
  return { folder, data: join(root, "data") };
}

test("the server is copied and stays when the extension's folder goes", async () => {
  const { folder, data } = await bundled("0.1.0+abcd");
  const main = await installServer(folder, data);
  await rm(folder, { recursive: true });

  assert.equal(main, join(data, "server", "0.1.0+abcd", "agentls", "__main__.py"));
  assert.equal(await readFile(main, "utf8"), "print('here')\n");
});

test("windows that start at once make one whole copy", async () => {
  const { folder, data } = await bundled("0.1.0+abcd");
  const mains = await Promise.all(Array.from({ length: 8 }, () => installServer(folder, data)));

  assert.equal(new Set(mains).size, 1);
  assert.deepEqual(await readdir(join(data, "server")), ["0.1.0+abcd"]);
});

test("a newer server that is there is started, an older one is not", async () => {
  const { folder, data } = await bundled("0.2.0+abcd");
  for (const other of ["0.1.9+ffff", "0.10.0+0000"]) {
    await mkdir(join(data, "server", other), { recursive: true });
  }

  assert.match(await installServer(folder, data), /server\/0\.10\.0\+0000\/agentls/);
});

test("versions are compared by number, whatever build they are", () => {
  assert.ok(compareVersions("0.10.0+a", "0.9.1+z") > 0);
  assert.equal(compareVersions("0.1.0+a", "0.1.0+b"), 0);
});

test("the data folder is the server's own", () => {
  const home = { HOME: "/home/me" };
  const cases: [Record<string, string>, NodeJS.Platform][] = [
    [home, "linux"],
    [{ ...home, XDG_DATA_HOME: "/data" }, "linux"],
    [{ ...home, XDG_DATA_HOME: "relative" }, "linux"],
    [{ ...home, AGENTLS_DATA_DIR: "/own" }, "linux"],
  ];
  for (const [environ, platform] of cases) {
    const said = execFileSync(
      "python3",
      ["-c", "from agentls.paths import Paths; print(Paths.of_this_process().data)"],
      {
        env: { ...environ, PATH: process.env["PATH"], PYTHONPATH: "../../server" },
      },
    );
    assert.equal(dataFolder(environ, platform), said.toString().trim());
  }
  assert.equal(dataFolder(home, "darwin"), "/home/me/Library/Application Support/agentls");
});

test("the first Python that is new enough is taken", async () => {
  const versions: Record<string, string> = { old: "3.9.2", good: "3.12.1", better: "3.13.0" };
  const probe = async (command: string): Promise<Python> => {
    const version = versions[command];
    if (!version) {
      throw new Error("not there");
    }
    return { path: `/bin/${command}`, version };
  };
  const candidates = ["missing", "old", "good", "better"].map((command) => ({
    from: `the ${command} one`,
    command,
  }));

  assert.equal((await findPython(candidates, probe)).path, "/bin/good");
  await assert.rejects(findPython(candidates.slice(0, 2), probe), (error: Error) => {
    assert.ok(error instanceof NoPython);
    assert.match(
      error.message,
      /3\.11 or newer: the missing one .* doesn't run; the old one is 3\.9\.2/,
    );
    return true;
  });
});

test("a real Python says where it is and which it is", async () => {
  const found = await findPython([{ from: "on PATH", command: "python3" }]);

  assert.match(found.path, /^\//);
  assert.match(found.version, /^3\.\d+\.\d+$/);
});
