"""The plugin as it is installed: options, finding the program, help and health."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from neovim_driver import Neovim

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "editors" / "neovim"


def test_nothing_but_the_command_is_loaded_at_start_up(neovim: Neovim):
    assert neovim.lua("return vim.fn.exists(':AgentTask')") == 2
    loaded = neovim.lua(
        "return vim.iter(vim.tbl_keys(package.loaded))"
        ":filter(function(name) return vim.startswith(name, 'agentls') end):totable()"
    )
    assert not loaded


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("{ lits = {} }", "there is no option `lits`"),
        ("{ list = { open = 5 } }", "`list.open` must be a string"),
        ("{ notify = { done = true } }", "there is no option `notify.done`"),
        ("{ keys = { list = { merge = true } } }", "`keys.list.merge` must be a key"),
        ("{ cmd = 'agentls' }", "`cmd` must be a list of strings"),
        ("{ start = 'yes' }", "`start` must be a boolean"),
    ],
)
def test_a_wrong_option_is_named(neovim: Neovim, options: str, message: str):
    told = neovim.lua(
        f"local ok, err = pcall(require('agentls').setup, {options})"
        " return not ok and (type(err) == 'table' and err.message or err)"
    )
    assert message in told


def test_keys_can_be_changed_and_taken_off(neovim: Neovim):
    neovim.lua(
        "require('agentls')"
        ".setup({ keys = { list = { close = 'X', discard = false } } })"
    )
    neovim.command("AgentTask")
    neovim.until_screen("No tasks.")
    maps = neovim.lua(
        "return vim.tbl_map(function(m) return m.lhs end,"
        " vim.api.nvim_buf_get_keymap(0, 'n'))"
    )
    assert "X" in maps
    assert "D" not in maps
    neovim.keys("X")
    neovim.until(lambda: "No tasks." not in neovim.screen())


def test_without_the_program_it_says_how_to_get_it(open_neovim, tmp_path: Path):
    copy = tmp_path / "plugin"
    shutil.copytree(PLUGIN, copy)
    neovim = open_neovim(
        "--cmd", f"set runtimepath^={copy}", environ={"PATH": "/usr/bin:/bin"}
    )
    neovim.command("AgentTask new agent=shell true")
    neovim.until_screen("There is no agentls program", "Install it")
    neovim.keys("<CR>")
    neovim.command("checkhealth agentls")
    neovim.until_screen("ERROR", "There is no agentls program")


def test_the_checkouts_own_program_is_found_without_a_path(open_neovim):
    neovim = open_neovim(environ={"PATH": "/usr/bin:/bin"})
    neovim.command("checkhealth agentls")
    neovim.until_screen("from the checkout of the plugin", "agentls 0.1.0")


def test_what_the_readme_says_is_all_that_it_takes(home, repository: Path):
    readme = (ROOT / "README.md").read_text()
    snippet = re.search(r"```lua\n(-- plain runtimepath.*?)```", readme, re.DOTALL)
    assert snippet
    (home.path / "agentls").symlink_to(ROOT)
    config = home.path / ".config" / "nvim"
    config.mkdir(parents=True)
    (config / "init.lua").write_text(snippet[1])
    nvim = Path(sys.executable).with_name("nvim")
    environ = dict(home.environ) | {"PATH": "/usr/bin:/bin"}
    neovim = Neovim(nvim, environ=environ, cwd=repository)
    try:
        neovim.command("AgentTask new agent=shell echo hello > new.txt")
        neovim.command("AgentTask")
        neovim.until_screen("Ready for review (1)")
    finally:
        neovim.close()


def test_an_unknown_subcommand_is_refused_with_those_there_are(neovim: Neovim):
    neovim.command("AgentTask nonsense")
    neovim.until_screen("There is no `:AgentTask nonsense`", "There are: new, list")


def test_subcommands_options_and_ids_are_completed(neovim: Neovim, start, home):
    task = start("true")
    home.agentls("wait", task)  # until then it can't be merged
    complete = "return vim.fn.getcompletion('AgentTask ' .. ..., 'cmdline')"
    assert neovim.lua(complete, "resu") == ["resume"]
    assert neovim.lua(complete, "merge ") == [task]
    assert neovim.lua(complete, "restore ") == []
    assert neovim.lua(complete, "new agent=sh") == ["agent=shell"]
    bases = neovim.lua(complete, "new base=")
    assert bases[:1] == ["base=wip"]
    assert "base=main" in bases
    assert neovim.lua(complete, "new ti") == ["title="]


def test_the_help_has_every_command_and_no_tag_twice(home, tmp_path: Path):
    doc = tmp_path / "doc"
    shutil.copytree(PLUGIN / "doc", doc)
    nvim = Path(sys.executable).with_name("nvim")
    done = subprocess.run(
        [nvim, "--headless", "-u", "NONE", "-c", f"helptags {doc}", "-c", "q"],
        env=dict(home.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    tags = {line.split("\t")[0] for line in (doc / "tags").read_text().splitlines()}
    names = {file.stem for file in (PLUGIN / "lua/agentls/commands").glob("*.lua")}
    assert {f":AgentTask-{name}" for name in names - {"init"}} <= tags
    text = (doc / "agentls.txt").read_text()
    for link in re.findall(r"\|((?:agentls|:AgentTask)[^|]*)\|", text):
        assert link in tags


def test_a_bug_is_shown_with_its_trace(neovim: Neovim):
    neovim.lua("require('agentls.async').run(function() local x = nil + 1 end)")
    neovim.until_screen("attempt to perform arithmetic", "stack traceback")
