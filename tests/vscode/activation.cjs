/**
 * Prints what the extension itself does of its activation, in ms of a processor: reading
 * its bundle and `activate()`. `node activation.cjs BUNDLE`
 */

const Module = require("node:module");
const { resolve } = require("node:path");

/** Stands for all of VS Code's interface: whatever is called or asked for takes no time. */
const anything = new Proxy(function () {}, {
  get: (_, name) => (name === "then" ? undefined : name === Symbol.iterator ? () => [].values() : name === Symbol.toPrimitive ? () => "" : anything),
  apply: () => anything,
  construct: () => anything,
  set: () => true,
  // What esbuild makes of a module has the module's properties from there.
  getPrototypeOf: () => anything,
});
const load = Module._load;
Module._load = (name, ...rest) => (name === "vscode" ? anything : load(name, ...rest));

const used = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
// VS Code's own process has these already.
for (const name of ["child_process", "fs/promises", "os", "path", "util"]) {
  require(`node:${name}`);
}
const before = used();
const { activate } = require(resolve(process.argv[2]));
const read = used();
activate(anything);
console.log(JSON.stringify({ read: read - before, activated: used() - read }));
process.exit();
