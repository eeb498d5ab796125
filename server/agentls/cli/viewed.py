"""`agentls viewed`: mark what was seen of a task's change."""

from typing import Any

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected

__all__ = ["viewed"]


@click.command(cls=Command)
@task_argument
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--hunk", "hunks", multiple=True, metavar="ID", help="Only this hunk.")
@click.option("--undo", is_flag=True, help="Take the marks off.")
@json_option
def viewed(
    *,
    task: str,
    paths: tuple[str, ...],
    hunks: tuple[str, ...],
    undo: bool,
    as_json: bool,
) -> None:
    """Mark files of a task's change as viewed, or all of it.

    A mark falls when the agent changes those lines again. `agentls diff --json` has
    the hunks.
    """
    params: dict[str, Any] = {"task": task, "viewed": not undo}
    with connected() as client:
        answer: dict[str, Any] = client.execute(
            "agentls.markViewed",
            params | {"paths": paths, "hunks": hunks},
            seconds=OPERATION_SECONDS,
        )
    if as_json:
        print_json(answer)
        return
    click.echo(
        f"{answer['viewed']} of {answer['files']} files of {answer['task']} are viewed."
    )
