"""`agentls rights`: what agents may ask for."""

from typing import Any

import click

from agentls.cli.arguments import given_repository, repo_option
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import connected

__all__ = ["rights"]


@click.command(cls=Command)
@repo_option("Where they would hand out tasks; here if absent.")
@json_option
def rights(*, repo: str | None, as_json: bool) -> None:
    """Say what agents may ask agentls for.

    And to whom they may hand out tasks. Run by an agent it tells of that one, else of
    those that agentls didn't start.
    """
    with connected() as client:
        told: dict[str, Any] = client.execute(
            "agentls.delegation", {"uri": given_repository(repo)}
        )
    if as_json:
        print_json(told)
        return
    if task := told.get("task"):
        _line("Task", task)
    _line("May", ", ".join(told["allow"]) or "nothing")
    _line("Agents", ", ".join(told["agents"]) or "none that is installed")
    _line("Approval", f"{told['approval']} at most")
    more = told["depth"] <= told["maxDepth"] and told["open"] < told["maxOpen"]
    end = "" if more else "; no more now"
    _line("Handed out", f"{told['open']} open, {told['maxOpen']} may be{end}")


def _line(name: str, value: str) -> None:
    click.echo(f"{click.style(f'{name}:'.ljust(12), bold=True)} {value}")
