"""`agentls completion`: the shells' completion scripts, and what they complete."""

from typing import Any

import click
from click.shell_completion import get_completion_class

from agentls.cli.command import Command
from agentls.errors import AgentlsError, Internal
from agentls.paths import Paths

__all__ = ["ask_living", "completion", "living_tasks"]

_TIMEOUT = 2.0
"""Seconds: who presses Tab must not wait for a daemon that is busy."""

_WHERE = {
    "bash": 'eval "$(agentls completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(agentls completion zsh)"   # in ~/.zshrc, after compinit',
    "fish": "agentls completion fish | source   # in ~/.config/fish/config.fish",
}


@click.command(
    cls=Command,
    epilog="\b\nUse it with one of:\n  " + "\n  ".join(_WHERE.values()),
)
@click.argument("shell", type=click.Choice(tuple(_WHERE)))
def completion(*, shell: str) -> None:
    """Print the completion script for a shell.

    It completes tasks' ids too.
    """
    from agentls.cli.main import cli  # noqa: PLC0415 - it names this module

    found = get_completion_class(shell)
    if found is None:
        raise Internal(f"The installed click has no completion for {shell}.")
    click.echo(found(cli, {}, "agentls", "_AGENTLS_COMPLETE").source())


def living_tasks() -> list[dict[str, Any]]:
    """List the tasks of the daemon that runs; nothing when none answers soon."""
    found: list[dict[str, Any]] = ask_living(
        "agentls.listTasks", {"discarded": True}
    ).get("tasks", [])
    return found


def ask_living(command: str, params: dict[str, Any]) -> dict[str, Any]:
    """Ask the daemon that runs; give nothing when none answers soon."""
    from agentls.client import Client  # noqa: PLC0415 - only when Tab is pressed

    try:
        with Client.open(
            Paths.of_this_process(), start=False, seconds=_TIMEOUT
        ) as client:
            answer: dict[str, Any] = client.execute(command, params, seconds=_TIMEOUT)
    except (AgentlsError, OSError):
        return {}
    return answer
