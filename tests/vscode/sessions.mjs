/** Terminals: typing, resizing, a real terminal beside, ends of all kinds. */

import assert from "node:assert/strict";

export async function sessions({ stage, bench, page, step, figure }) {
  await step("what is typed into the panel is heard, in the panel's size", async () => {
    await bench.newTask("Ask; read");
    await bench.seeTerminal("say>");
    await page.locator(".terminal-wrapper.active .xterm-screen").click();
    await page.keyboard.type("small\n");
    await bench.seeTerminal("heard small in");
    await bench.command("View: Toggle Maximized Panel");
    await page.locator(".terminal-wrapper.active .xterm-screen").click();
    await page.keyboard.type("large\n");
    await bench.seeTerminal("heard large in");
    const text = await bench.terminalText();
    const [small, large] = ["small", "large"].map((word) =>
      Number(new RegExp(`heard ${word} in (\\d+) lines`).exec(text)[1]),
    );
    assert.ok(large > small, `${large} lines after ${small}`);
    await bench.command("View: Toggle Maximized Panel");
  });
  await step("the same session is attached to in a terminal of VS Code's own", async () => {
    await bench.command("Agent Tasks: Attach in Terminal");
    await bench.choose("Ask; read");
    await bench.seeTerminal("heard large in");
    await bench.picture("attached");
    await page.keyboard.type("here\n");
    await bench.seeTerminal("heard here in");
    await page.keyboard.type("\n");
    await bench.notified("“Ask; read” is ready");
    await bench.tidy();
  });
  await step("an agent is stopped; one that fails is tried again", async () => {
    await bench.newTask("Wait; write src/w.txt w; wait never");
    await bench.seeRow("Working");
    await bench.seeTerminal("wrote src/w.txt");
    await bench.command("Agent Tasks: Stop");
    await bench.choose("Wait; write");
    await bench.gone('.pane-body .monaco-list-row:has-text("Working")');
    await bench.newTask("Fail; print 2; fail works");
    await bench.seeRow("Needs You");
    await bench.seeTerminal("agent fails");
    await bench.picture("failed-task");
    stage.letGo("works");
    await bench.command("Agent Tasks: Retry");
    await bench.choose("Fail; print 2");
    await bench.notified("“Fail; print 2; fail works” is ready");
    await bench.tidy();
  });
  await step("an update of the extension harms no session", async () => {
    await bench.newTask("Stay; print 3; wait later; write src/stay.txt here");
    await bench.seeTerminal("line 2 of 3");
    await stage.removeServer();
    process.kill(stage.daemon().pid, "SIGKILL");
    stage.letGo("later");
    await bench.notified("“Stay; print 3");
    await bench.seeTerminal("wrote src/stay.txt");
    stage.install();
    await bench.tidy();
  });
  await step("20 MB of output don't block the extension host", async () => {
    await bench.command("Probe: Begin");
    await bench.newTask("Flood; flood 20");
    await bench.seeTerminal("the flood is over", 120_000);
    await bench.command("Probe: End");
    await bench.tidy();
    const { longest, most } = stage.probed("measured");
    figure("20 MB of output: the extension host stands still for, at most", longest, { below: 50 });
    figure("the same, in 99 of 100", most);
    await bench.tidy();
  });
  await step("a checklist's items become tasks, a race two tasks of one prompt", async () => {
    stage.write("TODO.md", "# To do\n\n- [ ] Item; print 1\n- [ ] Other; print 1\n");
    await bench.openFile("TODO.md");
    await bench.command("Agent Tasks: Run Checklist as Tasks");
    await bench.see(".quick-input-widget >> text=Item; print 1");
    await page.keyboard.press("Enter");
    await bench.seeRow("Item; print 1");
    await bench.seeRow("Other; print 1");
    await bench.command("Agent Tasks: Race Agents");
    await bench.answer("Race Agents (1/2)", "Race; print 1");
    await bench.see(".quick-input-widget >> text=Race Agents (2/2)");
    await page.locator(".quick-input-list .monaco-list-row:has-text('Stub Agent')").first().click();
    await page.locator(".quick-input-widget .monaco-button:has-text('OK')").first().click();
    await bench.seeRow("Race; print 1");
    await bench.picture("race");
    await bench.tidy();
  });
}
