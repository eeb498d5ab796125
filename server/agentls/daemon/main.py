"""`agentls daemon run`: the life of the daemon, from the lock to the clean end.

A clean end takes no more connections, lets the core's operations reach a safe
point, closes the connections, and removes socket and record. Agents go on: they
belong to their shims. Killed at any point instead, the next daemon takes over.
"""

import argparse
import asyncio
import contextlib
import faulthandler
import gc
import logging
import os
import resource
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, cast

import attrs

from agentls import __version__
from agentls.daemon.clock import PatientLoop
from agentls.daemon.instance import AlreadyRunning, Instance, hold_instance
from agentls.daemon.listener import Listener
from agentls.daemon.logs import keep_log
from agentls.errors import AgentlsError
from agentls.paths import Paths
from agentls.spawn import READY, TAKEN, refusal

__all__ = ["HasIdle", "OpenCore", "ServeOne", "Timing", "main"]

_LOG = logging.getLogger(__name__)

_HANG_SECONDS = 3.0
"""What the threads get after the operations."""

_FILES_MAX = 1 << 20  # macOS names infinity as the limit and then refuses it


class HasIdle(Protocol):
    """What the daemon needs to know of a core."""

    @property
    def idle(self) -> bool:
        """Whether nothing runs."""
        ...

    @property
    def idle_exit(self) -> float:
        """Seconds without work and clients after which to end; 0 for never."""
        ...


OpenCore = Callable[[Paths], AbstractAsyncContextManager[Any]]
"""Opens the core; what it gives has `idle`."""


class ServeOne(Protocol):
    """Serves one connection until it closes."""

    def __call__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, core: Any
    ) -> Coroutine[Any, Any, None]:
        """Serve it."""
        ...


@attrs.frozen(kw_only=True)
class Timing:
    """How long things may take, in seconds."""

    idle_exit: float | None = None
    """With nothing running and nobody connected, the daemon ends after this; None: as
    the core says."""

    look: float = 5.0
    """Between two looks whether that is so, and whether the lock is still ours."""

    safe_point: float = 10.0
    """What operations under way get at a clean end."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Timing":
        """Take `AGENTLS_IDLE_EXIT`; 0 means never."""
        text = environ.get("AGENTLS_IDLE_EXIT", "")
        if not text:
            return cls()
        try:
            idle_exit = float(text)
        except ValueError as error:
            raise AgentlsError(
                f"AGENTLS_IDLE_EXIT is {text!r}.", hint="It takes a number of seconds."
            ) from error
        look = max(0.05, min(5.0, idle_exit / 4)) if idle_exit > 0 else cls().look
        return cls(idle_exit=idle_exit, look=look)


def main(
    argv: Sequence[str],
    *,
    open_core: OpenCore | None = None,
    serve: ServeOne | None = None,
) -> int:
    """Be the daemon until it ends; give the exit status.

    `open_core` and `serve` are agentls' own, unless a test gives others.
    """
    options = _parser().parse_args(argv)
    # Before anybody can read our pid: a signal for a daemon must not end it. Handlers
    # rather than SIG_IGN, which agents would inherit: they have to hear a hang-up.
    for signum in (signal.SIGUSR1, signal.SIGHUP):
        signal.signal(signum, lambda _signum, _frame: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if options.detach:
        if os.fork():
            os._exit(0)  # the starter waits for this process and leaves no zombie
        os.setsid()
    say = _Word(options.ready_fd)
    try:
        paths = Paths.of_this_process()
        timing = Timing.from_environ(os.environ)
        with hold_instance(paths) as instance:
            keep_log(paths, level=os.environ.get("AGENTLS_LOG_LEVEL", "INFO").upper())
            _prepare_process()
            life = _Life(
                paths,
                instance=instance,
                timing=timing,
                open_core=open_core or _own_core(),
                serve=serve or _own_serve(),
                say=say,
            )
            return _run(life)
    except AlreadyRunning as error:
        return say.refused(error, word=TAKEN)
    except AgentlsError as error:
        _LOG.error("%s", error.message)
        return say.refused(error, word=refusal(error))
    except Exception as error:  # noqa: BLE001 - the edge: the starter is told of a bug
        _LOG.exception("the daemon ended by a bug")
        told = AgentlsError(
            f"The daemon ended by a bug: {type(error).__name__}: {error}",
            hint="`agentls daemon logs` has its trace.",
        )
        return say.refused(told, word=refusal(told))
    finally:
        say.close()


def _run(life: "_Life") -> int:
    try:
        with asyncio.Runner(loop_factory=PatientLoop) as runner:
            if sys.version_info < (3, 12) and hasattr(os, "pidfd_open"):
                # As later versions do by themselves; else each child has a thread.
                watcher = asyncio.PidfdChildWatcher()
                watcher.attach_loop(runner.get_loop())
                asyncio.set_child_watcher(watcher)  # pyright: ignore[reportDeprecated] - later versions never come here
            return runner.run(life.run())
    except BaseExceptionGroup as group:
        # The groups that own our tasks wrap what ends them; a person needs the core.
        error = _sole(group)
        if isinstance(error, AgentlsError):
            raise error from group
        raise


def _sole(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Give what the group holds, if it is one thing, at whatever depth."""
    found = group.exceptions
    if len(found) != 1:
        return group
    inner = found[0]
    if isinstance(inner, BaseExceptionGroup):
        return _sole(cast("BaseExceptionGroup[BaseException]", inner))
    return inner


class _Life:
    """The asyncio side of one daemon."""

    def __init__(
        self,
        paths: Paths,
        *,
        instance: Instance,
        timing: Timing,
        open_core: OpenCore,
        serve: ServeOne,
        say: "_Word",
    ) -> None:
        self._paths = paths
        self._instance = instance
        self._timing = timing
        self._open_core = open_core
        self._serve = serve
        self._say = say
        self._wake = asyncio.Event()
        self._ending = False
        self._rebind = False

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, self._end)
        loop.add_signal_handler(signal.SIGUSR1, self._look_at_socket)
        async with asyncio.TaskGroup() as connections:
            listener: Listener | None = None
            try:
                async with self._core() as core:

                    def serve(
                        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
                    ) -> Coroutine[Any, Any, None]:
                        return self._serve(reader, writer, core=core)

                    listener = Listener(self._paths, serve=serve, group=connections)
                    await self._listen(listener, core)
                    # A thread that hangs may not keep the lock for ever; says where.
                    faulthandler.dump_traceback_later(
                        self._timing.safe_point + _HANG_SECONDS, exit=True
                    )
                    # First the record, so that a client doesn't find a dead address.
                    self._instance.withdraw()
                    listener.close()
            finally:
                if listener:
                    listener.close()
                    listener.close_connections()
        _LOG.info("ended cleanly")
        return 0

    @contextlib.asynccontextmanager
    async def _core(self) -> AsyncGenerator[HasIdle]:
        """Open the core; give its operations a bounded time when it closes."""
        limit = asyncio.timeout(None)
        try:
            async with limit, self._open_core(self._paths) as core:
                try:
                    yield core
                finally:
                    now = asyncio.get_running_loop().time()
                    limit.reschedule(now + self._timing.safe_point)
        except TimeoutError:
            if not limit.expired():
                raise
            _LOG.warning(
                "operations took longer than %g s; the next daemon goes on with them",
                self._timing.safe_point,
            )

    async def _listen(self, listener: Listener, core: HasIdle) -> None:
        """Listen until the daemon is asked to end or nobody needs it."""
        self._instance.announce(await listener.open())
        _LOG.info("agentls %s listens at %s", __version__, listener.address)
        self._say.ready()
        gc.freeze()  # what was imported needs no more looking through
        loop = asyncio.get_running_loop()
        busy = loop.time()
        limit = self._timing.idle_exit
        limit = (core.idle_exit if limit is None else limit) or float("inf")
        while not await self._woken():
            if self._rebind:
                self._rebind = False
                await self._bind_again(listener)
            now = loop.time()
            if listener.connected or not core.idle:
                busy = now
            if now - busy >= limit:
                _LOG.info("nothing runs and nobody is connected: ending")
                return
            if not self._instance.holds:
                _LOG.error("the lock file was removed or replaced: ending")
                return

    async def _woken(self) -> bool:
        """Wait for a signal or the time to look; tell whether to end."""
        if not self._ending:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._timing.look):
                    await self._wake.wait()
            self._wake.clear()
        return self._ending

    def _end(self) -> None:
        self._ending = True
        self._wake.set()

    def _look_at_socket(self) -> None:
        self._rebind = True
        self._wake.set()

    async def _bind_again(self, listener: Listener) -> None:
        """Mend what a client found broken: the socket, or only the record."""
        try:
            if not listener.reachable:
                await listener.open()
                _LOG.warning("the socket had vanished; now at %s", listener.address)
            self._instance.announce(listener.address)
        except (AgentlsError, OSError) as error:
            _LOG.error("the socket can't be bound again: %s", error)


class _Word:
    """What is said to the starter: once, and only if there is one."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        if descriptor is not None:
            os.set_inheritable(descriptor, False)

    def ready(self) -> None:
        self._say(READY)

    def refused(self, error: AgentlsError, *, word: bytes) -> int:
        """Say why there is no daemon; to a person if nobody else listens."""
        if self._descriptor is None:
            text = f"{error.message}\n{error.hint}".strip()
            with contextlib.suppress(OSError):
                os.write(2, text.encode() + b"\n")
        self._say(word)
        return 1

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _say(self, word: bytes) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(BrokenPipeError):  # the starter gave up
                os.write(self._descriptor, word)
        self.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="agentls daemon run",
        description="Run the daemon here. Clients start it by themselves.",
    )
    parser.add_argument("--detach", action="store_true", help="go on in the background")
    parser.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    return parser


def _prepare_process() -> None:
    if not sys.stderr.isatty():
        faulthandler.enable()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_MAX if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _own_core() -> OpenCore:
    from agentls.assembly import open_core  # noqa: PLC0415 - a test's stub needs none of it

    return open_core


def _own_serve() -> ServeOne:
    from agentls.lsp.connection import serve  # noqa: PLC0415 - the same

    return serve
