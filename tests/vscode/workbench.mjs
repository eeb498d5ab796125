/** VS Code's window, as a person sees and uses it. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";

export const SOON = 60_000;

export class Workbench {
  constructor(page, { pictures }) {
    this.page = page;
    this.pictures = pictures;
    this.taken = 0;
    page.setDefaultTimeout(SOON);
    mkdirSync(pictures, { recursive: true });
  }

  async open(address) {
    await this.page.goto(address);
    await this.ready();
  }

  async ready() {
    await this.page.waitForSelector(".monaco-workbench .statusbar", { timeout: 60_000 });
    await this.see(".statusbar-item >> text=/^\\s*\\d+\\s*\\d+$/", "the item in the status bar");
  }

  /** Load the window anew, as a person does: what VS Code wants to keep is kept. */
  async reload() {
    const loaded = this.page.waitForEvent("load", { timeout: SOON });
    await this.command("Developer: Reload Window");
    await loaded;
    await this.ready();
  }

  /** Wait until something is to be seen. */
  async see(selector, what = selector, timeout = SOON) {
    const found = this.page.locator(selector).first();
    try {
      await found.waitFor({ state: "visible", timeout });
    } catch {
      await this.picture(`missing`);
      throw new Error(`There is no sign of ${what}.`);
    }
    return found;
  }

  async gone(selector, timeout = SOON) {
    await this.page.locator(selector).first().waitFor({ state: "hidden", timeout });
  }

  async command(title) {
    await this.palette(`>${title}`);
    await this.see(`.quick-input-list .monaco-list-row.focused >> text=${title}`, `the command ${title}`);
    await this.page.keyboard.press("Enter");
  }

  /** Write into the palette; open it again where something else took the focus. */
  async palette(text) {
    for (let tries = 5; ; tries--) {
      await this.page.keyboard.press("F1");
      const input = await this.see(".quick-input-widget input");
      try {
        await input.fill(text, { timeout: SOON / 12 });
        return;
      } catch (error) {
        if (tries === 0) {
          throw error;
        }
      }
    }
  }

  /** Answer one step of a quick input. */
  async answer(title, text) {
    await this.see(`.quick-input-widget >> text=${title}`, `the step ${title}`);
    if (text !== undefined) {
      await this.page.locator(".quick-input-widget input").fill(text);
    }
    await this.page.keyboard.press("Enter");
  }

  /** Ask for a task, with the answers of the time before. */
  async newTask(prompt) {
    await this.command("Agent Tasks: New Agent Task");
    await this.answer("New Agent Task (1/3)", prompt);
    await this.answer("New Agent Task (2/3)");
    await this.answer("New Agent Task (3/3)");
  }

  /** Choose the item of a quick pick that has the text. */
  async choose(text) {
    const row = await this.see(`.quick-input-list .monaco-list-row:has-text("${text}")`, `the choice ${text}`);
    await row.click();
  }

  async openFile(name) {
    await this.page.keyboard.press("Control+p");
    await (await this.see(".quick-input-widget input")).fill(name);
    await this.see(`.quick-input-list .monaco-list-row.focused >> text=${name}`);
    await this.page.keyboard.press("Enter");
  }

  /** Trust the window's folders. */
  async trust() {
    await this.command("Workspaces: Manage Workspace Trust");
    await this.see(".workspace-trust-editor");
    await this.press("Trust", ".workspace-trust-editor");
    await this.gone("text=Restricted Mode");
    await this.page.locator(".monaco-modal-editor-block .codicon-close").first().click();
    await this.gone(".monaco-modal-editor-block");
  }

  /** Begin anew: no notifications, no editors. */
  async tidy() {
    await this.command("Notifications: Clear All Notifications");
    await this.command("View: Close All Editors");
    await this.gone(".tab");
  }

  /** Put the cursor into a line of the editor in front. */
  async cursorIn(text, side = ".editor.modified") {
    await (await this.see(`${side} .view-line:has-text("${text}")`)).click();
  }

  async view() {
    await this.page.locator('.activitybar li:has(a[class*="view-extension-agentls"])').first().click();
    await this.see('.sidebar .title >> text=/agent tasks/i', "the view");
  }

  row(text) {
    return this.page.locator(`.pane-body .monaco-list-row:has-text("${text}")`).first();
  }

  /** Wait for a row of the tree that tells this. */
  async seeRow(text, timeout) {
    return this.see(`.pane-body .monaco-list-row:has-text("${text}")`, `the row ${text}`, timeout);
  }

  /** Wait until the terminal in front shows a line. */
  async seeTerminal(text, timeout = SOON) {
    await this.see(".terminal-wrapper.active .xterm-screen", "the terminal");
    await this.page.waitForFunction(
      (wanted) => document.querySelector(".terminal-wrapper.active .xterm-rows")?.textContent.replaceAll("\u00a0", " ").includes(wanted),
      text,
      { timeout },
    );
  }

  terminalText() {
    return this.page.evaluate(() =>
      document.querySelector(".terminal-wrapper.active .xterm-rows").textContent.replaceAll("\u00a0", " "),
    );
  }

  async notified(text) {
    return this.see(`.notifications-toasts .notification-list-item:has-text("${text}")`, `the notification ${text}`);
  }

  /** Comment on the line of the diff's right-hand side that has the text. */
  async commentOn(text, comment) {
    const line = await this.see(`.multiDiffEntry .editor.modified .view-line:has-text("${text}")`);
    const glyph = await this.see(".multiDiffEntry .editor.modified .comment-range-glyph");
    const [at, row] = [await glyph.boundingBox(), await line.boundingBox()];
    await this.page.mouse.move(at.x + at.width / 2, row.y + row.height / 2, { steps: 5 });
    await this.see(".multiDiffEntry .editor.modified .comment-range-glyph.line-hover");
    await this.page.mouse.down();
    await this.page.mouse.up();
    await this.see(".review-widget .monaco-editor");
    await this.page.keyboard.type(comment);
    await this.press("Add Comment", ".review-widget");
  }

  async press(button, within = ".notifications-toasts") {
    await this.page.locator(`${within} .monaco-button:has-text("${button}")`).first().click();
  }

  async picture(name) {
    const path = join(this.pictures, `${String(++this.taken).padStart(2, "0")}-${name}.png`);
    await this.page.screenshot({ path });
  }
}
