"""`agentls peek`: what is on a session's screen, as text."""

from typing import Any

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import connected
from agentls.cli.visible import visible

__all__ = ["peek"]


@click.command(cls=Command)
@task_argument
@json_option
@click.option("--session", metavar="ID", help="Another session than the present one.")
def peek(*, task: str, as_json: bool, session: str | None) -> None:
    """Print what is on the agent's screen now, as text."""
    asked = {"session": session} if session else {"task": task}
    with connected() as client:
        answer: dict[str, Any] = client.execute("agentls.peek", asked)
    if as_json:
        print_json(answer)
        return
    for line in _without_blank_ends(answer["lines"]):
        click.echo(visible(line))


def _without_blank_ends(lines: list[str]) -> list[str]:
    filled = [number for number, line in enumerate(lines) if line]
    return lines[filled[0] : filled[-1] + 1] if filled else []
