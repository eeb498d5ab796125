"""`agentls attach`: a session in this terminal."""

import base64
import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Generator
from types import FrameType
from typing import Any

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command
from agentls.cli.detach_keys import DEFAULT, VARIABLE, DetachKeys
from agentls.cli.direct import Asked, Direct, reached
from agentls.cli.link import Lasting
from agentls.cli.reading import Reading, following_session
from agentls.cli.terminal import Screen, raw_terminal, require_terminal, terminal_size
from agentls.cli.visible import visible
from agentls.errors import SessionEnded
from agentls.sessions.escapes import ReplayFilter
from agentls.sessions.terminal_answers import TerminalAnswers

__all__ = ["attach", "attach_to"]

_PIECE = 64 << 10
_AT_ONCE = 0.001
"""Seconds that a message whose beginning came may take, before keys are looked at."""

_DRAWING_SECONDS = 0.02
"""How long a flood of output is drawn, before keys are looked at."""


@click.command(cls=Command)
@task_argument
@click.option("--session", metavar="ID", help="Another session than the present one.")
@click.option("-r", "--read-only", is_flag=True, help="Watch; type and resize nothing.")
@click.option(
    "--detach-keys",
    default=DEFAULT,
    show_default=True,
    envvar=VARIABLE,
    show_envvar=True,
    metavar="KEYS",
    help='What leaves: like "ctrl-b d" or "ctrl-\\", or "none".',
)
def attach(
    *, task: str, session: str | None, read_only: bool, detach_keys: str
) -> None:
    """Show a task's session in this terminal, and type into it.

    The detach keys leave; the agent goes on. The last one to attach has the keyboard;
    who attached before watches until a key is pressed there. It works without the
    daemon too, when none can be started.
    """
    attach_to(task, session=session, read_only=read_only, detach_keys=detach_keys)


def attach_to(
    task: str,
    *,
    session: str | None = None,
    read_only: bool = False,
    detach_keys: str | None = None,
) -> None:
    """Attach until the session ends or the user leaves; say which it was."""
    require_terminal(f"`agentls logs -f {task}` prints the output anywhere.")
    keys = detach_keys or os.environ.get(VARIABLE) or DEFAULT
    seat = _Seat(DetachKeys(keys), read_only=read_only)
    try:
        seat.begin({"task": task} if session is None else {"session": session}, task)
        with _resizes() as wake, raw_terminal(sys.stdin.fileno()):
            try:
                left = seat.run(task, wake=wake, only=session is not None)
            finally:
                seat.screen.restore()
    finally:
        seat.close()
    how = "left; it goes on" if left else f"the session ended{seat.how}"
    click.echo(f"[{task}: {how}]", err=True)


@contextlib.contextmanager
def _resizes() -> Generator[int]:
    """Give a descriptor that can be read when the terminal's size has changed."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    handler = signal.signal(signal.SIGWINCH, _only_wake)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield reader
    finally:
        signal.set_wakeup_fd(before)
        signal.signal(signal.SIGWINCH, handler)
        os.close(reader)
        os.close(writer)


def _only_wake(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: that a handler is there lets the wakeup descriptor be written."""


class _Seat:
    """A person at a terminal: what is typed goes to the session, its output comes."""

    def __init__(self, keys: DetachKeys, *, read_only: bool) -> None:
        self.screen = Screen(sys.stdout.fileno())
        self._keys = keys
        self._read_only = read_only
        self._controls = not read_only
        self._stdin = sys.stdin.fileno()
        self._link = Lasting(self._again, connect=reached)
        self._reading: Reading | None = None
        self._replay: ReplayFilter | None = None
        self._more = False
        """Messages may wait in the client."""
        self._answers = TerminalAnswers()
        self.how = ""
        """How the session ended, as the end of a sentence."""

    def begin(self, asked: dict[str, Any], task: str) -> None:
        """Attach; refuse a session that ended."""
        if isinstance(self._link.client, Direct):
            click.echo(
                f"agentls: {visible(self._link.client.why)} The session is reached"
                " without the daemon.",
                err=True,
            )
        reading = self._attach(asked)
        if not reading.live:
            raise SessionEnded(
                f"Session {reading.session} has ended; nothing there to attach to.",
                hint=f"`agentls logs {task}` shows its output,"
                f' `agentls send {task} "…"` gives it more to do.',
            )

    def run(self, task: str, *, wake: int, only: bool) -> bool:
        """Go on until the last session's end (False), or until the user leaves."""
        while not self._sit(wake):
            reading = self._present()
            following = self._link.persist(
                lambda client, ended=reading.session: following_session(
                    client, task=task, after=ended
                )
            )
            if only or following is None:
                return False
            self._attach({"session": following})
        return True

    def close(self) -> None:
        """Close the connection."""
        self._link.close()

    def _attach(self, asked: dict[str, Any]) -> Reading:
        asked = asked | self._wishes() | {"repaint": True}
        reading = self._link.persist(lambda client: Reading(client, asked))
        self._reading = reading
        self._replay = ReplayFilter()
        return reading

    def _wishes(self) -> dict[str, Any]:
        if self._read_only:
            return {}
        rows, columns = terminal_size(self._stdin)
        return {"control": True, "rows": rows, "cols": columns}

    def _again(self, client: Asked) -> None:
        if self._reading is not None:
            self._reading.attach_again(client, **self._wishes())

    def _present(self) -> Reading:
        assert self._reading is not None  # noqa: S101 - `begin` was first
        return self._reading

    def _sit(self, wake: int) -> bool:
        """Go on until the session ends (False) or the user leaves (True)."""
        if repaint := self._present().repaint:
            rows, _ = terminal_size(self._stdin)
            self.screen.scroll_away(rows)
            self.screen.write(repaint.encode())
        while True:
            if self._link.persist(self._hear):  # what came while an answer was awaited
                return False
            wait = 0 if self._more else None
            sources = [self._stdin, self._link.client, wake]
            ready, _, _ = select.select(sources, [], [], wait)
            if wake in ready:
                self._resize(wake)
            if self._stdin in ready and self._type():
                return True

    def _hear(self, client: Asked) -> bool:
        """Draw what came; tell whether the session ended."""
        reading = self._present()
        until = time.monotonic() + _DRAWING_SECONDS
        self._more = False
        for method, params in client.notifications(seconds=_AT_ONCE):
            if method == "agentls/output":
                self._draw(reading.take(client, params))
            elif method == "agentls/controllerChanged":
                if params["session"] == reading.session:
                    self._controls = params["you"]
            elif method == "agentls/sessionEnded" and (
                params["session"] == reading.session
            ):
                self.how = _how(params.get("exit"))
                return True
            if time.monotonic() > until:  # the client may hold more than select sees
                self._more = True
                break
        return False

    def _draw(self, data: bytes) -> None:
        """Draw output; what was written before the attach asks and rings no more."""
        reading = self._present()
        if self._replay is not None:
            new = max(0, reading.position - reading.size)
            cut = max(0, len(data) - new)
            old, data = data[:cut], data[cut:]
            self.screen.write(self._replay.feed(old))
            if reading.position >= reading.size:
                self.screen.write(self._replay.end())
                self._replay = None
        if not self._controls:
            self._answers.shown(data.decode("utf-8", "replace"))
        self.screen.write(data)

    def _type(self) -> bool:
        """Pass on what was typed; tell whether the user leaves."""
        try:
            data = os.read(self._stdin, _PIECE)
        except OSError:  # the terminal is gone
            data = b""
        typed = self._keys.feed(data)
        keys = typed.data
        if not self._controls:  # what a watcher's terminal answers by itself is no key
            keys = self._answers.leave_out(keys)
        # Before the replay's end these are the terminal's answers to old questions.
        if keys and not self._read_only and self._replay_is_over():
            self._link.persist(lambda client: self._send(client, keys))
        return typed.detach or not data

    def _replay_is_over(self) -> bool:
        reading = self._present()
        return reading.position >= reading.size

    def _send(self, client: Asked, data: bytes) -> None:
        reading = self._present()
        if not self._controls:  # somebody else took the keyboard: take it back
            reading.attach_again(client, **self._wishes())
            self._controls = True
        client.notify("agentls/input", {"session": reading.session} | _wire(data))

    def _resize(self, wake: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(wake, _PIECE)
        if self._read_only or not self._controls:
            return
        rows, columns = terminal_size(self._stdin)
        session = self._present().session
        self._link.persist(
            lambda client: client.notify(
                "agentls/resize", {"session": session, "rows": rows, "cols": columns}
            )
        )


def _how(end: dict[str, int] | None) -> str:
    if end is None:
        return ", nobody knows how"
    if number := end.get("signal"):
        with contextlib.suppress(ValueError):
            return f" by {signal.Signals(number).name}"
        return f" by signal {number}"
    return f" with status {end['status']}" if end.get("status") else ""


def _wire(data: bytes) -> dict[str, str]:
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}
