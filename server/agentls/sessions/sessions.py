"""All sessions of this user, as the daemon sees them: start, adopt, watch.

The daemon may die at any moment: what is known about a session lies in its
folder, and everything here can be done again by the next daemon.
"""

import asyncio
import errno
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Self

from agentls.background import Background
from agentls.errors import (
    AgentlsError,
    AgentMissing,
    Internal,
    InvalidParams,
    InvalidState,
    StorageFull,
)
from agentls.host import is_alive, signal_process
from agentls.model import Exit, SessionId
from agentls.paths import Paths
from agentls.sessions.family import end_family
from agentls.sessions.folder import (
    ExitRecord,
    Meta,
    claim,
    claimed_since,
    is_claimed,
    read_address,
    read_exit,
    read_meta,
    socket_name,
    write_address,
)
from agentls.sessions.launch import Launch, LogLimits, encode_request
from agentls.sessions.live import EndedSession, LiveSession, Watched
from agentls.sessions.log import LogReader
from agentls.sessions.starter import ShimStarter
from agentls.threads import in_thread

__all__ = ["Sessions"]

_LOG = logging.getLogger(__name__)

_META_WITHIN = 10.0
_LOOK_EVERY = 0.02
_REACH_WITHIN = 10.0
_REACH_AGAIN = 2.0
_CANCELLED_GRACE = 2.0
_START_WITHIN = 10.0

_REFUSALS: dict[str, type[AgentlsError]] = {
    "arguments": InvalidParams,
    "claimed": InvalidState,
    "cwd": InvalidParams,
    "full": StorageFull,
    "internal": Internal,
    "missing": AgentMissing,
}
_HINTS = {
    "arguments": "Give the prompt in a file, or make it shorter.",
    "cwd": "Nothing was started. Restore the worktree and try again.",
    "full": "Nothing was started. Free some room and try again.",
    "missing": "Install it, or name its full path in the configuration.",
}


class Sessions:
    """Starts sessions and finds them again. Use as an async context manager.

    Leaving it ends no session: their shims go on, and the next one adopts them.
    `linked` is told of each session whose shim can be reached now, `over` of its end,
    `resized` of rows and columns.
    """

    def __init__(
        self,
        *,
        paths: Paths,
        python: str = sys.executable,
        limits: LogLimits | None = None,
        linked: Callable[[SessionId], None] = lambda _: None,
        over: Callable[[SessionId], None] = lambda _: None,
        resized: Callable[[SessionId, int, int], None] = lambda _id, _rows, _cols: None,
    ) -> None:
        self._paths = paths
        self._linked = linked
        self._over = over
        self._resized = resized
        self._limits = limits or LogLimits()
        self._starter = ShimStarter(python=python)
        self._live: dict[SessionId, LiveSession] = {}
        self._begun: dict[SessionId, asyncio.Future[LiveSession]] = {}
        """What is being started."""
        self._locks: dict[SessionId, asyncio.Lock] = {}
        self._background = Background()
        self._starting: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Begin; nothing is started before it is asked for."""
        await self._background.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of every session; they run on. A start that is under way ends."""
        if self._starting:
            await asyncio.wait(self._starting, timeout=_START_WITHIN)
        try:
            await self._background.__aexit__(kind, error, trace)
        finally:
            for session in self._live.values():
                session.disconnect()
            await self._starter.close()

    async def start(self, launch: Launch) -> LiveSession:
        """Run a program in a new session and give it, running.

        Raises `AgentMissing` when the program isn't found or can't be executed,
        `InvalidParams` for a folder that isn't there, `StorageFull` and `Internal`.
        When the caller is cancelled the session is stopped, if it has begun.
        """
        folder = self._folder(launch.id)
        begun: asyncio.Future[LiveSession] = asyncio.get_running_loop().create_future()
        self._begun[launch.id] = begun
        begun.add_done_callback(lambda _: self._begun.pop(launch.id, None))
        try:
            request = await in_thread(
                encode_request, launch, folder=folder, limits=self._limits
            )
        except BaseException:
            begun.cancel()
            raise
        self._spawn_start(
            self._start(launch, request=request, result=begun),
            name=f"start {launch.id}",
        )
        try:
            return await asyncio.shield(begun)
        except asyncio.CancelledError:
            self._spawn_start(_undo(begun), name=f"undo {launch.id}")
            raise

    async def adopt(self, session: SessionId) -> LiveSession | Exit | None:
        """Find a session again: it runs, it ended, or (None) it was lost.

        A session that never began is lost, and will not begin any more.
        """
        async with self._locks.setdefault(session, asyncio.Lock()):
            if (known := self._live.get(session)) is not None:
                return known
            folder = self._folder(session)
            meta = await self._find_meta(folder)
            record = await in_thread(_outcome, folder, meta)
            if isinstance(record, ExitRecord):
                return record.exit
            if record is None:
                self._lost(session)
                return None
            live = LiveSession(session=session, folder=folder, resized=self._resized)
            await self._reach(live, meta=record)
            outcome = await in_thread(_outcome, folder, record)
            if not isinstance(outcome, Meta):
                live.disconnect()
                if outcome is None:
                    self._lost(session)
                return outcome.exit if outcome else None
            self._register(live, meta=record)
            return live

    def get(self, session: SessionId) -> LiveSession | None:
        """Give a session that runs and was started or adopted here."""
        return self._live.get(session)

    def living(self) -> tuple[SessionId, ...]:
        """Give the sessions that run."""
        return tuple(self._live)

    async def watch(self, session: SessionId) -> Watched:
        """Give what a viewer needs, for a session that runs or has ended.

        One that is being started is waited for.
        """
        if (begun := self._begun.get(session)) is not None:
            await asyncio.wait([begun])
        if (live := self._live.get(session)) is not None:
            return live
        folder = self._folder(session)
        size = await LogReader(folder).size()
        return EndedSession(folder=folder, size=size)

    def log(self, session: SessionId) -> LogReader:
        """Give a reader for a session's log, also when it has ended."""
        return LogReader(self._folder(session))

    def _folder(self, session: SessionId) -> Path:
        if not session or session.startswith(".") or "/" in session or "\0" in session:
            raise InvalidParams(f"{session!r} can't be a session's id.")
        return self._paths.sessions / session

    def _address(self, session: SessionId) -> Path:
        return self._paths.make_socket_dir() / socket_name(session)

    def _spawn_start(self, work: Coroutine[None, None, None], *, name: str) -> None:
        task = self._background.spawn(work, name=name)
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _start(
        self, launch: Launch, *, request: bytes, result: "asyncio.Future[LiveSession]"
    ) -> None:
        """Start a session and tell the result, be it an error."""
        try:
            live = await self._begin(launch, request=request)
        except (AgentlsError, OSError, TimeoutError) as error:
            result.set_exception(_told(error, launch=launch))
            result.exception()  # seen: a caller that is gone asks no more
        except asyncio.CancelledError:
            result.cancel()
            raise
        else:
            result.set_result(live)

    async def _begin(self, launch: Launch, *, request: bytes) -> LiveSession:
        folder = self._folder(launch.id)
        await in_thread(self._make_folder, launch.id)
        try:
            answer = await self._starter.ask(request, begun=lambda: is_claimed(folder))
        except TimeoutError:
            answer = ""
        if answer not in {"", "ok"}:
            kind, _, message = answer.partition("\0")
            error = _REFUSALS.get(kind, Internal)
            raise error(message, hint=_HINTS.get(kind, ""))
        # No answer: a shim that was killed, or is slow. Its folder knows.
        found = await self.adopt(launch.id)
        if isinstance(found, LiveSession):
            return found
        if answer == "ok":  # it has ended already
            return await self._already_ended(launch.id)
        raise Internal(
            "The session could not be started: its shim was gone before it answered.",
            hint="Try again; `agentls doctor` looks for the cause.",
        )

    async def _already_ended(self, session: SessionId) -> LiveSession:
        folder = self._folder(session)
        live = LiveSession(session=session, folder=folder)
        record = await in_thread(read_exit, folder)
        size = await live.log().size()
        live.finish(outcome=record.exit if record else None, size=size)
        return live

    def _make_folder(self, session: SessionId) -> None:
        folder = self._folder(session)
        try:
            self._paths.make_private()
            folder.mkdir(mode=0o700)
        except FileExistsError as error:
            raise InvalidState(
                f"There is a session {session} already; it was left alone."
            ) from error
        write_address(folder, address=self._address(session))

    async def _find_meta(self, folder: Path) -> Meta | None:
        """Read who the session is; wait for a shim that is just beginning."""
        meta = await in_thread(read_meta, folder)
        if meta is not None or not await in_thread(folder.is_dir):
            return meta
        if await in_thread(claim, folder):
            return None  # nobody had begun, and now nobody will
        if await in_thread(claimed_since, folder) > _META_WITHIN:
            return None  # torn, as by a machine that went down
        try:
            async with asyncio.timeout(_META_WITHIN):
                while meta is None and not await in_thread(read_exit, folder):
                    await asyncio.sleep(_LOOK_EVERY)
                    meta = await in_thread(read_meta, folder)
        except TimeoutError:
            return None
        return meta

    def _register(self, live: LiveSession, *, meta: Meta) -> None:
        self._live[live.id] = live
        self._background.spawn(self._keep(live, meta=meta), name=f"keep {live.id}")
        self._linked(live.id)

    async def _keep(self, live: LiveSession, *, meta: Meta) -> None:
        """Stay with a session until it is over; connect again when that was lost."""
        folder = self._folder(live.id)
        while True:
            await live.unlinked()
            outcome = await in_thread(_outcome, folder, meta)
            if not isinstance(outcome, Meta):
                break
            if await self._reach(live, meta=meta):
                self._linked(live.id)
            elif isinstance(await in_thread(_outcome, folder, meta), Meta):
                await asyncio.sleep(_REACH_AGAIN)  # alive, and out of reach
        size = outcome.size if outcome else await live.log().size()
        if outcome is None:
            self._lost(live.id)
        del self._live[live.id]
        self._locks.pop(live.id, None)
        self._over(live.id)
        live.finish(outcome=outcome.exit if outcome else None, size=size)

    def _lost(self, session: SessionId) -> None:
        folder = self._folder(session)
        self._background.spawn(end_family(folder), name=f"end what {session} left")

    async def _reach(self, live: LiveSession, *, meta: Meta) -> bool:
        """Connect to a shim that lives, if need be at a new address."""
        folder = self._folder(live.id)
        try:
            address = await in_thread(read_address, folder)
            await live.connect(address)
        except AgentlsError as error:  # a newer shim: it goes on, and others are served
            _LOG.warning("%s is out of reach: %s %s", live.id, error, error.hint)
            return False
        except (OSError, TimeoutError):
            pass
        else:
            return True
        try:
            async with asyncio.timeout(_REACH_WITHIN):
                return await self._reach_anew(live, meta=meta)
        except TimeoutError:
            return False

    async def _reach_anew(self, live: LiveSession, *, meta: Meta) -> bool:
        # Its socket is gone (a cleaned temporary folder) or nobody answers there.
        folder = self._folder(live.id)
        address = await in_thread(self._address, live.id)
        await in_thread(write_address, folder, address=address)
        if not await in_thread(signal_process, meta.shim, signal.SIGUSR1):
            return False
        while True:
            try:
                await live.connect(address)
            except OSError:
                if not await in_thread(is_alive, meta.shim):
                    return False
                await asyncio.sleep(_LOOK_EVERY)
            else:
                return True


def _outcome(folder: Path, meta: Meta | None) -> ExitRecord | Meta | None:
    """Say how it ended, or `meta` while it lives, or None when it was lost."""
    alive = meta is not None and is_alive(meta.shim)
    # Read after the look: a shim that ended in between has left it by now.
    record = read_exit(folder)
    if record is not None:
        return record
    return meta if alive else None


def _told(error: AgentlsError | OSError, *, launch: Launch) -> AgentlsError:
    if isinstance(error, AgentlsError):
        return error
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFull(f"The session's files: {error}.", hint=_HINTS["full"])
    return Internal(
        f"{launch.argv[0]} could not be started: {error}. Nothing runs.",
        hint="Try again; `agentls doctor` looks for the cause.",
    )


async def _undo(begun: "asyncio.Future[LiveSession]") -> None:
    """Stop a session whose start was cancelled, once it has begun."""
    await asyncio.wait([begun])
    if not begun.cancelled() and begun.exception() is None:
        await begun.result().stop(_CANCELLED_GRACE)
