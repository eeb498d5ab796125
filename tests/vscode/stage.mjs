/** A machine of its own for the test: home, repository, agent, and a real VS Code. */

import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { endAll } from "./processes.mjs";

const HERE = import.meta.dirname;
const START_MS = 60_000;

const SETTINGS = {
  "chat.disableAIFeatures": true,
  "comments.openView": "never",
  "extensions.autoCheckUpdates": false,
  // As on a desktop: a browser saves by itself, also while a merge editor is just being closed.
  "files.autoSave": "off",
  // Where files can be read; in the browser, which comes first, it never gets ready.
  "remote.extensionKind": { "vscode.typescript-language-features": ["workspace"] },
  "telemetry.telemetryLevel": "off",
  // Drawn as text, so that the test can read it.
  "terminal.integrated.gpuAcceleration": "off",
  "workbench.colorTheme": "Default Light Modern",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};

const AGENT = (script) => `
agent = "stub"

[agents.stub]
title = "Stub Agent"
bin = "python3"
start = ["${script}", "{prompt}"]
resume = ["${script}", "{prompt}"]

[agents.stub.dialogs.run]
match = ['Run (?P<command>.+)\\?', '1\\. Yes']
kind = "permission"
tool = "shell"
reason = "It wants to run {command}"
choices.allow = { keys = "1" }
choices.deny = { keys = "2" }
text = { keys = "3{text}\\r" }
`;

export class Stage {
  constructor({ installation, vsix }) {
    this.installation = installation;
    this.vsix = vsix;
    this.root = mkdtempSync(join(tmpdir(), "agentls-vscode-"));
    this.home = join(this.root, "home");
    this.repository = join(this.root, "shop");
    this.environment = {
      ...inherited(),
      HOME: this.home,
      SHELL: "/bin/sh",
      AGENTLS_RUNTIME_DIR: join(this.root, "run"),
    };
    this.#makeHome();
    this.#makeRepository();
  }

  /** Start VS Code's server; resolves with the address of the page. */
  async start({ folder = this.repository } = {}) {
    this.port = await freePort();
    const [program, args] = this.#command([
      "--auth", "none", "--bind-addr", `127.0.0.1:${this.port}`,
      "--disable-telemetry", "--disable-update-check",
    ]);
    this.server = spawn(program, args, { env: this.environment, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    await new Promise((resolve, reject) => {
      let said = "";
      const late = setTimeout(() => reject(new Error(`VS Code doesn't start:\n${said}`)), START_MS);
      const hear = (piece) => {
        said += piece;
        if (said.includes("HTTP server listening")) {
          clearTimeout(late);
          resolve();
        }
      };
      this.server.stdout.on("data", hear);
      this.server.stderr.on("data", hear);
    });
    return this.address(`folder=${folder}`);
  }

  git(...args) {
    return execFileSync("git", args, { cwd: this.repository, env: this.environment, encoding: "utf8" }).trim();
  }

  /** Run the bundled agentls, as the extension copied it. */
  agentls(...args) {
    const servers = join(this.home, ".local/share/agentls/server");
    const [label] = execFileSync("ls", [servers], { encoding: "utf8" }).trim().split("\n");
    const main = join(servers, label, "agentls/__main__.py");
    return execFileSync("python3", ["-I", main, ...args], { cwd: this.repository, env: this.environment, encoding: "utf8" });
  }

  daemon() {
    return JSON.parse(readFileSync(join(this.home, ".local/state/agentls/daemon.json"), "utf8"));
  }

  /** What the daemon knows of the task with a title, its prompt too. */
  told(title) {
    const { tasks } = JSON.parse(this.agentls("ls", "--all", "--json"));
    const { id } = tasks.findLast((task) => task.title.includes(title));
    const { task, prompt } = JSON.parse(this.agentls("show", id, "--json"));
    return { ...task, prompt };
  }

  /** Put a program on the PATH of the user's terminals. */
  program(name, text) {
    writeFileSync(join(this.home, "bin", name), text, { mode: 0o755 });
  }

  /** Add to the user's configuration. */
  configure(text) {
    appendFileSync(join(this.home, ".config/agentls/config.toml"), text);
  }

  /** Add to the user's configuration of git. */
  configureGit(...args) {
    this.git("config", "--global", ...args);
  }

  /** Give the repository a remote that git reaches in a folder; gives the folder. */
  makeRemote(url) {
    const bare = join(this.root, "remote.git");
    execFileSync("git", ["init", "--quiet", "--bare", bare], { env: this.environment });
    this.configureGit(`url.${bare}.insteadOf`, url);
    this.git("remote", "add", "origin", url);
    this.git("push", "--quiet", "origin", "main");
    return bare;
  }

  /** Kill what holds a task's last session, as a machine that runs out of memory does. */
  killSession({ id, sessions }) {
    const folder = join(this.home, ".local/state/agentls/sessions", sessions.at(-1).id);
    const [, pid] = /^shim (\d+)/m.exec(readFileSync(join(folder, "meta"), "utf8"));
    process.kill(Number(pid), "SIGKILL");
    return id;
  }

  /** The id of the task that was asked for last. */
  task() {
    return JSON.parse(this.agentls("ls", "--json")).tasks.at(-1).id;
  }

  heard() {
    return readFileSync(join(this.root, "heard"), "utf8");
  }

  /** Let an agent go on that waits for this. */
  letGo(name = "go") {
    writeFileSync(this.path(name), "");
  }

  /** Take back what `letGo` gave. */
  holdBack(name) {
    unlinkSync(this.path(name));
  }

  has(name) {
    return existsSync(this.path(name));
  }

  /** The path of a file beside the repository. */
  path(name) {
    return join(this.root, name);
  }

  read(name) {
    return readFileSync(this.path(name), "utf8");
  }

  /** Read a file of a task's worktree. */
  readWorktree(title, path) {
    return readFileSync(join(fileURLToPath(this.told(title).worktree), path), "utf8");
  }

  /** How many checkpoints a task has. */
  checkpoints(title) {
    return JSON.parse(this.agentls("checkpoints", this.told(title).id, "--json")).checkpoints.length;
  }

  /** Give the user a hook of git's for all repositories. */
  hook(name, script) {
    const hooks = join(this.home, "hooks");
    mkdirSync(hooks, { recursive: true });
    writeFileSync(join(hooks, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    this.configureGit("core.hooksPath", hooks);
  }

  /** Write a file of the repository. */
  write(path, text) {
    writeFileSync(join(this.repository, path), text);
  }

  commit(message) {
    this.git("add", "--all");
    this.git("commit", "--quiet", "--message", message);
  }

  /** The address of a window: of a folder, of a workspace's file, or an empty one. */
  address(query = `folder=${this.repository}`) {
    return `http://127.0.0.1:${this.port}/?${query}`;
  }

  /** Delete the server in the extension's folder, as VS Code does after an update. */
  async removeServer() {
    await rm(join(this.#extension(), "server"), { recursive: true });
  }

  /** The extension's code as it was installed. */
  bundle() {
    return join(this.#extension(), "out/extension.js");
  }

  /** Install the extension, for the first time or again, as an update does. */
  install() {
    this.#codeServer(["--install-extension", this.vsix, "--force"]);
  }

  /** The last lines of the extension's log of this window. */
  log(lines = 15) {
    const data = join(this.root, "data");
    const own = readdirSync(data, { recursive: true }).filter((path) => path.endsWith("Agent Tasks.log")).sort().at(-1);
    return own === undefined ? "  (there is none)" : readFileSync(join(data, own), "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  }

  /** What the probe in the extension host told last: of `measured` and `profile`, in ms. */
  probed(name) {
    return JSON.parse(readFileSync(join(this.root, `extensions/probe/${name}.json`), "utf8"));
  }

  /** Queue a task for each of so many lines; none of them begins. */
  queueTasks(count) {
    const file = join(this.repository, "lines.txt");
    writeFileSync(file, Array.from({ length: count }, (_, at) => `Queued ${at + 1}\n`).join(""));
    this.agentls("queue", "pause");
    this.agentls("batch", "--format", "lines", file);
    unlinkSync(file);
  }

  /** Make a workspace of the repository and another one; gives its file. */
  makeWorkspace() {
    const [file, other] = [join(this.root, "both.code-workspace"), join(this.root, "other")];
    mkdirSync(other);
    execFileSync("git", ["init", "--quiet", other], { env: this.environment });
    writeFileSync(file, JSON.stringify({ folders: [{ path: "shop" }, { path: "other" }] }));
    return file;
  }

  /** A setting of the machine, which a folder can't change. */
  setMachine(settings) {
    mkdirSync(join(this.root, "data/Machine"), { recursive: true });
    writeFileSync(join(this.root, "data/Machine/settings.json"), JSON.stringify(settings));
  }

  /** End all that runs here, agents too, and remove it. */
  async end() {
    await endAll(this.root);
    await rm(this.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  #makeHome() {
    mkdirSync(join(this.home, ".config/agentls"), { recursive: true });
    mkdirSync(join(this.home, "bin"));
    writeFileSync(join(this.home, ".profile"), 'export PATH="$HOME/bin:$PATH"\n');
    mkdirSync(join(this.root, "data/User"), { recursive: true });
    mkdirSync(join(this.root, "extensions"), { recursive: true });
    // Before the first installation: VS Code takes in what is there then.
    cpSync(join(HERE, "probe"), join(this.root, "extensions/probe"), { recursive: true });
    const script = join(this.root, "agent.py");
    copyFileSync(join(HERE, "agent.py"), script);
    writeFileSync(join(this.home, ".config/agentls/config.toml"), AGENT(script));
    writeFileSync(join(this.home, ".gitconfig"), "[user]\nname = Ada\nemail = ada@example.com\n[init]\ndefaultBranch = main\n");
    writeFileSync(join(this.root, "data/User/settings.json"), JSON.stringify(SETTINGS));
  }

  #makeRepository() {
    mkdirSync(join(this.repository, "src"), { recursive: true });
    const cart = ["def total(prices):", "    return sum(prices)", "", "", "def count(prices):", "    return len(prices)"];
    writeFileSync(join(this.repository, "src/cart.py"), `${cart.join("\n")}\n`);
    this.write("src/colour.txt", "grey\n");
    this.write("src/tax.ts", "export function tax(price: number): number {\n  return price / 5;\n}\n");
    this.write("src/bill.ts", 'import { tax } from "./tax";\n\nexport const bill = 10 + tax(10);\n');
    writeFileSync(join(this.repository, "README.md"), "# Shop\n\nA small shop.\n");
    this.git("init", "--quiet");
    this.git("add", "--all");
    this.git("commit", "--quiet", "--message", "Begin");
  }

  /** The folder that the extension was installed into. */
  #extension() {
    const folder = join(this.root, "extensions");
    const [own] = readdirSync(folder).filter((name) => name.startsWith("agentls.agentls-"));
    return join(folder, own);
  }

  #command(args) {
    const entry = join(this.installation, "node_modules/code-server/out/node/entry.js");
    const folders = ["--user-data-dir", join(this.root, "data"), "--extensions-dir", join(this.root, "extensions")];
    return [process.execPath, [entry, ...folders, ...args]];
  }

  #codeServer(args) {
    const [program, all] = this.#command(args);
    execFileSync(program, all, { env: this.environment, stdio: ["ignore", "ignore", "inherit"] });
  }
}

/** The environment without what would lead to the person's own agentls or VS Code. */
function inherited() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(AGENTLS|XDG|VSCODE|GIT)_/.test(name)),
  );
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
