"""The list of tasks, as it is drawn."""

import os
from pathlib import Path

import pytest

from neovim_driver import Neovim


def test_it_follows_what_happens_with_no_key_pressed(neovim: Neovim):
    neovim.command("AgentTask list")
    neovim.until_screen("No tasks. :AgentTask new gives an agent one.")
    neovim.lua(
        "require('agentls').request('createTask', {prompt = 'cat; false',"
        " agent = 'shell', uri = vim.uri_from_fname(vim.fn.getcwd())}, function() end)"
    )
    neovim.until_screen("At work (1)", "working", "cat; false")
    neovim.keys("<CR>")
    neovim.until_screen("-- TERMINAL --")
    neovim.keys("<C-d>")
    neovim.until_screen("Needs you (1)", "failed", without=["At work"])


def test_a_key_works_on_the_task_of_its_line_and_the_cursor_stays_on_it(
    neovim: Neovim, start
):
    first, second = start("cat # one"), start("cat # two")
    neovim.command("AgentTask list")
    neovim.until_screen("At work (2)")
    neovim.keys(f"/{first}<CR>S")
    neovim.until_screen("Ready for review (1)", "At work (1)")
    assert neovim.lua("return require('agentls.list').under_cursor()") == first
    neovim.keys("D")
    neovim.until_screen("At work (1)", without=["Ready for review"])
    neovim.keys("A")
    neovim.until_screen("Done (1)", "discarded")
    neovim.keys(f"gg/{first}<CR>U")
    neovim.until_screen("Ready for review (1)", without=["Done"])
    assert second in neovim.screen()


def test_its_keys_are_shown_by_one_of_them(neovim: Neovim):
    neovim.command("AgentTask list")
    neovim.until_screen("No tasks.")
    neovim.keys("g?")
    neovim.until_screen("q     close", "m     merge", "A     show merged and discarded")
    neovim.keys("<CR>")


def test_titles_of_any_kind_take_one_line_each(neovim: Neovim, start):
    start("true", title="tab\there\x1b[31m 日本 🎉 %s %%")
    neovim.command("AgentTask list")
    screen = neovim.until_screen("Ready for review (1)")
    assert "tab here^[[31m 日本" in screen.replace("  ", " ") or "^[[31m" in screen
    assert neovim.lua("return vim.api.nvim_buf_line_count(0)") == 2
    assert not neovim.lua("return vim.v.errmsg")


def test_a_status_line_says_how_many_need_whom(neovim: Neovim, start):
    assert not neovim.lua("return require('agentls').status()")
    neovim.lua("require('agentls').start()")
    start("false")
    start("true")
    start("cat")
    neovim.until_lua("return require('agentls').status() == '!1 ✓1 ▸1'")


def test_it_says_what_came_of_the_checks(neovim: Neovim, repository: Path, start, home):
    (repository / ".agentls.toml").write_text(
        '[checks.good]\nrun = "true"\n[checks.bad]\nrun = "false"\n'
    )
    home.agentls("trust", "--allow", cwd=repository)
    task = start("echo x >> plain.txt")
    neovim.command("AgentTask")
    neovim.until_screen("✗ bad", "Ready for review")
    neovim.keys("m")
    neovim.until_screen("bad", "Press ENTER")
    neovim.keys("<CR>")
    neovim.command(f"AgentTask merge force=yes {task}")
    neovim.until_screen("is merged into main")


def test_a_thousand_tasks_are_drawn(neovim: Neovim):
    neovim.lua("require('agentls.list').open()")
    took = neovim.lua(
        """
        local tasks, states = {}, { 'waiting', 'review', 'working', 'failed', 'queued' }
        for number = 1, 1000 do
          tasks[number] = {
            id = ('t%03d'):format(number), number = number, rev = number,
            title = 'Do the thing with the number ' .. number, agent = 'shell',
            state = states[number % 5 + 1], why = 'A reason.',
            added = number, deleted = 1,
            repository = 'file:///r/' .. number % 3, worktree = 'file:///w/' .. number,
            created = '2026-01-01T00:00:00Z', changed = '2026-01-01T00:00:00Z',
          }
        end
        require('agentls.store').replace(tasks, 1000)
        local times = {}
        for round = 1, 9 do
          local begun = vim.uv.hrtime()
          require('agentls.list').draw()
          vim.cmd.redraw()
          times[round] = (vim.uv.hrtime() - begun) / 1e6
        end
        table.sort(times)
        return times[5]
        """
    )
    neovim.until_screen("Needs you (400)", "t995   waiting", "+995 -1")
    print(f"1,000 tasks drawn in {took:.1f} ms")


@pytest.mark.full
def test_a_hundred_tasks_begin_and_end_in_it_and_none_is_missing(
    neovim: Neovim, home, repository: Path, say
):
    count = 100 if os.environ.get("AGENTLS_TEST_FULL") else 20
    with (home.path / "config" / "config.toml").open("a") as settings:
        settings.write(f"\n[limits]\nmax_parallel = {count}\n")
    neovim.command("AgentTask list")
    neovim.until_screen("No tasks.")
    neovim.lua(
        """
        local count, folder = ...
        for number = 1, count do
          require('agentls').request('createTask', {
            prompt = 'true # number ' .. number, agent = 'shell',
            uri = vim.uri_from_fname(folder),
          }, function(err) assert(not err, vim.inspect(err)) end)
        end
        """,
        count,
        str(repository),
    )
    for ready in range(10, count + 1, 10):  # a deadline for each ten of them
        neovim.until_lua(
            "local first = vim.api.nvim_buf_get_lines(0, 0, 1, true)[1]"
            " local ready = first:match('^Ready for review %((%d+)%)')"
            " return ready and tonumber(ready) >= ...",
            ready,
        )
    lines = neovim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, true)")
    titles = sorted(int(line.split("# number ")[1].split()[0]) for line in lines[1:])
    assert titles == list(range(1, count + 1)), lines
    say(f"{count} tasks")


def test_children_stand_below_their_parent(neovim: Neovim, start):
    parent = start("cat", title="The parent")
    start("cat", title="Another")
    child = start("cat", "--parent", parent, title="The child")
    neovim.command("AgentTask list")
    screen = neovim.until_screen("At work (3)")
    lines = [line for line in screen.splitlines() if " cat" in line or "shell" in line]
    assert "Another" in lines[0]  # the younger ones first
    assert "The parent" in lines[1]
    assert "└ The child" in lines[2]
    neovim.keys(f"/{child}<CR>S")
    neovim.until_screen("Ready for review (1)", f"↳{parent} The child")
