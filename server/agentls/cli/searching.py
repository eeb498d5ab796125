"""`agentls logs --grep`: looking through the output of all sessions."""

import json
import sys
from collections.abc import Sequence

import click

from agentls.cli.direct import sessions_of
from agentls.cli.statuses import Status
from agentls.cli.visible import visible
from agentls.paths import Paths
from agentls.sessions.searching import Hit, Matcher, search

__all__ = ["grep"]


def grep(
    pattern: str,
    tasks: Sequence[str],
    *,
    fixed: bool,
    ignore_case: bool,
    most: int | None,
    as_json: bool,
) -> Status:
    """Print each line that matches, as it is found; say whether there was one."""
    sessions = Paths.of_this_process().sessions
    matcher = Matcher(pattern, fixed=fixed, ignore_case=ignore_case)
    named = {sessions_of(sessions, task)[0].rpartition("-")[0] for task in tasks}
    hits = search(sessions, matcher, tasks=frozenset(named) if named else None)
    count = 0
    for hit in hits:
        if hit is None:
            continue
        count += 1
        print_hit(hit, as_json=as_json)
        if count == most:
            break
    return Status.OK if count else Status.REFUSED


def print_hit(hit: Hit, *, as_json: bool) -> None:
    """Print one hit: a line for a person, or a JSON object in a line."""
    if as_json:
        task, _, _ = hit.session.rpartition("-")
        told = {
            "task": task,
            "session": hit.session,
            "offset": hit.offset,
            "line": hit.line,
            "text": hit.text,
            "spans": hit.spans,
        }
        click.echo(json.dumps(told))
    else:
        place = click.style(f"{hit.session}:{hit.line}:", fg="green")
        click.echo(f"{place} {_marked(hit)}")
    if sys.stdout.isatty():
        sys.stdout.flush()


def _marked(hit: Hit) -> str:
    shown: list[str] = []
    at = 0
    for begin, end in hit.spans:
        shown += [
            visible(hit.text[at:begin]),
            click.style(visible(hit.text[begin:end]), fg="red", bold=True),
        ]
        at = end
    return "".join([*shown, visible(hit.text[at:])])
