"""`agentls checkpoints` and `checkpoint`: a task's saved states."""

import shutil
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.listing import ago
from agentls.cli.table import Column, print_table
from agentls.cli.visible import one_line, visible

__all__ = ["checkpoint", "checkpoints"]


@click.command(cls=Command)
@task_argument
@json_option
def checkpoints(*, task: str, as_json: bool) -> None:
    """List the saved states of a task: one for each turn, and more."""
    with connected() as client:
        answer: dict[str, Any] = client.execute(
            "agentls.listCheckpoints", {"task": task}
        )
    if as_json:
        print_json(answer)
        return
    prompts = {turn["number"]: turn["prompt"] for turn in answer["turns"]}
    now = datetime.now(UTC)
    print_table(
        [
            [
                str(one["number"]),
                ago(one["taken"], now=now),
                one["reason"],
                f"+{one['added']} -{one['deleted']} in {one['files']}",
                one["commit"][:12],
                one_line(prompts.get(one.get("turn"), "")),
            ]
            for one in answer["checkpoints"]
        ],
        columns=[
            Column(title="#"),
            Column(title="AGE"),
            Column(title="WHY"),
            Column(title="LINES, FILES"),
            Column(title="COMMIT"),
            Column(title="AFTER THE PROMPT", gives_way=True),
        ],
        width=shutil.get_terminal_size().columns if sys.stdout.isatty() else None,
    )


@click.command(cls=Command)
@task_argument
@json_option
def checkpoint(*, task: str, as_json: bool) -> None:
    """Save a task's worktree now; its agent isn't disturbed."""
    with connected() as client:
        answer: dict[str, Any] = client.execute(
            "agentls.checkpoint", {"task": task}, seconds=OPERATION_SECONDS
        )
    if as_json:
        print_json(answer)
        return
    taken = answer["checkpoint"]
    click.echo(f"Checkpoint {taken['number']} of {answer['task']['id']}: {_of(taken)}")
    for skipped in taken.get("skipped", ()):
        click.echo(f"Not in it: {visible(skipped)}", err=True)


def _of(taken: Mapping[str, Any]) -> str:
    size = f"+{taken['added']} -{taken['deleted']} in {taken['files']}"
    return f"{taken['commit'][:12]}, {size} files."
