/** A person's day with the extension, in a real VS Code. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { Stage } from "./stage.mjs";
import { Workbench } from "./workbench.mjs";

const [installation, vsix, pictures] = process.argv.slice(2);
const { chromium } = createRequire(join(installation, "package.json"))("playwright-core");

const stage = new Stage({ installation, vsix });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
const bench = new Workbench(page, { pictures });

async function step(name, act) {
  const begun = Date.now();
  await act();
  console.log(`ok   ${name} (${Date.now() - begun} ms)`);
}

try {
  const address = await stage.start();
  await step("the extension starts its own server in a restricted window", async () => {
    await bench.open(address);
    await bench.view();
    await bench.see("text=Manage Workspace Trust");
    await bench.picture("restricted");
  });
  await step("trust opens the way for tasks", async () => {
    await bench.press("Manage Workspace Trust", ".pane-body");
    await bench.see(".workspace-trust-editor");
    await page.locator('.workspace-trust-editor .monaco-button:has-text("Trust")').first().click();
    await bench.view();
    await bench.picture("trusted");
  });
} catch (error) {
  console.error(`FAILED: ${error.stack}`);
  await bench.picture("failed");
  process.exitCode = 1;
} finally {
  await browser.close();
  stage.end();
}
