"""Sessions without a daemon: their shims and their files, asked in the daemon's words.

Where no daemon can be had (a full disk, a broken store), a session still runs, and
its log is there. `Direct` stands in for the client of a daemon then, for the few
messages that `attach` and `logs` need. As soon as a daemon is there again it raises
`DaemonRestarted`, upon which its user goes on over that one from the same byte.
"""

import base64
import contextlib
import select
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from agentls.cli.drawing import drawn_alone
from agentls.cli.link import connected
from agentls.cli.shim import Shim
from agentls.cli.statuses import DaemonUnreachable
from agentls.client import Notification
from agentls.connect import find
from agentls.errors import DaemonRestarted, InvalidParams, UnknownTask
from agentls.paths import Paths
from agentls.sessions.folder import read_exit
from agentls.sessions.segments import LogFiles, OutputGone

__all__ = ["Asked", "Direct", "reached", "sessions_of"]

_PIECE = 1 << 16
_TAIL = 1 << 16
"""What is shown of a log when no emulator can draw its screen."""

_LOOK_SECONDS = 1.0
"""Between two looks for a daemon, made when something happens anyhow."""


class Asked(Protocol):
    """A daemon's client, or what stands in for one."""

    def execute(self, command: str, arguments: Mapping[str, Any]) -> Any:
        """Run a command and give its result."""
        ...

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        """Send a notification."""
        ...

    def notifications(self, *, seconds: float | None = None) -> Iterator[Notification]:
        """Give what comes, until nothing does for so long."""
        ...

    def fileno(self) -> int:
        """Give what can be waited for."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


def reached() -> Asked:
    """Connect to the daemon; where none can be had, to the sessions themselves."""
    try:
        return connected()
    except DaemonUnreachable as error:
        return Direct(Paths.of_this_process(), why=error.message)


class Direct:
    """Stands in for a daemon's client; one session at a time."""

    def __init__(self, paths: Paths, *, why: str) -> None:
        self.why = why
        """Why there is no daemon."""
        self._paths = paths
        self._session: _Session | None = None
        self._looked = time.monotonic()

    def execute(self, command: str, arguments: Mapping[str, Any]) -> Any:
        """Do what the daemon would: `agentls.attach`, `agentls.getTask`."""
        self._look_for_a_daemon()
        if command == "agentls.getTask":
            names = sessions_of(self._paths.sessions, arguments["task"])
            task, _, _ = names[-1].rpartition("-")
            sessions = [{"id": name} for name in names]
            # Whether more will follow, only a daemon knows.
            return {"task": {"id": task, "state": "unknown", "sessions": sessions}}
        name = (
            arguments.get("session")
            or (sessions_of(self._paths.sessions, arguments["task"])[-1])
        )
        if self._session is None or self._session.name != name:
            self.close()
            self._session = _Session(self._paths, name)
        return self._session.attach(arguments)

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        """Type or resize; an acknowledgement isn't needed here."""
        session = self._session
        if session is None or session.shim is None:
            return
        if method == "agentls/input":
            self._look_for_a_daemon()
            session.shim.type(
                base64.b64decode(params["base64"])
                if "base64" in params
                else params["text"].encode()
            )
        elif method == "agentls/resize":
            session.shim.resize(rows=params["rows"], cols=params["cols"])

    def notifications(self, *, seconds: float | None = None) -> Iterator[Notification]:
        """Give output as it comes, and at last the session's end."""
        if self._session is not None:
            until = None if seconds is None else time.monotonic() + seconds
            for notification in self._session.notifications(until=until):
                yield notification
                self._look_for_a_daemon()

    def fileno(self) -> int:
        """Give the descriptor that can be read when the shim says something."""
        assert self._session is not None  # noqa: S101 - an attach was first
        assert self._session.shim is not None  # noqa: S101 - to a session that lives
        return self._session.shim.fileno()

    def close(self) -> None:
        """Let go of the session, which goes on."""
        if self._session is not None:
            self._session.close()

    def _look_for_a_daemon(self) -> None:
        now = time.monotonic()
        if now < self._looked + _LOOK_SECONDS:
            return
        self._looked = now
        if found := find(self._paths):
            found.close()
            raise DaemonRestarted("There is a daemon again.")


class _Session:
    """One session's folder and, while it lives, its shim."""

    def __init__(self, paths: Paths, name: str) -> None:
        self.name = name
        self.shim: Shim | None = None
        self._paths = paths
        self._folder = paths.sessions / name
        if "/" in name or not self._folder.is_dir():
            raise InvalidParams(f"There is no session {name}.")
        self._log = LogFiles(self._folder)
        self._position = 0
        self._token = uuid.uuid4().hex
        self._controls = False
        self._told_end = False

    def attach(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Begin at the offset, or with what draws the screen."""
        if self.shim is None or self.shim.closed:
            self.shim = Shim.of(self._paths, self._folder)
        live = self.shim is not None
        first, size = self._log.first_offset(), self._log.size()
        offset: int | None = asked.get("offset")
        repaint = None
        nudge = False
        if asked.get("repaint") and (offset is None or not first <= offset <= size):
            repaint = drawn_alone(self._paths.sessions, self.name)
            nudge = repaint is None
            offset = repaint.offset if repaint else self._tail(first, size)
        self._position = first if offset is None else offset
        if self.shim is not None and asked.get("control"):
            self._take_control()
            rows, cols = asked["rows"], asked["cols"]
            if nudge:  # a program that has the whole screen draws it anew
                self.shim.resize(rows=rows, cols=max(1, cols - 1))
            self.shim.resize(rows=rows, cols=cols)
        return {
            "session": self.name,
            "offset": self._position,
            "first": first,
            "size": size,
            "live": live,
        } | ({"repaint": repaint.data.decode("utf-8", "replace")} if repaint else {})

    def notifications(self, *, until: float | None) -> Iterator[Notification]:
        """Give what there is until then, without end if that isn't given."""
        while not self._told_end:
            if self.shim is not None:
                self.shim.hear()
                if self._lost_control():
                    yield self._say("controllerChanged", you=False)
            ended = self.shim is None or self.shim.closed  # before reading: then all
            if (output := self._read()) is not None:
                yield output
            elif not ended and self.shim is not None:
                self.shim.arm(self._position)
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    return
                select.select([self.shim], [], [], left)
            elif (again := Shim.of(self._paths, self._folder)) is not None:
                self.shim = again  # its socket had vanished, or it said too much
            else:
                self._told_end = True
                yield self._end()

    def close(self) -> None:
        """Close the connection and the log."""
        if self.shim is not None:
            self.shim.close()
        self._log.close()

    def _read(self) -> Notification | None:
        try:
            chunk = self._log.read(self._position, limit=_PIECE)
        except OutputGone as gone:
            offset, self._position = self._position, gone.first
            return self._say("output", offset=offset, end=gone.first, text="")
        if chunk.end == self._position:
            return None
        self._position = chunk.end
        try:
            shown = {"text": chunk.data.decode()}
        except UnicodeDecodeError:
            shown = {"base64": base64.b64encode(chunk.data).decode("ascii")}
        return self._say("output", offset=chunk.offset, end=chunk.end, **shown)

    def _end(self) -> Notification:
        record = read_exit(self._folder)
        if record is None:
            return self._say("sessionEnded")
        how = {"status": record.exit.status, "signal": record.exit.signal}
        known = {name: value for name, value in how.items() if value is not None}
        return self._say("sessionEnded", exit=known)

    def _say(self, name: str, **params: Any) -> Notification:
        return Notification(f"agentls/{name}", {"session": self.name} | params)

    def _tail(self, first: int, size: int) -> int:
        """Find where lines begin that fill a screen or more."""
        begin = max(first, size - _TAIL)
        if begin == first:
            return first
        data = self._log.read(begin, limit=_PIECE).data
        return begin + data.find(b"\n") + 1

    def _take_control(self) -> None:
        """Be the one who types; with no daemon to ask, a file says who that is."""
        self._controls = True
        with contextlib.suppress(OSError):  # a full disk: then all type
            self._controller.write_text(self._token)

    def _lost_control(self) -> bool:
        if not self._controls:
            return False
        with contextlib.suppress(OSError):
            self._controls = self._controller.read_text() in {self._token, ""}
        return not self._controls

    @property
    def _controller(self) -> Path:
        return self._folder / "controller"


def sessions_of(sessions: Path, task: str) -> list[str]:
    """Name a task's sessions in their order, told by their folders alone.

    The task's id may be shortened. Raises `UnknownTask`, and `InvalidParams` when
    it is too short to mean one task.
    """
    found: dict[str, list[tuple[int, str]]] = {}
    with contextlib.suppress(OSError):
        for folder in sessions.iterdir():
            owner, _, number = folder.name.rpartition("-")
            if owner.startswith(task) and number.isdecimal():
                found.setdefault(owner, []).append((int(number), folder.name))
    if task in found:
        found = {task: found[task]}
    if len(found) > 1:
        raise InvalidParams(
            f"{task!r} begins the ids of several tasks: {', '.join(sorted(found))}.",
            hint="Give more of it.",
        )
    if not found:
        raise UnknownTask(f"No session of a task {task} is on this disk.")
    return [name for _, name in sorted(found[next(iter(found))])]
