"""`agentls race` and `agentls compare`: several tasks for one prompt, side by side."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from agentls.cli.arguments import (
    given_repository,
    label_option,
    repo_option,
    task_argument,
)
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.listing import STATE_COLOURS, ago
from agentls.cli.outlook import conflicts_of, failed_checks_of, size_of
from agentls.cli.pager import page
from agentls.cli.prompt import kept, read_prompt
from agentls.cli.table import Column, print_table
from agentls.cli.trust import trusted
from agentls.cli.visible import brief, one_line
from agentls.client import Client
from agentls.errors import InvalidParams
from agentls.paths import Paths

__all__ = ["compare", "race"]


@click.command(cls=Command)
@click.argument("prompt", required=False)
@click.option(
    "--agent",
    "agents",
    metavar="NAME",
    multiple=True,
    help="Who takes part; give it several times.",
)
@click.option(
    "--tries", metavar="N", default=1, show_default=True, help="Tasks of each agent."
)
@click.option("--base", metavar="REF", help="Where they begin, as for `run`.")
@click.option("--target", metavar="BRANCH", help="Where one of them will merge.")
@click.option("--title", help="What lists show.")
@label_option("What to file them under; several allowed.")
@repo_option("The repository; here if absent.")
@json_option
def race(
    *,
    prompt: str | None,
    agents: tuple[str, ...],
    tries: int,
    labels: tuple[str, ...],
    repo: str | None,
    as_json: bool,
    **options: str | None,
) -> None:
    """Give one prompt to several agents, or several times to one.

    `agentls compare` shows them side by side; merging one discards the others, and
    the undo of that merge brings them back.
    """
    paths = Paths.of_this_process()
    asked = read_prompt(prompt, paths=paths)
    where = given_repository(repo)
    params: dict[str, Any] = {"prompt": asked.text, "uri": where}
    params |= {"agents": agents, "tries": tries, "labels": labels}
    params |= {name: value for name, value in options.items() if value is not None}
    with kept(asked, paths=paths), connected() as client:
        answer = trusted(
            client,
            where,
            lambda: client.execute("agentls.race", params, seconds=OPERATION_SECONDS),
        )
    if as_json:
        print_json(answer)
        return
    tasks = answer["tasks"]
    for task in tasks:
        click.echo(
            f"{click.style(task['id'], bold=True)}  {task['agent']}:"
            f" {brief(task['title'])}"
        )
    click.echo(f"      agentls compare {tasks[0]['id']}")


@click.command(cls=Command)
@task_argument
@click.argument("other", required=False)
@click.option("-p", "--patch", is_flag=True, help="The diff from TASK's to OTHER's.")
@json_option
def compare(*, task: str, other: str | None, patch: bool, as_json: bool) -> None:
    """Show two tasks side by side, or all of a race."""
    if patch and other is None:
        raise click.UsageError("--patch needs two tasks.")
    with connected() as client:
        if other is None:
            tasks = _race_of(client, task)
            if as_json:
                print_json({"tasks": tasks})
            else:
                _print_tasks(tasks)
            return
        params = {"task": task, "other": other, "patch": patch}
        answer: dict[str, Any] = client.execute(
            "agentls.compareTasks", params, seconds=OPERATION_SECONDS
        )
    if as_json:
        print_json(answer)
        return
    changes = answer["changes"]
    if patch:
        text = changes.get("patch") or ""
        page(text.encode("utf-8", "surrogateescape"), colour=False)
        return
    _print_tasks([answer["task"], answer["other"]])
    if not changes["files"]:
        click.echo("Their work is the same.")
    for file in changes["files"]:
        size = f"+{file.get('added', 0)} -{file.get('deleted', 0)}"
        size = "binary" if file.get("binary") else size
        click.echo(f"  {one_line(file['path'])}  {size}")


def _race_of(client: Client, name: str) -> list[dict[str, Any]]:
    task = client.execute("agentls.getTask", {"task": name})["task"]
    group = task.get("group")
    if group is None or group["kind"] != "race":
        raise InvalidParams(
            f"Task {task['id']} is in no race.",
            hint=f"Name another one: agentls compare {task['id']} OTHER",
        )
    answer = client.execute("agentls.listTasks", {"discarded": True})
    return [one for one in answer["tasks"] if one.get("group") == group]


def _print_tasks(tasks: Sequence[Mapping[str, Any]]) -> None:
    now = datetime.now(UTC)
    columns = [
        Column(title="TASK"),
        Column(title="AGENT"),
        Column(title="STATE", colour=STATE_COLOURS.get),
        Column(title="SINCE"),
        Column(title="CHANGE"),
        Column(title="FILES"),
        Column(title="TOLD"),
    ]
    rows = [
        [
            task["id"],
            task["agent"],
            task["state"],
            ago(task["changed"], now=now),
            size_of(task),
            str(task.get("files") or ""),
            "; ".join(
                filter(
                    None,
                    (task.get("why"), failed_checks_of(task), conflicts_of(task)),
                )
            ),
        ]
        for task in tasks
    ]
    print_table(rows, columns=columns, width=None)
