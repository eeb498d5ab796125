"""The screens of sessions, as the daemon asks for them; a process of its own has them.

Everything here is a cache. Where no emulator can be had, or while its process is
started anew, there is no screen: a viewer is then given the log.
"""

import asyncio
import base64
import json
import logging
import mmap
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import agentls
from agentls.background import Background
from agentls.model import SessionId
from agentls.sessions.emulator import EmulatorMissing
from agentls.sessions.screen_worker import LINE_MAX, NAME_MAX
from agentls.sessions.session_screen import Repaint, ShownText
from agentls.sessions.signals import Rule, Signal
from agentls.sessions.starter import helper_environment

__all__ = ["Screens"]

_LOG = logging.getLogger(__name__)

_ANSWER_WITHIN = 60.0
_END_WITHIN = 2.0
_CRASHES_MAX = 2
"""After so many crashes while its output was read, a session gets no screen."""
_AGAIN_SECONDS = 0.2
_AGAIN_SECONDS_MAX = 30.0
_STEADY_SECONDS = 60.0
"""A process that ran so long before it ended is started anew without waiting."""


class Screens:
    """Follows the sessions that run and draws those that somebody asks for.

    Use as an async context manager. `follow` also has the questions answered that
    programs ask of their terminal.
    """

    def __init__(self, sessions: Path) -> None:
        self.signalled: Callable[[SessionId, Signal], None] = lambda _id, _signal: None
        """Told of each signal of a session that is watched; set once."""
        self._sessions = sessions
        self._background = Background()
        self._watched: dict[SessionId, tuple[Sequence[Rule], int]] = {}
        self._wanted: set[SessionId] = set()
        self._followed: set[SessionId] = set()
        self._crashes: Counter[SessionId] = Counter()
        self._requests: dict[int, asyncio.Future[Any]] = {}
        self._last_id = 0
        self._missing = False
        self._ready = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        """Begin; no process is started before it is needed."""
        await self._background.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        await self._background.__aexit__(kind, error, trace)

    @property
    def pid(self) -> int | None:
        """The process that has the screens now."""
        return self._process.pid if self._process else None

    def follow(self, session: SessionId) -> None:
        """Keep up with a session that runs, until it ends; may be said again."""
        self._wanted.add(session)
        if self._possible(session):
            self._start()
            self._tell({"do": "follow", "session": session})

    def forget(self, session: SessionId) -> None:
        """Follow a session no more that has ended."""
        self._wanted.discard(session)
        self._watched.pop(session, None)
        self._crashes.pop(session, None)

    def watch(self, session: SessionId, rules: Sequence[Rule], *, since: int) -> None:
        """Tell of signals in the output from that offset on, while it is followed."""
        self._watched[session] = rules, since
        self._tell_to_watch(session)

    def answers(self, session: SessionId) -> bool:
        """Tell whether what the program asks of its terminal is answered from here.

        Then what a viewer's own terminal answers must not reach the program.
        """
        return session in self._wanted and self._possible(session)

    async def repaint(
        self, session: SessionId, *, ahead_of: int | None = None
    ) -> Repaint | None:
        """Give what draws a session's screen as it is now.

        With `ahead_of`, as far as it is followed, and None unless that is beyond
        this offset. None also where no screen can be had.
        """
        request: dict[str, Any] = {"do": "repaint", "session": session}
        if ahead_of is not None:
            if session not in self._followed:
                return None
            request["aheadOf"] = ahead_of
        found = await self._ask(request)
        return found and Repaint(
            offset=found["offset"],
            rows=found["rows"],
            cols=found["cols"],
            data=base64.b64decode(found["data"]),
        )

    async def text(self, session: SessionId) -> ShownText:
        """Give the text on a session's screen; raises `EmulatorMissing`."""
        found = await self._ask({"do": "text", "session": session})
        if found is None:
            raise EmulatorMissing(
                "There is no screen of this session.",
                hint="`agentls logs` prints its output.",
            )
        return ShownText(
            offset=found["offset"], lines=tuple(found["lines"]), title=found["title"]
        )

    async def _ask(self, request: dict[str, Any]) -> Any:
        """Ask the process, once more when it ends meanwhile."""
        session = SessionId(request["session"])
        for _ in range(2):
            if not self._possible(session):
                return None
            self._start()
            self._last_id += 1
            number = self._last_id
            answer = asyncio.get_running_loop().create_future()
            self._requests[number] = answer
            try:
                async with asyncio.timeout(_ANSWER_WITHIN):
                    await self._ready.wait()
                    self._tell({**request, "id": number})
                    found = await answer
            except TimeoutError:
                _LOG.warning("no screen of %s in time", session)
                return None
            finally:
                self._requests.pop(number, None)
            if found is not None:
                self._missing = found["missing"]
                return found["found"]
        return None

    def _possible(self, session: SessionId) -> bool:
        return not self._missing and self._crashes[session] < _CRASHES_MAX

    def _start(self) -> None:
        if self._keeping is None:
            self._keeping = self._background.spawn(self._keep(), name="screens")

    def _tell(self, message: Mapping[str, Any]) -> None:
        if self._writer is not None and self._ready.is_set():
            self._writer.write(json.dumps(message).encode() + b"\n")

    def _tell_to_watch(self, session: SessionId) -> None:
        rules, since = self._watched[session]
        encoded = [rule.encode() for rule in rules]
        self._tell(
            {"do": "watch", "session": session, "rules": encoded, "since": since}
        )

    async def _keep(self) -> None:
        """Have a process as long as this runs; start another when it ends."""
        wait = _AGAIN_SECONDS
        # The name of the session whose output is being read, for when it crashes.
        with tempfile.TemporaryFile(prefix="agentls-screens-") as file:
            file.truncate(NAME_MAX)
            with mmap.mmap(file.fileno(), NAME_MAX) as name:
                while True:
                    began = time.monotonic()
                    await self._run(file)
                    culprit = SessionId(
                        name[:].rstrip(b"\0").decode("utf-8", "replace")
                    )
                    self._crashes[culprit] += 1
                    _LOG.error("the screens' process ended at session %r", culprit)
                    if time.monotonic() - began > _STEADY_SECONDS:
                        wait = _AGAIN_SECONDS
                    await asyncio.sleep(wait)
                    wait = min(_AGAIN_SECONDS_MAX, wait * 2)

    async def _run(self, current: IO[bytes]) -> None:
        """Start the process and hear it until it ends."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = process = await asyncio.create_subprocess_exec(
                *self._command(current.fileno()),
                stdin=theirs.fileno(),
                stdout=asyncio.subprocess.DEVNULL,
                pass_fds=[current.fileno()],
                env=helper_environment(),
                cwd="/",
                start_new_session=True,
            )
        reader, self._writer = await asyncio.open_unix_connection(
            sock=ours, limit=LINE_MAX
        )
        self._ready.set()
        try:
            for session in filter(self._possible, self._wanted):
                self._tell({"do": "follow", "session": session})
                if session in self._watched:
                    self._tell_to_watch(session)
            while line := await reader.readline():
                self._hear(json.loads(line))
        except ConnectionError:
            pass
        finally:
            self._ready.clear()
            self._followed.clear()
            self._writer.close()
            self._writer = None
            for answer in self._requests.values():
                if not answer.done():
                    answer.set_result(None)
            await _end(process)
            self._process = None

    def _hear(self, message: dict[str, Any]) -> None:
        if "followed" in message:
            self._followed.add(SessionId(message["followed"]))
        elif "unfollowed" in message:
            self._followed.discard(SessionId(message["unfollowed"]))
            self._missing = self._missing or message["missing"]
        elif "signal" in message:
            self._hear_signal(message)
        elif (answer := self._requests.get(message["id"])) and not answer.done():
            answer.set_result(message)

    def _hear_signal(self, message: dict[str, Any]) -> None:
        session = SessionId(message.pop("signal"))
        signal = Signal(**message)
        if watched := self._watched.get(session):
            # The next process goes on from here.
            rules, since = watched
            seen = signal.source in {"osc", "title", "bell"}
            self._watched[session] = rules, signal.offset if seen else since
        self.signalled(session, signal)

    def _command(self, current: int) -> list[str]:
        program = Path(agentls.__file__).resolve().parent / "__main__.py"
        return [
            *(sys.executable, "-I", str(program)),
            *("screens", str(self._sessions), str(current)),
        ]


async def _end(process: asyncio.subprocess.Process) -> None:
    """Wait for a process whose socket is closed; kill it when it goes on."""
    try:
        async with asyncio.timeout(_END_WITHIN):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
