"""`agentls ls`: the tasks, one a line."""

import shutil
import sys
from datetime import UTC, datetime
from typing import Any

import click

from agentls.cli.arguments import given_repository, label_option, repo_option
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.outlook import (
    conflicts_of,
    failed_checks_of,
    labels_of,
    quiet_of,
    room,
    size_of,
)
from agentls.cli.places import path_of
from agentls.cli.table import Column, print_table
from agentls.cli.visible import one_line, shorten

__all__ = ["STATE_COLOURS", "ago", "ls", "nested"]

STATE_COLOURS = {
    "queued": "blue",
    "preparing": "blue",
    "working": "cyan",
    "waiting": "yellow",
    "checking": "cyan",
    "review": "green",
    "failed": "red",
    "interrupted": "red",
    "merged": "bright_black",
    "discarded": "bright_black",
}

_TITLE_BESIDE_WHY = 22
"""Columns of a title that must leave room for the reason beside it."""

_CHILD = "└ "
"""Before the title of a task that stands below another one."""

_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


@click.command(cls=Command)
@click.option(
    "-a", "--all", "everything", is_flag=True, help="Merged and discarded ones too."
)
@click.option("--size", is_flag=True, help="How much room each takes on the disk.")
@label_option("Only the tasks that have this label; given twice, both.")
@repo_option("Only the tasks of the repository that holds PATH.")
@json_option
def ls(
    *,
    everything: bool,
    size: bool,
    labels: tuple[str, ...],
    repo: str | None,
    as_json: bool,
) -> None:
    """List the tasks of all repositories."""
    params: dict[str, Any] = {"discarded": everything, "labels": labels}
    if repo is not None:
        params["uri"] = given_repository(repo)
    with connected() as client:
        answer: dict[str, Any] = client.execute("agentls.listTasks", params)
        if size:
            answer["disk"] = client.execute(
                "agentls.diskUsage", seconds=OPERATION_SECONDS
            )
    merged = 0
    if not everything:
        told = len(answer["tasks"])
        answer["tasks"] = [
            task for task in answer["tasks"] if task["state"] != "merged"
        ]
        merged = told - len(answer["tasks"])
    if as_json:
        print_json(answer)
        return
    _print_tasks(answer["tasks"], sizes=_sizes(answer))
    if size:
        click.echo(_kept(answer["disk"]), err=True)
    if merged:
        click.echo(f"{merged} merged: `agentls ls --all` shows them.", err=True)
    elif not answer["tasks"]:
        click.echo('No tasks. Begin one with: agentls run "…"', err=True)


def ago(moment: str, *, now: datetime) -> str:
    """Say in one unit how long ago a moment of the protocol was."""
    seconds = max(0, int((now - datetime.fromisoformat(moment)).total_seconds()))
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return "now"


def nested(tasks: list[dict[str, Any]]) -> list[tuple[dict[str, Any], int]]:
    """Give the tasks with how deep each stands, children right after their parent.

    What has no parent among them stands by itself.
    """
    names = {task["id"] for task in tasks}
    below: dict[str | None, list[dict[str, Any]]] = {}
    for task in tasks:
        parent = task.get("parent")
        below.setdefault(parent if parent in names else None, []).append(task)
    placed: list[tuple[dict[str, Any], int]] = []
    left = [(task, 0) for task in reversed(below.get(None, []))]
    while left:
        task, depth = left.pop()
        placed.append((task, depth))
        left += [(one, depth + 1) for one in reversed(below.get(task["id"], []))]
    return placed


def _sizes(answer: dict[str, Any]) -> dict[str, str]:
    """Give what each task takes on the disk; nothing where that wasn't asked."""
    return {
        one["task"]: room(one["worktree"] + one["logs"])
        for one in answer.get("disk", {}).get("tasks", ())
    }


def _kept(disk: dict[str, Any]) -> str:
    parts = [f"{room(disk['size'])} in all"]
    if disk["budget"]:
        parts[0] += f" (disk.budget is {room(disk['budget'])})"
    if disk["spares"]:
        parts.append(f"spare worktrees {room(disk['sparesSize'])}")
    if disk["setups"]:
        parts.append(f"cached setups {room(disk['setupsSize'])}")
    return ", ".join([*parts, f"{room(disk['free'])} free"])


def _print_tasks(tasks: list[dict[str, Any]], *, sizes: dict[str, str]) -> None:
    if not tasks:
        return
    # A pipe gets whole lines; a person gets lines that fit.
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    now = datetime.now(UTC)
    repositories = {task["id"]: path_of(task["repository"]) for task in tasks}
    several = len(set(repositories.values())) > 1
    sized = any(size_of(task) for task in tasks)
    labelled = any(labels_of(task) for task in tasks)
    columns = [
        Column(title="TASK"),
        Column(title="STATE", colour=STATE_COLOURS.get),
        Column(title="SINCE"),
        Column(title="AGENT"),
        *([Column(title="CHANGE")] if sized else []),
        *([Column(title="SIZE")] if sizes else []),
        *([Column(title="REPOSITORY")] if several else []),
        *([Column(title="LABELS")] if labelled else []),
        Column(title="TITLE", gives_way=True),
    ]
    rows = [
        [
            task["id"],
            task["state"],
            ago(task["changed"], now=now),
            task["agent"],
            *([size_of(task)] if sized else []),
            *([sizes.get(task["id"], "")] if sizes else []),
            *([repositories[task["id"]].rpartition("/")[2]] if several else []),
            *([labels_of(task)] if labelled else []),
            "  " * (depth - 1)
            + (_CHILD if depth else "")
            + _told(task, now=now, cut=width is not None),
        ]
        for task, depth in nested(tasks)
    ]
    print_table(rows, columns=columns, width=width)


def _told(task: dict[str, Any], *, now: datetime, cut: bool) -> str:
    """Give the title, and why the task is where it is: what a person acts upon."""
    title = one_line(task["title"])
    why = task.get("why", "")
    failed = failed_checks_of(task)
    told = [
        f"on {task['on']}" if "on" in task else "",
        why,
        "" if "check" in why else failed,
        quiet_of(task, now=now),
        f"lost to {task['lostTo']}" if "lostTo" in task else "",
        "" if task.get("openUpdate") else conflicts_of(task),
    ]
    if not any(told):
        return title
    shown = shorten(title, _TITLE_BESIDE_WHY) if cut else title
    # Some of these are sentences, which end where nothing follows.
    listed = "; ".join(filter(None, told)).replace(".; ", "; ")
    return f"{shown} ({listed})"
