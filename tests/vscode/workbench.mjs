/** VS Code's window, as a person sees and uses it. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const SOON = 60_000;
/** So long one of several tries may take. */
const TRY = 5_000;
const LOOK_AGAIN_MS = 100;
/** By then the extension has said that a click was lost. */
const SAID_MS = 300;

/** Where something can be read, for somebody who looks for why a step failed. */
const PLACES = [
  ["dialog", ".monaco-dialog-box"],
  ["notifications", ".notification-list-item"],
  ["quick input", ".quick-input-titlebar, .quick-input-message, .quick-input-list .monaco-list-row"],
  ["side bar", ".sidebar .monaco-list-row, .sidebar .welcome-view-content"],
  ["tabs", ".tab"],
  ["editors", ".editor-instance .view-line"],
  ["terminal", ".terminal-wrapper.active .xterm-rows > div"],
  ["status bar", ".statusbar-item"],
];
const LINES_MOST = 40;

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
      throw new Error(`There is no sign of ${what}.`);
    }
    return found;
  }

  /** Do something until it can be done: what is meant may move, or be drawn anew just then. */
  async again(what, act) {
    for (const end = Date.now() + SOON; ; await pause(LOOK_AGAIN_MS)) {
      try {
        return await act();
      } catch (error) {
        if (Date.now() > end) {
          throw new Error(`There is no sign of ${what}: ${error.message}`);
        }
      }
    }
  }

  /** Do something, again where nothing came of it yet, until something is to be seen. */
  async until(selector, what, act) {
    const found = this.page.locator(selector).first();
    await this.again(what, async () => {
      await act();
      await found.waitFor({ timeout: TRY });
    });
    return found;
  }

  /** Click on a row, again where VS Code lost it: the extension says so then. */
  async clicked(what, act) {
    const missed = this.page.locator('.notifications-toasts .notification-list-item:has-text("Click again.")');
    await this.again(what, async () => {
      await act();
      if (await missed.waitFor({ timeout: SAID_MS }).then(() => true, () => false)) {
        await this.command("Notifications: Clear All Notifications");
        throw new Error("the row was drawn anew at each click");
      }
    });
  }

  async gone(selector, timeout = SOON) {
    await this.page.locator(selector).first().waitFor({ state: "hidden", timeout });
  }

  /** Run a command from the palette. */
  async command(title) {
    const row = `.quick-input-list .monaco-list-row.focused >> text=${title}`;
    const input = this.page.locator(".quick-input-widget input");
    let opened = false;
    await this.until(row, `the command ${title}`, async () => {
      // The palette lists what there was when it was opened: another one finds what came later.
      if (opened && (await input.isVisible())) {
        // Pressed in it, and only in one that was opened here: a terminal would take the key.
        await input.press("Escape", { timeout: TRY });
      }
      opened = true;
      await this.page.keyboard.press("F1");
      await this.see(".quick-input-widget input", "the palette");
      await input.fill(`>${title}`, { timeout: TRY });
    });
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
    await this.see(".statusbar >> text=Restricted Mode");
    await this.command("Workspaces: Manage Workspace Trust");
    await this.see(".workspace-trust-editor");
    await this.press("Trust", ".workspace-trust-editor");
    await this.gone("text=Restricted Mode");
    await this.closeModal();
  }

  /** Close an editor that VS Code shows above all else, where no palette opens. */
  async closeModal() {
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
    const title = '.sidebar .title >> text=/agent tasks/i';
    const icon = this.page.locator('.activitybar li:has(a[class*="view-extension-agentls"])').first();
    await this.until(title, "the view", async () => {
      // A click while it is shown would hide it.
      if (!(await this.page.locator(title).first().isVisible())) {
        await icon.click();
      }
    });
  }

  row(text) {
    return this.page.locator(`.sidebar .pane-body .monaco-list-row:has-text("${text}")`).first();
  }

  /** Wait for a row of the tree that tells this. */
  async seeRow(text, timeout) {
    return this.see(`.sidebar .pane-body .monaco-list-row:has-text("${text}")`, `the row ${text}`, timeout);
  }

  /** Open a row's context menu; one that is open is closed before. */
  async openMenu(text) {
    const open = this.page.locator(".monaco-menu").first();
    if (await open.isVisible()) {
      await this.page.keyboard.press("Escape");
      await this.gone(".monaco-menu", TRY);
    }
    await (await this.seeRow(text, TRY)).click({ button: "right", timeout: TRY });
    await open.waitFor({ timeout: TRY });
    // Rows move when a task changes: it may be another one's menu, or that of the state before.
    await this.see(`.sidebar .pane-body .monaco-list-row.focused:has-text("${text}")`, `the menu of ${text}`, TRY);
  }

  /** Give what a row's context menu offers. */
  async entries(text) {
    await this.again(`the menu of ${text}`, () => this.openMenu(text));
    const entries = await this.page.locator(".monaco-menu .action-label").allTextContents();
    await this.page.keyboard.press("Escape");
    await this.gone(".monaco-menu");
    return entries.filter(Boolean);
  }

  /** Choose an entry of a row's context menu. */
  async menu(text, entry) {
    const there = this.page.locator(`.monaco-menu .action-item:has-text("${entry}")`).first();
    const ready = `.monaco-menu .action-item.focused:has-text("${entry}")`;
    await this.clicked(`the entry ${entry} of ${text}`, async () => {
      await this.until(ready, `the entry ${entry} of ${text}`, async () => {
        await this.openMenu(text);
        // Not by a click: right after a menu was opened VS Code takes that for the end of the first.
        await there.hover({ timeout: TRY });
      });
      await this.page.keyboard.press("Enter");
      await this.gone(".monaco-menu");
    });
  }

  /** Press the button of a row that shows when the mouse is over it. */
  async inline(text, action) {
    await this.clicked(`the button ${action} of ${text}`, async () => {
      const row = await this.seeRow(text, TRY);
      await row.hover({ timeout: TRY });
      await row.locator(`.actions .action-label[aria-label^="${action}"]`).click({ timeout: TRY });
    });
  }

  /** Fold a row of the tree out, or in again. */
  async expand(text) {
    const row = await this.seeRow(text);
    const before = await row.getAttribute("aria-expanded");
    const turned = row.and(this.page.locator(`[aria-expanded="${before !== "true"}"]`));
    await this.again(`${text} folded`, async () => {
      // A row that is drawn again just then doesn't get the click.
      if ((await turned.count()) === 0) {
        await row.locator(".monaco-tl-twistie").click({ timeout: TRY });
      }
      await turned.waitFor({ timeout: TRY });
    });
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

  /** Comment on the line of a side of the diff, the right-hand one by itself, that has the text. */
  async commentOn(text, comment, side = ".editor.modified") {
    const line = await this.see(`.multiDiffEntry ${side} .view-line:has-text("${text}")`);
    const glyph = await this.see(`.multiDiffEntry ${side} .comment-range-glyph`);
    const [at, row] = [await glyph.boundingBox(), await line.boundingBox()];
    await this.page.mouse.move(at.x + at.width / 2, row.y + row.height / 2, { steps: 5 });
    await this.see(`.multiDiffEntry ${side} .comment-range-glyph.line-hover`);
    await this.page.mouse.down();
    await this.page.mouse.up();
    await this.see(".review-widget .monaco-editor");
    await this.page.keyboard.type(comment);
    await this.press("Add Comment", ".review-widget");
  }

  /** Press a button of a comment, which shows when the mouse is over it. */
  async onComment(text, action) {
    const comment = await this.see(`.review-comment:has-text("${text}")`);
    await comment.hover();
    await comment.locator(`.action-label[aria-label^="${action}"]`).first().click();
  }

  /** Press a button of the title of the only thread. */
  async onThread(action) {
    await (await this.see(`.review-widget .head .action-label[aria-label="${action}"]`)).click();
  }

  /** Open the only thread, which is folded. */
  async expandThread(text) {
    await (await this.see(".comment-range-glyph.comment-thread, .comment-thread-unresolved, .comment-thread")).click();
    await this.see(`.review-comment >> text=${text}`);
  }

  async press(button, within = ".notifications-toasts") {
    await this.page.locator(`${within} .monaco-button:has-text("${button}")`).first().click();
  }

  /** What can be read in the window, part by part. */
  async screen() {
    const shown = await this.page.evaluate((places) => {
      const text = (element) => element.innerText.replaceAll("\u00a0", " ").replace(/\s*\n\s*/g, " | ").trim();
      return places.map(([name, selector]) => {
        const visible = [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility());
        return [name, visible.map(text).filter(Boolean)];
      });
    }, PLACES);
    return shown
      .filter(([, lines]) => lines.length > 0)
      .map(([name, lines]) => [`  ${name}:`, ...lines.slice(0, LINES_MOST)].join("\n    "))
      .join("\n");
  }

  async picture(name) {
    const path = join(this.pictures, `${String(++this.taken).padStart(2, "0")}-${name}.png`);
    await this.page.screenshot({ path });
  }
}
