"""`agentls batch`: many tasks at once, from a checklist, lines or JSON."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from agentls.cli.arguments import given_repository, label_option, repo_option
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.trust import trusted
from agentls.cli.visible import one_line

__all__ = ["batch"]

_FORMATS = {".md": "markdown", ".markdown": "markdown", ".json": "json"}


@click.command(cls=Command)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--format",
    "format_",
    type=click.Choice(["markdown", "lines", "json"]),
    help="Guessed from the file's name if absent: .md, .json, else lines.",
)
@click.option("--agent", metavar="NAME", help="Who does them.")
@click.option("--base", metavar="REF", help="Where they begin, as for `run`.")
@click.option("--target", metavar="BRANCH", help="Where they will merge.")
@click.option("--after", metavar="TASK", multiple=True, help="Only once it is merged.")
@label_option("What to file them under; several allowed.")
@click.option("-n", "--dry-run", is_flag=True, help="Only show what would be made.")
@click.option("--ids", is_flag=True, help="Write the tasks' ids behind the items.")
@repo_option("The repository; the file's if absent.")
@json_option
def batch(
    *,
    file: str,
    format_: str | None,
    after: tuple[str, ...],
    labels: tuple[str, ...],
    dry_run: bool,
    ids: bool,
    repo: str | None,
    as_json: bool,
    **options: str | None,
) -> None:
    """Make a task of each entry of FILE; `-` reads standard input.

    Of Markdown, the open items of its checklists, each with what is nested in it;
    the merge of a task ticks its box. Else a prompt a line, or a JSON array. An item
    that has a task already makes no other, so the same file can be given again.
    """
    params: dict[str, Any] = {"dryRun": dry_run, "ids": ids, "after": after}
    params["labels"] = labels
    params |= {name: value for name, value in options.items() if value is not None}
    params["format"] = format_ or _FORMATS.get(Path(file).suffix.lower(), "lines")
    params["uri"] = given_repository(repo)
    if file == "-":
        params["text"] = sys.stdin.read()
    else:
        params["file"] = given_repository(file)
        if repo is None:
            del params["uri"]
    with connected() as client:
        answer = trusted(
            client,
            given_repository(repo),
            lambda: client.execute(
                "agentls.createTasks", params, seconds=OPERATION_SECONDS
            ),
        )
    if as_json:
        print_json(answer)
        return
    for item in answer["items"]:
        click.echo(_line(item))
    if not answer["items"]:
        click.echo("There is no open item; nothing was made.", err=True)


def _line(item: Mapping[str, Any]) -> str:
    task = item.get("task")
    said = task["id"] if task else "new "
    state = f" ({task['state']} already)" if task and not item["made"] else ""
    return f"{click.style(said, bold=True)}  {one_line(item['title'])}{state}"
