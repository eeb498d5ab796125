"""Starting shims: through a zygote, through another one, or by a bare spawn."""

import asyncio
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import ptyprocess

import agentls
from agentls.threads import in_thread

__all__ = ["ShimStarter", "helper_environment"]

_ANSWER_WITHIN = 30.0
_HAND_OVER_WITHIN = 5.0
_END_WITHIN = 5.0
_MOST_ANSWER = 1 << 16

_SERVER_DIR = Path(agentls.__file__).resolve().parent.parent
_LIBRARY_DIR = Path(ptyprocess.__file__).resolve().parent.parent
_ZYGOTE = Path(__file__).resolve().with_name("zygote.py")


class ShimStarter:
    """Holds one zygote, started with the first request; shims don't depend on it."""

    def __init__(self, *, python: str) -> None:
        self._python = python
        self._lock = asyncio.Lock()
        self._zygote: _Zygote | None = None

    @property
    def zygote_pid(self) -> int | None:
        """The pid of the zygote that lives now."""
        return self._zygote.process.pid if self._zygote else None

    async def ask(self, request: bytes, *, begun: Callable[[], bool]) -> str:
        """Have a shim take the request, and give its answer.

        Tried again, at last without a zygote, as long as nobody has taken it;
        `begun` tells whether one has. Empty when one has and gave no answer.
        Raises `TimeoutError` when there was none in time, and `OSError` when no
        process can be started.
        """
        for attempt in (self._by_zygote, self._by_zygote, self._by_bare_spawn):
            ours, theirs = socket.socketpair()
            with ours:
                with theirs:
                    taken = await attempt(theirs)
                if not taken:
                    continue
                async with asyncio.timeout(_ANSWER_WITHIN):
                    answer = await _exchange(ours, request)
            if answer or begun():
                return answer
        return ""

    async def close(self) -> None:
        """Let the zygote end."""
        async with self._lock:
            await self._drop_zygote()

    async def _by_zygote(self, request: socket.socket) -> bool:
        async with self._lock:
            if self._zygote is None:
                self._zygote = await in_thread(_Zygote, self._python)
            try:
                await in_thread(self._zygote.hand_over, request)
            except OSError:  # it was killed
                await self._drop_zygote()
                return False
        return True

    async def _by_bare_spawn(self, request: socket.socket) -> bool:
        # `once` forks twice and ends: the shim is no child of this process.
        process = await in_thread(_spawn, self._python, "once", stdin=request)
        await in_thread(_end, process)
        return True

    async def _drop_zygote(self) -> None:
        if self._zygote is not None:
            zygote, self._zygote = self._zygote, None
            zygote.control.close()
            await in_thread(_end, zygote.process)


class _Zygote:
    """A running zygote and the socket that it serves; it ends with the socket."""

    def __init__(self, python: str) -> None:
        self.control, theirs = socket.socketpair()
        with theirs:
            self.process = _spawn(python, "serve", stdin=theirs)
        self.control.settimeout(_HAND_OVER_WITHIN)

    def hand_over(self, request: socket.socket) -> None:
        """Give it a request; OSError when it is gone."""
        socket.send_fds(self.control, [b"r"], [request.fileno()])


def helper_environment() -> dict[str, str]:
    """Give what Python may need to load, and nothing of an editor's or an agent's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("LD_", "DYLD_"))
    }
    return kept | {"PATH": os.defpath}


def _spawn(python: str, mode: str, *, stdin: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            *(python, "-S", "-E", "-I", "-X", "utf8"),
            *(str(_ZYGOTE), mode, str(_SERVER_DIR), str(_LIBRARY_DIR)),
        ],
        stdin=stdin.fileno(),
        stdout=subprocess.DEVNULL,
        env=helper_environment(),
        cwd="/",
        start_new_session=True,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that is about to end; kill it when it doesn't."""
    try:
        process.wait(_END_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def _exchange(channel: socket.socket, request: bytes) -> str:
    """Send the request and read the answer; empty when nobody is there."""
    loop = asyncio.get_running_loop()
    channel.setblocking(False)
    answer = bytearray()
    try:
        await loop.sock_sendall(channel, request)
        while len(answer) < _MOST_ANSWER:
            part = await loop.sock_recv(channel, 4096)
            if not part:
                break
            answer += part
    except ConnectionError:
        pass
    return answer.decode("utf-8", "surrogateescape")
