"""The person's own files: which of their lines tasks change as well."""

from pathlib import Path

from neovim_driver import Neovim

HINTS = (
    "return vim.iter(vim.diagnostic.get(0)):map(function(found)"
    " return ('%d %s'):format(found.lnum, found.message) end):totable()"
)
ATTACHED = "return #vim.lsp.get_clients({ bufnr = 0, name = 'agentls' })"


def test_a_line_that_a_task_changes_too_has_a_hint_while_the_task_is_open(
    neovim: Neovim, start, home
):
    neovim.command("edit plain.txt")
    neovim.until_screen("three")
    assert not neovim.lua("return #vim.lsp.get_clients()")  # nobody asked for it yet
    neovim.lua("require('agentls').start()")
    task = start("echo mine > plain.txt", "--wait", title="Write it anew")
    found = neovim.until_lua(
        f"local found = (function() {HINTS} end)() return #found > 0 and found"
    )
    assert found == [f"0 Task {task} changes these lines too: Write it anew"]
    home.agentls("discard", task)
    neovim.until_lua("return #vim.diagnostic.get(0) == 0")


def test_a_file_opened_later_has_them_and_again_after_the_server_ended(
    neovim: Neovim, start
):
    start("echo mine > plain.txt", "--wait")
    neovim.command("AgentTask list")
    neovim.until_screen("Ready for review (1)")
    neovim.command("quit")
    neovim.command("edit plain.txt")
    neovim.until_lua("return #vim.diagnostic.get(0) == 1")
    neovim.lua(
        "before = vim.lsp.get_clients()[1].id vim.lsp.get_clients()[1]:stop(true)"
    )
    neovim.until_lua(
        "local client = vim.lsp.get_clients({ bufnr = 0, name = 'agentls' })[1]"
        " return client and client.id ~= before and #vim.diagnostic.get(0) == 1"
    )


def test_other_buffers_are_not_told_to_the_server(
    neovim: Neovim, repository: Path, tmp_path: Path, start
):
    (repository / "large.txt").write_text("a line\n" * 200_000)
    (repository / "old.txt").write_bytes(b"caf\xe9\n")
    (tmp_path / "elsewhere.txt").write_text("x\n")
    task = start("echo mine > plain.txt", "--wait")
    neovim.command("edit plain.txt")
    neovim.command("AgentTask list")
    neovim.until_screen("Ready for review (1)")
    assert neovim.lua(ATTACHED) == 0  # the list itself
    neovim.command("quit")
    neovim.until_lua(f"{ATTACHED} == 1")
    worktree = neovim.lua(
        "return vim.uri_to_fname(require('agentls').task(...).worktree)", task
    )
    for path in (
        tmp_path / "elsewhere.txt",
        repository / "large.txt",
        repository / "old.txt",
        repository / ".git/config",
        Path(worktree, "plain.txt"),
    ):
        neovim.lua("vim.cmd.edit(...)", str(path))
        assert neovim.lua(ATTACHED) == 0, path
    neovim.lua("vim.cmd.edit(...)", str(repository / "a new one.txt"))
    assert neovim.lua(ATTACHED) == 1


def test_they_can_be_switched_off(neovim: Neovim, start):
    start("echo mine > plain.txt", "--wait")
    neovim.lua("require('agentls').setup({ hints = false })")
    neovim.command("edit plain.txt")
    neovim.command("AgentTask list")
    neovim.until_screen("Ready for review (1)")
    neovim.command("quit")
    neovim.command("edit! plain.txt")
    assert neovim.lua(ATTACHED) == 0
