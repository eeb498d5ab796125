"""`agentls logs`: what a task's session wrote to its terminal."""

import sys

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command
from agentls.cli.direct import Asked, reached
from agentls.cli.escapes import PlainText
from agentls.cli.link import Lasting
from agentls.cli.reading import Reading, following_session
from agentls.cli.statuses import Status

__all__ = ["logs"]


@click.command(cls=Command)
@task_argument
@click.option("-f", "--follow", is_flag=True, help="Go on while the task works.")
@click.option("--session", metavar="ID", help="Another session than the present one.")
@click.option(
    "--raw/--plain",
    default=False,
    help="Every byte as it was written, or text without escape sequences (default).",
)
@click.pass_context
def logs(
    ctx: click.Context, *, task: str, follow: bool, session: str | None, raw: bool
) -> None:
    """Print the output of a task's present session.

    --raw onto a terminal draws what the agent drew; to read it, plain is better.
    """
    asked = {"task": task} if session is None else {"session": session}
    printer = _Printer(raw=raw)
    try:
        _Follower(asked, printer).run(task, follow=follow, only=session is not None)
    except KeyboardInterrupt:  # the way to end --follow
        ctx.exit(Status.INTERRUPTED)
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

    def __init__(self, asked: dict[str, str], printer: _Printer) -> None:
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
