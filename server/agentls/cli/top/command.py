"""The command `agentls top`, which has a library of its own."""

import sys
from typing import Any

import click

from agentls.cli.arguments import given_repository, repo_option
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import connected
from agentls.errors import AgentlsError, InvalidParams

__all__ = ["top"]


@click.command(cls=Command)
@repo_option("Only the tasks of the repository that holds PATH.")
@json_option
def top(*, repo: str | None, as_json: bool) -> None:
    """Show all tasks live: states, output, memory, queue.

    Attach, merge, answer and stop with a key; ? lists them. --json prints once what the
    sessions use, in counters.
    """
    if as_json:
        with connected() as client:
            print_json(client.execute("agentls.load"))
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InvalidParams(
            "`agentls top` needs a terminal, and here is none.",
            hint="`agentls ls` lists the tasks anywhere.",
        )
    try:
        from agentls.cli.top.app import Top  # noqa: PLC0415 - an extra, and slow
    except ImportError as error:
        if not (error.name or "").startswith("textual"):
            raise
        raise AgentlsError(
            "`agentls top` needs Textual, which isn't installed.",
            hint="pip install 'agentls[top]', or look with `agentls ls`.",
        ) from error
    asked: dict[str, Any] = {} if repo is None else {"uri": given_repository(repo)}
    Top(asked).run()
