/** VS Code's window, as a person sees and uses it. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";

export const SOON = 20_000;

export class Workbench {
  constructor(page, { pictures }) {
    this.page = page;
    this.pictures = pictures;
    this.taken = 0;
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
    await this.page.keyboard.press("F1");
    const input = await this.see(".quick-input-widget input");
    await input.fill(`>${title}`);
    await this.see(`.quick-input-list .monaco-list-row.focused >> text=${title}`, `the command ${title}`);
    await this.page.keyboard.press("Enter");
  }

  /** Answer one step of a quick input. */
  async answer(title, text) {
    await this.see(`.quick-input-widget >> text=${title}`, `the step ${title}`);
    if (text !== undefined) {
      await this.page.locator(".quick-input-widget input").fill(text);
    }
    await this.page.keyboard.press("Enter");
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
  async seeTerminal(text) {
    await this.see(".terminal-wrapper.active .xterm-screen", "the terminal");
    await this.page.waitForFunction(
      (wanted) => document.querySelector(".terminal-wrapper.active .xterm-rows")?.textContent.replaceAll("\u00a0", " ").includes(wanted),
      text,
      { timeout: SOON },
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
