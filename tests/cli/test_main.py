"""How the command line ends, and how little it imports."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from agentls.cli.main import cli
from agentls.cli.statuses import (
    EPILOGUE,
    DaemonUnreachable,
    Status,
    TaskFailed,
    status_of,
)
from agentls.errors import AgentlsError, Internal, kinds


def test_every_status_that_an_error_can_have_is_documented():
    documented = {
        int(found) for found in re.findall(r"^  (\d+) ", EPILOGUE, re.MULTILINE)
    }
    assert {status_of(cls("")) for cls in kinds().values()} <= documented
    assert set(Status) - {Status.BROKEN_PIPE} <= documented


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AgentlsError("x"), 1),
        (Internal("x"), 1),
        (DaemonUnreachable("x"), 7),
        (TaskFailed("x"), 8),
    ],
)
def test_errors_of_the_command_line_have_their_status(error: AgentlsError, status: int):
    assert status_of(error) == status


def test_its_own_errors_take_no_kind_of_the_protocol():
    assert kinds()["internal"] is Internal


def test_wrong_usage_is_2(user: Any):
    assert "No such command" in user.call("nope", status=2)
    assert "Missing argument" in user.call("show", status=2)


def test_an_unreachable_daemon_is_7(user: Any):
    state = user.folder / "state"
    state.rmdir()
    state.write_text("a file, where the folder should be")
    said = user.call("ls", status=7)
    assert "Traceback" not in said
    state.unlink()


def test_help_names_every_command(user: Any):
    said = user.call("--help")
    assert "Exit statuses:" in said
    assert {"run", "ls", "attach", "merge", "daemon", "demo"} <= set(said.split())


def test_ctrl_c_ends_with_130_and_without_a_traceback(user: Any):
    terminal = user.terminal(
        "run", "--agent", "shell", "--wait", "echo x; while :; do sleep 0.05; done"
    )
    terminal.see("is working")
    terminal.type("\x03")
    assert terminal.end() == 130
    assert "Traceback" not in terminal.output.decode()


@pytest.mark.parametrize("command", ["ls", "show", "attach", "run", "diff"])
def test_the_everyday_commands_import_little(user: Any, command: str):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "agentls", command, "--help"],
        env=user.environment,
        capture_output=True,
        timeout=60,
        check=True,
        text=True,
    )
    imported = set(re.findall(r"\| +([\w.]+)$", done.stderr, re.MULTILINE))
    assert "click" in imported
    heavy = {"pygls", "lsprotocol", "cattrs", "git", "asyncio", "rich", "agentls.core"}
    assert not imported & heavy
    if command == "ls":
        assert not imported & {"attr", "attrs"}


def test_the_docs_describe_every_command_and_option():
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    with click.Context(cli) as ctx:
        for name in cli.list_commands(ctx):
            assert f"`agentls {name}" in page, name
            command = cli.get_command(ctx, name)
            assert command is not None
            for param in filter(_is_option, command.params):
                assert any(option in page for option in param.opts), (name, param)


def test_the_docs_describe_every_exit_status():
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    numbers = re.findall(r"^\| (\d+) \|", page, re.MULTILINE)
    assert {int(number) for number in numbers} == set(Status)


def _is_option(param: click.Parameter) -> bool:
    return isinstance(param, click.Option)


@pytest.mark.parametrize(("typed", "meant"), [("list", "ls"), ("atach", "attach")])
def test_a_mistyped_command_is_told_what_may_be_meant(
    user: Any, typed: str, meant: str
):
    assert f"Is it `{meant}`?" in user.call(typed, status=2)


def test_what_is_like_no_command_is_not_guessed(user: Any):
    assert "Is it" not in user.call("xyzzy", status=2)


def test_every_command_is_told_in_one_whole_line_of_80_columns(user: Any):
    said = user.call("--help", COLUMNS="80")
    commands = said.partition("Commands:")[2].partition("Exit statuses:")[0]
    assert "..." not in commands
