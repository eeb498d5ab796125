"""`agentls forecast`: which open tasks would conflict, and with what."""

from collections.abc import Iterator
from typing import Any

import click

from agentls.cli.arguments import given_repository, repo_option
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.visible import brief, visible

__all__ = ["forecast"]


@click.command(cls=Command)
@click.argument("task", required=False, metavar="[TASK]")
@repo_option("Only tasks of the repository of this file or folder.")
@json_option
def forecast(*, task: str | None, repo: str | None, as_json: bool) -> None:
    """Say which open tasks would conflict, and with what.

    Each is tried, without keeping anything, against its target, your uncommitted
    changes and the other open tasks. A number after a file is a line in the task's
    version of it. `agentls train` tries what is ready together.
    """
    params: dict[str, Any] = {}
    if task is not None:
        params["task"] = task
    if repo is not None:
        params["uri"] = given_repository(repo)
    with connected() as client:
        answer = client.execute("agentls.forecast", params, seconds=OPERATION_SECONDS)
        if as_json:
            print_json(answer)
            return
        listed = client.execute("agentls.listTasks", {})["tasks"]
    named = {one["id"]: one for one in listed}
    for one in answer["tasks"]:
        told = tuple(_told(one, named))
        about = named.get(one["task"], {})
        click.echo(
            f"{one['task']} {brief(about.get('title', ''))}{'' if told else ': clean'}"
        )
        for line in told:
            click.echo(f"  {line}")
    if not answer["tasks"]:
        click.echo("There is no open task with a checkpoint.")


def _told(one: dict[str, Any], named: dict[str, Any]) -> Iterator[str]:
    target = named.get(one["task"], {}).get("target", "its target")
    yield from _against(f"{visible(target)}", one["target"])
    yield from _against("your uncommitted changes", one["user"])
    if one["inTheWay"]:
        files = ", ".join(visible(path) for path in one["inTheWay"])
        yield f"uncommitted changes keep {visible(target)} from a merge: {files}"
    for pair in one["tasks"]:
        title = named.get(pair["task"], {}).get("title", "")
        yield from _against(f"{pair['task']} ({brief(title)})", pair)


def _against(what: str, outlook: dict[str, Any]) -> Iterator[str]:
    if outlook["outcome"] == "clean":
        return
    verb = "conflicts with" if outlook["outcome"] == "conflicts" else "unknown against"
    files = ", ".join(_file(file) for file in outlook["files"])
    yield f"{verb} {what}{': ' * bool(files)}{files}"


def _file(file: dict[str, Any]) -> str:
    lines = ",".join(
        str(one["first"])
        if one["first"] == one["last"]
        else f"{one['first']}-{one['last']}"
        for one in file["lines"]
    )
    return f"{visible(file['path'])}{':' * bool(lines)}{lines}"
