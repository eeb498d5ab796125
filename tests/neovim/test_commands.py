"""The commands that the other tests don't come by."""

from pathlib import Path

from neovim_driver import Neovim


def test_a_selection_is_quoted_with_its_place(open_neovim, home):
    neovim = open_neovim("code.lua")
    neovim.keys("jVj:AgentTask new agent=shell<CR>")
    neovim.until_screen("`code.lua:2-3`:", "local b = 2", "-- INSERT --")
    neovim.keys("true<Esc>jdG:w<CR>")
    neovim.until_screen("is ready for review: true")
    assert "true" in home.agentls("ls").stdout


def test_a_prompt_that_is_refused_comes_back(neovim: Neovim):
    neovim.command("AgentTask new agent=nonsense")
    neovim.until_screen("New task in project", "-- INSERT --")
    neovim.keys("Do not lose me.<Esc>:wq<CR>")
    neovim.until_screen("nonsense", "Press ENTER")
    neovim.keys("<CR>")
    neovim.until_screen("Do not lose me.")
    assert neovim.lua("return vim.bo.modified")


def test_the_agent_is_told_more(neovim: Neovim, start):
    task = start("true", "--wait")
    neovim.command(f"AgentTask send {task} echo told > told.txt")
    neovim.until_screen(f"{task} was told")
    neovim.command("AgentTask")
    neovim.until_screen("Ready for review", "+1 -0")


def test_a_tab_page_opens_in_the_worktree_and_commands_mean_its_task(
    neovim: Neovim, start
):
    task = start("echo here > here.txt", "--wait")
    neovim.command(f"AgentTask cd {task}")
    neovim.until_screen("This tab page is in")
    neovim.command("edit here.txt")
    neovim.until_screen("here")
    neovim.command("AgentTask discard")
    neovim.until_screen(f"{task} is discarded.")


def test_what_was_printed_can_be_read(neovim: Neovim, start):
    task = start("printf '\\033[31mred\\033[0m\\n'; seq 5", "--wait")
    neovim.command(f"AgentTask log {task}")
    neovim.until_screen("red", "5")
    assert neovim.lua("return vim.fn.getline(1)") == "red"


def test_agents_are_listed(neovim: Neovim):
    neovim.command("AgentTask agents")
    neovim.until_screen("shell", "not installed")


def test_a_task_is_chosen_where_none_is_named(neovim: Neovim, start):
    task = start("true", "--wait", title="The only one")
    neovim.command("AgentTask discard")
    neovim.until_screen("Discard which task?", f"1: {task}", "The only one")
    neovim.keys("1<CR>")
    neovim.until_screen(f"{task} is discarded.")


def test_conflicts_are_forecast(neovim: Neovim, start):
    one = start("echo one > plain.txt", "--wait", title="The one")
    two = start("echo two > plain.txt", "--wait", title="The other")
    neovim.command("AgentTask forecast")
    screen = neovim.until_screen("The one", "The other", "clean with main")
    assert f"conflicts with {two}" in screen
    assert f"conflicts with {one}" in screen


def test_a_train_is_shown_and_merged_by_a_key(neovim: Neovim, start, home, git):
    one = start("echo one > plain.txt", "--wait", title="The one")
    two = start("echo two > plain.txt", "--wait", title="The other")
    three = start("echo three > three", "--wait", title="The third")
    (home.path / "config" / "config.toml").write_text(
        "[checks.tests]\nrun = '! test -e three'\n"
    )
    neovim.command("AgentTask train")
    screen = neovim.until_screen("To main", "The one: goes in", "fails: `agentls logs")
    assert f"{two}  The other: stays behind. It conflicts with {one}" in screen
    assert f"{three}  The third: stays behind. With it, the check tests" in screen
    neovim.keys("/third<CR>l")
    neovim.until_screen("! test -e three")
    neovim.keys(":q<CR>m")
    neovim.until_screen("1 merged into main, in one step.", "The one: merged as")
    repository = home.path.parent / "project"
    assert git(repository, "show", "main:plain.txt") == "one"


def test_a_worktree_is_brought_back_to_a_checkpoint(neovim: Neovim, start, home):
    task = start("echo one > one.txt", "--wait")
    home.agentls("send", task, "echo two > two.txt")
    home.agentls("wait", task)
    neovim.command(f"AgentTask checkpoints {task}")
    neovim.until_screen("Bring the worktree back", "2: ")
    neovim.keys("2<CR>")
    neovim.until_screen("is back at checkpoint 1.")


def test_what_the_repository_would_run_is_shown_before_it_is_trusted(
    neovim: Neovim, repository: Path, git
):
    (repository / ".agentls.toml").write_text('setup = ["touch was-set-up"]\n')
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "config")
    neovim.command("AgentTask new agent=shell true")
    neovim.until_screen("touch was-set-up", "Allow it?", "1: allow")
    neovim.keys("1<CR>")
    neovim.until_screen("is ready for review")


def test_a_killed_daemon_is_not_noticed(neovim: Neovim, start, home):
    task = start("while read line; do echo you said $line; done")
    neovim.command(f"AgentTask open {task}")
    neovim.until_screen("-- TERMINAL --")
    home.agentls("daemon", "stop")
    start("true", "--wait", title="Made meanwhile")
    neovim.keys("still there<CR>")
    neovim.until_screen("you said still there")
    neovim.keys("<C-\\><C-n>")
    neovim.command("AgentTask")
    neovim.until_screen("Made meanwhile")


def test_a_killed_server_is_started_again(neovim: Neovim, start):
    start("true", "--wait", title="Before")
    neovim.command("AgentTask")
    neovim.until_screen("Before")
    first = neovim.lua(
        "local c = vim.lsp.get_clients({ name = 'agentls' })[1]"
        " c.rpc.terminate() return c.id"
    )
    start("true", "--wait", title="After")
    neovim.until_screen("Before", "After")
    assert neovim.lua("return vim.lsp.get_clients({ name = 'agentls' })[1].id") != first


def test_it_is_told_once_when_a_task_is_done_and_not_when_that_is_switched_off(
    neovim: Neovim, start
):
    neovim.lua(
        "require('agentls').setup({ start = true, notify = { failed = false } })"
    )
    neovim.until_lua("return require('agentls.store').is_listed()")
    neovim.lua(
        "_G.said = {} vim.notify = function(text) table.insert(_G.said, text) end"
    )
    failed = start("false", title="One")
    done = start("true", title="Two")
    neovim.until_lua("return #_G.said > 0")
    neovim.until_lua(
        "local t = require('agentls').task(...) return t and t.state == 'failed'",
        failed,
    )
    assert neovim.lua("return _G.said") == [f"{done} is ready for review: Two"]


def test_a_task_gets_another_title(neovim: Neovim, start):
    task = start("true", "--wait", title="Before")
    neovim.command(f"AgentTask rename {task} Another title")
    neovim.until_screen(f"{task} is now: Another title")


def test_one_prompt_is_given_to_an_agent_twice(neovim: Neovim):
    neovim.command("AgentTask race agents=shell tries=2 true")
    neovim.until_screen("These race: ", "Merging one discards the rest")
    neovim.until_lua("return #require('agentls').tasks() == 2")


def test_a_checklist_becomes_tasks_once(open_neovim, repository: Path, git):
    (repository / "todo.md").write_text("- [ ] true\n- [x] false\n- [ ] echo two\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "list")
    neovim = open_neovim("todo.md")
    neovim.command("AgentTask batch agent=shell")
    neovim.until_screen("Open items:", "echo two", "1: make 2 tasks")
    neovim.keys("1<CR>")
    neovim.until_screen("2 tasks were made.")
    neovim.command("AgentTask batch agent=shell")
    neovim.until_screen("There is no open item without a task here.")


def test_a_task_waits_for_another(neovim: Neovim, start):
    first = start("true", "--wait")
    neovim.command(f"AgentTask new agent=shell after={first} label=ui,slow true")
    neovim.until_screen("is queued.")


def test_what_an_agent_asks_is_answered_from_the_list(open_neovim, home, start):
    agent = home.path / "agent.sh"
    agent.write_text(
        "stty -icanon -echo; printf 'Run make all?\\r\\n1. Yes  2. No\\r\\n'\n"
        "key=$(dd bs=1 count=1 2>/dev/null); printf '\\033[H\\033[2J'\n"
        'echo "$key" > answer\n'
    )
    with (home.path / "config" / "config.toml").open("a") as settings:
        settings.write(
            f'[agents.asker]\nbin = "/bin/sh"\nstart = ["{agent}", "{{prompt}}"]\n'
            "[agents.asker.dialogs.run]\n"
            "match = ['Run (?P<command>.+)\\?', '1\\. Yes']\n"
            'kind = "permission"\nreason = "It wants to run {command}"\n'
            'choices.allow = { keys = "1" }\nchoices.deny = { keys = "2" }\n'
        )
    neovim = open_neovim()
    neovim.command("AgentTask list")
    start("anything", agent="asker")
    neovim.until_screen("Needs you (1)", "It wants to run make all")
    neovim.keys("i")
    neovim.until_screen("1: allow", "2: deny")
    neovim.keys("1<CR>")
    neovim.until_screen("was answered", without=["Needs you"])
    neovim.until_screen("Ready for review (1)")


def test_the_report_of_a_day_opens_in_the_browser(neovim: Neovim, start, home):
    start("echo work > work.txt", "--wait", title="Worked on")
    browser = home.path / "bin" / "xdg-open"
    browser.parent.mkdir()
    browser.write_text(f"#!/bin/sh\ncp \"$1\" '{home.path}/seen.new'\n")
    browser.chmod(0o755)
    neovim.lua("vim.env.PATH = ... .. ':' .. vim.env.PATH", str(browser.parent))
    neovim.command("AgentTask report today")
    neovim.until_screen("The report is")
    neovim.until((home.path / "seen.new").exists)
    assert "Worked on" in (home.path / "seen.new").read_text()
    neovim.command("AgentTask report someday")
    neovim.until_screen('"someday" is no day')


def test_a_script_runs_beside_the_agent_and_is_shown(neovim: Neovim, start, home):
    (home.path / "config").mkdir(exist_ok=True)
    (home.path / "config" / "config.toml").write_text(
        "[run.serve]\nrun = 'echo serving at $AGENTLS_PORT_BASE; read line'\n"
    )
    task = start("true", "--wait")
    neovim.command(f"AgentTask script {task}")
    neovim.until_screen("serving at 2")
    neovim.keys("<C-\\><C-n>")
    neovim.command(f"AgentTask! script {task} serve")
    neovim.until_screen(f"serve of {task} was stopped.")


def test_a_templates_fields_are_asked_for(neovim: Neovim, home):
    (home.path / "config").mkdir(exist_ok=True)
    (home.path / "config" / "config.toml").write_text(
        "[templates.say]\nprompt = 'echo {what} > said'\nagent = 'shell'\n"
        "[templates.say.fields]\nwhat = { ask = 'Say what?' }\n"
    )
    neovim.command("AgentTask new template=say")
    neovim.until_screen("Say what?")
    neovim.keys("filled in<CR>")
    neovim.until_screen("is ready for review: echo filled in")
