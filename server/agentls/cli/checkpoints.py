"""`agentls checkpoints`, `checkpoint`, `rewind`: a task's saved states."""

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
from agentls.cli.places import path_of, short_path
from agentls.cli.progress import shown_progress
from agentls.cli.stopping import wants_stop
from agentls.cli.table import Column, print_table
from agentls.cli.visible import one_line, visible
from agentls.client import Client
from agentls.errors import InvalidState

__all__ = ["checkpoint", "checkpoints", "rewind"]


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


@click.command(cls=Command)
@task_argument
@click.argument("number", type=int, metavar="N")
@click.option(
    "--stop", is_flag=True, help="Stop an agent that still works, then rewind."
)
@json_option
def rewind(*, task: str, number: int, stop: bool, as_json: bool) -> None:
    """Bring a task's worktree back to checkpoint N.

    Files, branch and base are as they were then; files that git ignores stay. The
    present state is a checkpoint first, to which it can be brought back.
    """
    params: dict[str, Any] = {"task": task, "checkpoint": number, "stop": stop}
    with connected() as client:
        try:
            answer = _rewind(client, params)
        except InvalidState:
            if stop or as_json or not wants_stop(client, task, then="rewind its work"):
                raise
            answer = _rewind(client, params | {"stop": True})
    if as_json:
        print_json(answer)
        return
    told, before = answer["task"]["id"], answer["before"]["number"]
    click.echo(
        f"Rewound {told} to checkpoint {number}. Back again: agentls rewind {told}"
        f" {before}"
    )
    for path in answer.get("aside", ()):
        folder = short_path(path_of(answer["asideFolder"]))
        click.echo(
            f"In the way, and moved to {visible(folder)}: {visible(path)}", err=True
        )


def _rewind(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    with shown_progress() as progress:
        answer: dict[str, Any] = client.execute(
            "agentls.rewind", params, seconds=OPERATION_SECONDS, progress=progress
        )
    return answer


def _of(taken: Mapping[str, Any]) -> str:
    size = f"+{taken['added']} -{taken['deleted']} in {taken['files']}"
    return f"{taken['commit'][:12]}, {size} files."
