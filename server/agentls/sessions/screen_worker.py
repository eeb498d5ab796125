"""`agentls screens`: the process in which the emulators run.

The emulator is native code that reads what agents write. Here a crash of it ends no
daemon, and its work, at a lower priority, delays no key's echo. The daemon starts it
with one end of a stream socket as standard input and talks to it in lines of JSON;
it ends with that socket. It reads the logs itself, hears of new output from the
shims, and gives them the answers to what the programs ask of their terminal.
"""

import asyncio
import base64
import contextlib
import gc
import json
import logging
import mmap
import os
import socket
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from agentls.background import Background
from agentls.errors import AgentlsError
from agentls.model import SessionId
from agentls.sessions.emulator import EmulatorMissing
from agentls.sessions.folder import read_address
from agentls.sessions.link import Link
from agentls.sessions.live import LiveSession
from agentls.sessions.rounds import Rounds
from agentls.sessions.session_screen import SessionScreen
from agentls.sessions.signal_watch import watch
from agentls.sessions.signals import Rule, Signal, rules_of
from agentls.threads import in_thread

__all__ = ["LINE_MAX", "NAME_MAX", "main"]

LINE_MAX = 64 << 20
"""Bytes of a line; a repaint of a very large screen has a few megabytes."""

NAME_MAX = 256
"""Bytes of the memory that names the session whose output is being read."""

_OPEN_MAX = 32
"""Screens of sessions that nobody follows, held in memory at a time."""

_NICENESS = 10
"""Who watches sees the output itself; only attaching waits for a screen."""


def main(argv: Sequence[str]) -> int:
    """Serve until the daemon's end of the socket closes."""
    sessions, current = Path(argv[0]), int(argv[1])
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    os.nice(_NICENESS)
    asyncio.run(_serve(sessions, current=current))
    return 0


async def _serve(sessions: Path, *, current: int) -> None:
    # One thread: then the name in the shared memory is that of the culprit.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=1))
    channel = socket.socket(fileno=os.dup(0))
    reader, writer = await asyncio.open_unix_connection(sock=channel, limit=LINE_MAX)
    gc.freeze()
    with mmap.mmap(current, NAME_MAX) as name:
        async with Background() as background:
            worker = _Worker(sessions, writer=writer, name=name, background=background)
            while line := await _line(reader):
                worker.take(json.loads(line))
    writer.close()


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ConnectionError:
        return b""


class _Worker:
    """The screens of all sessions, and what the daemon asked about them."""

    def __init__(
        self,
        sessions: Path,
        *,
        writer: asyncio.StreamWriter,
        name: mmap.mmap,
        background: Background,
    ) -> None:
        self._sessions = sessions
        self._writer = writer
        self._name = name
        self._background = background
        self._rounds = Rounds(background)
        self._screens: dict[SessionId, SessionScreen] = {}
        self._followed: set[SessionId] = set()
        self._live: dict[SessionId, LiveSession] = {}
        self._watches: dict[SessionId, tuple[tuple[Rule, ...], int]] = {}
        """What to tell of each session, and from which offset on."""
        self._watching: dict[SessionId, asyncio.Task[None]] = {}

    def take(self, request: dict[str, Any]) -> None:
        """Begin to do what the daemon asks."""
        session = SessionId(request["session"])
        if request["do"] == "follow":
            if session not in self._followed:
                self._followed.add(session)
                self._background.spawn(self._follow(session), name=f"follow {session}")
        elif request["do"] == "watch":
            self._watches[session] = rules_of(request["rules"]), request["since"]
            self._watch(session)
        else:
            self._background.spawn(self._answer(session, request), name="a request")

    async def _follow(self, session: SessionId) -> None:
        """Follow a session until it is over, and say since when and until when."""
        live = LiveSession(session=session, folder=self._sessions / session)
        try:
            address = await in_thread(read_address, self._sessions / session)
            link = await live.connect(address)
        except (AgentlsError, OSError, TimeoutError):
            self._followed.discard(session)
            return
        screen = self._screen(session)
        self._live[session] = live
        missing = False

        def send(upto: int, answers: bytes) -> None:
            link.answer(answers, upto=upto)

        try:
            # A shim of protocol 1 can't say what was answered: then only what comes.
            since = link.size if link.answered is None else link.answered
            await screen.answer(since=since)
            send(*await screen.answers())
            self._tell({"followed": session})
            self._watch(session)
            async with asyncio.TaskGroup() as group:
                group.create_task(_end_with(link, live), name=f"link of {session}")
                await screen.follow(live, rounds=self._rounds, send=send)
                if watching := self._watching.get(session):
                    await asyncio.wait([watching])  # its last words
        except* EmulatorMissing:
            missing = True
        finally:
            live.disconnect()
            self._end_watch(session)
            self._followed.discard(session)
            self._screens.pop(session, None)
            self._tell({"unfollowed": session, "missing": missing})

    def _watch(self, session: SessionId) -> None:
        """Begin to watch a session for signals, once it is followed."""
        live, wanted = self._live.get(session), self._watches.get(session)
        if live is None or wanted is None or session in self._watching:
            return
        rules, since = wanted

        def tell(signal: Signal) -> None:
            self._tell({"signal": session, **signal.encode()})

        async def watching() -> None:
            with contextlib.suppress(EmulatorMissing):  # who follows it says so
                await watch(live, rules, since=since, text=text, tell=tell)

        text = self._screen(session).text
        self._watching[session] = self._background.spawn(
            watching(), name=f"watch {session}"
        )

    def _end_watch(self, session: SessionId) -> None:
        self._live.pop(session, None)
        self._watches.pop(session, None)
        if watching := self._watching.pop(session, None):
            watching.cancel()

    async def _answer(self, session: SessionId, request: dict[str, Any]) -> None:
        found: dict[str, Any] | None = None
        error: AgentlsError | None = None
        try:
            found = await self._asked(self._screen(session), request)
        except EmulatorMissing as missing:
            error = missing
        finally:
            self._tell({"id": request["id"], "found": found, "missing": bool(error)})
        await self._close_unused()

    async def _asked(
        self, screen: SessionScreen, request: dict[str, Any]
    ) -> dict[str, Any] | None:
        if request["do"] == "text":
            shown = await screen.text()
            return {
                "offset": shown.offset,
                "lines": list(shown.lines),
                "title": shown.title,
            }
        repaint = await screen.repaint(ahead_of=request.get("aheadOf"))
        return repaint and {
            "offset": repaint.offset,
            "rows": repaint.rows,
            "cols": repaint.cols,
            "data": base64.b64encode(repaint.data).decode("ascii"),
        }

    def _screen(self, session: SessionId) -> SessionScreen:
        """Give the session's screen, as the one that was used last."""
        screen = self._screens.pop(session, None) or SessionScreen(
            self._sessions / session, before_step=lambda: self._note(session)
        )
        self._screens[session] = screen
        return screen

    async def _close_unused(self) -> None:
        unused = [name for name in self._screens if name not in self._followed]
        for name in unused[:-_OPEN_MAX]:
            if (screen := self._screens.pop(name, None)) is not None:
                await screen.close()

    def _note(self, session: SessionId) -> None:
        self._name[:] = session.encode()[:NAME_MAX].ljust(NAME_MAX, b"\0")

    def _tell(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(ConnectionError):
            self._writer.write(json.dumps(message).encode() + b"\n")


async def _end_with(link: Link, live: LiveSession) -> None:
    """End the session here when its shim is gone; the daemon knows how it ended."""
    await link.closed.wait()
    live.finish(outcome=None, size=link.size)
