"""`agentls open`: review a task in the editor that is open."""

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command
from agentls.cli.link import connected

__all__ = ["open_in_editor"]


@click.command("open", cls=Command)
@task_argument
def open_in_editor(*, task: str) -> None:
    """Open a task's review in the editor that is open."""
    with connected() as client:
        client.execute("agentls.openIn", {"task": task})
    click.echo(f"Your editor shows {task}.")
