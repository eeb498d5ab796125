"""`agentls daemon`: look at the daemon, end it, read its log."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from agentls.cli.command import Command, json_option, print_json
from agentls.cli.statuses import Status
from agentls.cli.visible import visible
from agentls.connect import find, stop
from agentls.errors import AgentlsError
from agentls.host import is_alive
from agentls.paths import Paths
from agentls.record import daemon_lock_is_free, read_record

__all__ = ["daemon"]

_POLL = 0.2


@click.group(help="Look at the daemon, or end it. Clients start it by themselves.")
def daemon() -> None:
    """Hold the daemon's commands."""


@daemon.command(
    cls=Command, help="Say whether a daemon runs, which, and where it listens."
)
@json_option
@click.pass_context
def status(ctx: click.Context, *, as_json: bool) -> None:
    """Show the record beside what is really there."""
    paths = Paths.of_this_process()
    found = _status(paths)
    if as_json:
        print_json(found)
    else:
        _show(found)
    ctx.exit(Status.OK if found["running"] else Status.NO_DAEMON)


@daemon.command(
    "stop", cls=Command, help="End the daemon cleanly. Agents go on working."
)
@click.option(
    "--force", is_flag=True, help="End it at once; agents go on all the same."
)
@json_option
def stop_command(*, force: bool, as_json: bool) -> None:
    """End it and wait until it is gone."""
    ended = stop(Paths.of_this_process(), force=force)
    if as_json:
        print_json({"stopped": ended and ended.process.pid})
    elif ended:
        click.echo(f"The daemon (process {ended.process.pid}) ended. Agents go on.")
    else:
        click.echo("No daemon runs.")


@daemon.command(cls=Command, help="Print the daemon's log.")
@click.option("-f", "--follow", is_flag=True, help="Go on printing what is added.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="How many of the last lines to print.",
)
@json_option
def logs(*, follow: bool, lines: int, as_json: bool) -> None:
    """Print the last lines of the present file, and what comes."""
    path = Paths.of_this_process().daemon_log
    if not path.exists():
        raise AgentlsError(
            f"There is no log at {path} yet.",
            hint="Any `agentls` command that needs the daemon starts it.",
        )
    for line in _lines(path, last=lines, follow=follow):
        click.echo(json.dumps({"line": line}) if as_json else line)


def _status(paths: Paths) -> dict[str, Any]:
    record = read_record(paths)
    running = paths.daemon_lock.exists() and not daemon_lock_is_free(paths)
    found: dict[str, Any] = {
        "running": running,
        "state": os.fspath(paths.state),
        "log": os.fspath(paths.daemon_log),
    }
    if running and record:
        connection = find(paths)
        found |= {
            "answers": connection is not None,
            "pid": record.process.pid,
            "alive": is_alive(record.process) if record.on_this_machine else None,
            "version": record.version,
            "address": record.address,
            "host": record.host,
        }
        if connection:
            connection.close()
    return found


def _show(found: dict[str, Any]) -> None:
    if not found["running"]:
        click.echo("No daemon runs. Any command that needs it starts it.")
        return
    for name, value in found.items():
        if value is not None:
            shown = {True: "yes", False: "no"}.get(value, value)
            click.echo(f"{name:<9}{visible(str(shown))}")


def _lines(path: Path, *, last: int, follow: bool) -> Iterator[str]:
    """Give the last lines and, if wanted, the new ones, also after a rotation."""
    file = path.open("rb")
    try:
        whole = file.read().decode("utf-8", "replace").splitlines()
        yield from whole[-last:] if last else ()
        rest = b""
        while follow:
            rest += file.read()
            *done, rest = rest.split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in done)
            if _was_rotated(file.fileno(), path):
                file.close()
                file = path.open("rb")
            elif not done:
                time.sleep(_POLL)
    finally:
        file.close()


def _was_rotated(descriptor: int, path: Path) -> bool:
    try:
        return not os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False  # between the two renames
