"""`agentls logs`: what a task's session wrote to its terminal."""

import sys
from typing import Any

import click

from agentls.cli.arguments import any_tasks_argument
from agentls.cli.command import Command
from agentls.cli.direct import Asked, reached, sessions_of
from agentls.cli.link import Lasting
from agentls.cli.reading import Reading, following_session
from agentls.cli.searching import grep
from agentls.cli.statuses import Status
from agentls.paths import Paths
from agentls.sessions.escapes import PlainText
from agentls.sessions.segments import last_lines

__all__ = ["logs"]


@click.command(cls=Command)
@any_tasks_argument
@click.option("-f", "--follow", is_flag=True, help="Go on while the task works.")
@click.option(
    "-n", "--tail", type=click.IntRange(min=0), metavar="N", help="The last N lines."
)
@click.option("--session", metavar="ID", help="Another session than the present one.")
@click.option(
    "--raw/--plain",
    default=False,
    help="Every byte as it was written, or text without escape sequences (default).",
)
@click.option(
    "--grep",
    "pattern",
    metavar="PATTERN",
    help="The lines that match, of all sessions of these tasks or of all tasks.",
)
@click.option("-i", "--ignore-case", is_flag=True, help="With --grep: A is a.")
@click.option(
    "-F", "--fixed", is_flag=True, help="With --grep: PATTERN is text, no expression."
)
@click.option(
    "-m",
    "--max",
    "most",
    type=click.IntRange(min=1),
    metavar="N",
    help="With --grep: stop after N lines.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="With --grep: a JSON object for each line."
)
@click.pass_context
def logs(
    ctx: click.Context,
    *,
    tasks: tuple[str, ...],
    follow: bool,
    tail: int | None,
    session: str | None,
    raw: bool,
    pattern: str | None,
    ignore_case: bool,
    fixed: bool,
    most: int | None,
    as_json: bool,
) -> None:
    """Print the output of a task's present session, or search all.

    --raw onto a terminal draws what the agent drew; to read it, plain is better.

    --grep looks through the text, the newest session first, and exits with 1 when
    there is nothing.
    """
    try:
        if pattern is not None:
            _refuse_both(follow or raw or tail is not None or session is not None)
            ctx.exit(
                grep(
                    pattern,
                    tasks,
                    fixed=fixed,
                    ignore_case=ignore_case,
                    most=most,
                    as_json=as_json,
                )
            )
        if len(tasks) != 1 or ignore_case or fixed or most or as_json:
            raise click.UsageError("Give one TASK, or --grep PATTERN.")
        _print(tasks[0], follow=follow, tail=tail, session=session, raw=raw)
    except KeyboardInterrupt:  # the way to end --follow
        ctx.exit(Status.INTERRUPTED)


def _refuse_both(given: bool) -> None:  # noqa: FBT001 - one question
    if given:
        raise click.UsageError(
            "--grep doesn't go together with -f, -n, --session and --raw."
        )


def _print(
    task: str, *, follow: bool, tail: int | None, session: str | None, raw: bool
) -> None:
    asked: dict[str, Any] = {"task": task} if session is None else {"session": session}
    if tail is not None:
        sessions = Paths.of_this_process().sessions
        name = session or sessions_of(sessions, task)[-1]
        asked = {"session": name, "offset": last_lines(sessions / name, count=tail)}
    printer = _Printer(raw=raw)
    try:
        _Follower(asked, printer).run(task, follow=follow, only=session is not None)
    finally:
        printer.end()


class _Printer:
    """Standard output, as it is or as plain text."""

    def __init__(self, *, raw: bool) -> None:
        self._plain = None if raw else PlainText()

    def write(self, data: bytes) -> None:
        """Print the next bytes."""
        sys.stdout.buffer.write(self._plain.feed(data) if self._plain else data)
        sys.stdout.buffer.flush()

    def end(self) -> None:
        """Print what was kept back."""
        if self._plain:
            sys.stdout.buffer.write(self._plain.end())
            sys.stdout.buffer.flush()


class _Follower:
    """Reads one session after the other, whatever becomes of the daemon."""

    def __init__(self, asked: dict[str, Any], printer: _Printer) -> None:
        self._printer = printer
        self._link = Lasting(self._again, connect=reached)
        self._reading = self._link.persist(lambda client: Reading(client, asked))

    def run(self, task: str, *, follow: bool, only: bool) -> None:
        """Print to the present end, or with `follow` to the task's rest."""
        try:
            while True:
                self._link.persist(lambda client: self._read(client, follow=follow))
                if not follow or only:
                    return
                ended = self._reading.session
                following = self._link.persist(
                    lambda client, ended=ended: following_session(
                        client, task=task, after=ended
                    )
                )
                if following is None:
                    return
                self._reading = Reading(self._link.client, {"session": following})
        finally:
            self._link.close()

    def _again(self, client: Asked) -> None:
        self._reading.attach_again(client)

    def _read(self, client: Asked, *, follow: bool) -> None:
        reading = self._reading
        if not follow and reading.position >= reading.size:
            return
        for method, params in client.notifications():
            if method == "agentls/output":
                self._printer.write(reading.take(client, params))
                if not follow and reading.position >= reading.size:
                    return
            elif (
                method == "agentls/sessionEnded"
                and params["session"] == reading.session
            ):
                return
