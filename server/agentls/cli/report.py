"""`agentls report`: what became of tasks, as a page for a browser."""

import shutil
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import click

from agentls.cli.arguments import given_repository, repo_option
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import connected
from agentls.cli.places import path_of

__all__ = ["report"]

_DAY = "%Y-%m-%d"
_FORMATS = (_DAY, "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")


@click.command(cls=Command)
@click.option(
    "--day",
    metavar="DAY",
    help='A day, as 2026-01-31, "today" or "yesterday"; today if no time is named.',
)
@click.option(
    "--since",
    type=click.DateTime(_FORMATS),
    metavar="TIME",
    help="From this day or time on, as 2026-01-31 or 2026-01-31T09:00.",
)
@click.option(
    "--until", type=click.DateTime(_FORMATS), metavar="TIME", help="Now if absent."
)
@repo_option("Only the tasks of the repository that holds PATH.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Where to write the page; - for standard output.",
)
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
@json_option
def report(
    *,
    day: str | None,
    since: datetime | None,
    until: datetime | None,
    repo: str | None,
    output: str | None,
    show: bool,
    as_json: bool,
) -> None:
    """Write what became of tasks in a time, as one HTML page.

    A time line, what waited for you, reviews, merged lines, agents compared. The page
    needs nothing from outside. --json prints the history it is made of instead.
    """
    if day is not None and (since is not None or until is not None):
        raise click.UsageError("--day and --since or --until are two ways to say it.")
    if as_json and (output is not None or show):
        raise click.UsageError("--json prints figures, and makes no page.")
    params: dict[str, Any] = _time(day, since=since, until=until)
    if repo is not None:
        params["uri"] = given_repository(repo)
    with connected() as client:
        if as_json:
            print_json(client.execute("agentls.history", params))
            return
        made = Path(path_of(client.execute("agentls.report", params)["uri"]))
    if output == "-":
        sys.stdout.write(made.read_text("utf-8"))
        return
    if output is not None:
        made = Path(shutil.copyfile(made, output))
    if show:
        click.launch(str(made))
    click.echo(made)


def _time(
    day: str | None, *, since: datetime | None, until: datetime | None
) -> dict[str, str]:
    """Say which time is meant, as the protocol does; days are the user's own."""
    if since is None and until is None:
        begin = datetime.combine(_day(day or "today"), time())
        since, until = begin, begin + timedelta(days=1) if day else None
    moments = {"since": since, "until": until}
    return {
        name: moment.astimezone().isoformat()
        for name, moment in moments.items()
        if moment is not None
    }


def _day(text: str) -> date:
    today = datetime.now().astimezone().date()
    if text in {"today", "yesterday"}:
        return today - timedelta(days=text == "yesterday")
    try:
        return datetime.strptime(text, _DAY).date()  # noqa: DTZ007 - the user's day
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is no day; write it as 2026-01-31, today or yesterday.",
            param_hint="--day",
        ) from error
