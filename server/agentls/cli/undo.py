"""`agentls undo`: take a merge back."""

from typing import Any

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.places import path_of, short_path
from agentls.cli.progress import shown_progress
from agentls.cli.visible import brief, visible

__all__ = ["undo"]


@click.command(cls=Command)
@task_argument
@json_option
def undo(*, task: str, as_json: bool) -> None:
    """Take a merge back, while nothing came after it.

    The target and its checkout are as before the merge, the task is in review again.
    With later commits, or uncommitted changes in the same files, nothing is changed.
    """
    with connected() as client, shown_progress() as progress:
        answer: dict[str, Any] = client.execute(
            "agentls.undoMerge",
            {"task": task},
            seconds=OPERATION_SECONDS,
            progress=progress,
        )
    if as_json:
        print_json(answer)
        return
    told = answer["task"]
    click.echo(
        f"Took {told['id']} ({brief(told['title'])}) back from {told['target']}:"
        f" that is at {answer['commit'][:12]} again."
    )
    if checkout := answer.get("checkout"):
        click.echo(f"So is {visible(short_path(path_of(checkout)))}.")
