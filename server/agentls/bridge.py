"""`agentls lsp`: an editor's stdio on one side, the daemon's socket on the other.

The bridge outlives daemons. When one goes, it closes towards the editor what was
open, finds or starts the next, tells it what the editor had told, and says
`agentls/reconnected`. Messages that arrive meanwhile wait, in order.

Two threads: the main one reads the editor, `_follow` the daemons. Between them
`_state` guards queue, ledger and replay, and is never held while writing: a
reader that waits for a lock would stop the stream that its holder waits for.
Standard library only: an editor waits for this to start.
"""

import contextlib
import os
import re
import select
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from agentls.client import client_environment, delegate_of
from agentls.connect import connect
from agentls.errors import AgentlsError
from agentls.frames import BadFrame, Frame, FrameSplitter
from agentls.ledger import Ledger
from agentls.letters import Letter, Message, answer, notification, pack, refuse, unpack
from agentls.paths import Paths
from agentls.replay import Replay

__all__ = ["Bridge", "main"]

_PIECE = 64 << 10
"""Bytes read at a time. Room for more is mapped anew each time: 25 µs a message."""
_GREETING_SECONDS = 30.0
_PAUSE = 0.1
_PAUSE_MAX = 30.0
_LONG_LIFE = 10.0
"""Seconds after which a daemon's end isn't counted with the failures before."""

_PASSED = (
    # The end of a body as pygls writes it. Safe for any JSON: its last byte closes
    # the outer object, so the members before it are the outer ones, and inside a
    # string the quotes would be escaped. A notification, so nothing waits for it.
    b'"method": "agentls/output", "jsonrpc": "2.0"}',
    b'"method":"agentls/output","jsonrpc":"2.0"}',
)

_ANSWER = re.compile(rb'\{"id": (\d{1,15}), "jsonrpc": "2\.0", "result": ')
"""The beginning of an answer as pygls writes it: its first member is an outer one."""


class _EditorGone(Exception):
    """Nobody reads our output any more."""


class _DaemonGone(Exception):
    """The connection ended, or makes no sense."""


def main(argv: Sequence[str]) -> int:
    """Bridge stdio to the daemon; give the exit status that LSP asks for."""
    # `--stdio` is what many editors add by themselves.
    if unknown := [argument for argument in argv if argument != "--stdio"]:
        sys.stderr.write(f"agentls lsp takes no arguments: {' '.join(unknown)}\n")
        return 2
    if sys.stdin.isatty():
        sys.stderr.write("agentls lsp is for editors. Ctrl-D ends it.\n")
    # A key pressed in the editor's terminal isn't for us; a handler rather than
    # SIG_IGN, which a daemon started here would inherit.
    signal.signal(signal.SIGINT, lambda _signum, _frame: None)
    paths = Paths.of_this_process()
    return Bridge(lambda: connect(paths), environ=os.environ).run()


class Bridge:
    """One editor, and one daemon after the other."""

    def __init__(
        self,
        connect_daemon: Callable[[], socket.socket],
        *,
        environ: Mapping[str, str],
        editor_in: int = 0,
        editor_out: int = 1,
    ) -> None:
        self._connect = connect_daemon
        self._environ = environ
        self._in = editor_in
        self._out = editor_out
        self._out_lock = threading.Lock()
        self._end_read, self._end_write = os.pipe()
        """Written when the output is gone: the main thread waits for it too."""
        self._state = threading.Condition()
        # Under _state:
        self._queue: deque[Letter] = deque()
        self._daemon: socket.socket | None = None
        """The daemon that takes messages; None while they queue."""
        self._trouble: AgentlsError | None = None
        """Why there is no daemon, while none is being looked for."""
        self._asked = False
        """Whether the editor sent something since the trouble began."""
        self._ledger = Ledger()
        self._replay = Replay()
        self._shutting_down = False
        # Of _follow alone:
        self._generation = 1
        self._failures = 0

    def run(self) -> int:
        """Pass messages until the editor exits or is gone; give the exit status."""
        follower = threading.Thread(target=self._follow, name="daemons", daemon=True)
        follower.start()
        splitter = FrameSplitter()
        while True:
            readable = select.select([self._in, self._end_read], [], [])[0]
            if self._end_read in readable:
                follower.join(1)  # after a bug it still writes its trace
                return 1
            data = os.read(self._in, _PIECE)
            if not data:
                return 0 if self._shutting_down else 1
            try:
                for frame in splitter.feed(data):
                    letter = unpack(frame)
                    self._take(letter)
                    if letter.method == "exit":
                        return 0 if self._shutting_down else 1
            except BadFrame as error:
                sys.stderr.write(f"{error.message} {error.hint}\n")
                return 1
            except _EditorGone:
                return 1

    # The main thread: from the editor.

    def _take(self, letter: Letter) -> None:
        """Pass a message on, or let it wait, or refuse it when there is no daemon."""
        if letter.method == "initialize":
            letter = self._with_environment(letter)
        elif letter.method == "shutdown":
            self._shutting_down = True
        while True:
            with self._state:
                daemon, raw = self._route(letter)
            if raw is None:
                return
            if daemon is None:
                self._write(raw)
                return
            try:
                daemon.sendall(raw)
            except OSError:
                if not self._take_back(letter, daemon):
                    return
            else:
                return

    def _route(self, letter: Letter) -> tuple[socket.socket | None, bytes | None]:
        """Say what to write where: the daemon, or None for the editor itself."""
        if self._trouble is not None:
            self._asked = True
            self._state.notify()
            refused = self._refuse(letter, self._trouble)
            return None, pack(refused) if refused else None
        if self._daemon is None:
            self._queue.append(letter)
            return None, None
        return self._daemon, self._entered(letter)

    def _with_environment(self, letter: Letter) -> Letter:
        """Add what agents need of the editor's environment, unless it is given.

        What runs in an agent's session asks in that agent's name, whatever is given.
        """
        params: Any = letter.message and letter.message.get("params")
        if not isinstance(params, dict):
            return letter
        known = cast("dict[str, Any]", params)
        given: Any = known.get("initializationOptions") or {}
        if not isinstance(given, dict):
            return letter
        options: Message = {
            "environment": client_environment(self._environ),
            **cast("Message", given),
        }
        if (delegate := delegate_of(self._environ)) is not None:
            options["delegate"] = delegate
        message = {
            **cast("Message", letter.message),
            "params": {**known, "initializationOptions": options},
        }
        return Letter(message, pack(message))

    def _entered(self, letter: Letter) -> bytes | None:
        """Enter a message that goes to the daemon now; None if it goes nowhere."""
        message = letter.message
        if message is None:
            return letter.raw  # the daemon answers that it isn't JSON
        if letter.is_answer:
            redeemed = self._ledger.redeem(message)
            return pack(redeemed) if redeemed else None
        if letter.is_request:
            self._ledger.ask(message)
        self._replay.note(message)
        return letter.raw

    def _take_back(self, letter: Letter, daemon: socket.socket) -> bool:
        """After a failed send: tell whether the message is for the next daemon."""
        with self._state:
            if self._daemon is daemon:
                self._daemon = None
            _hang_up(daemon)  # so that the other thread notices too
            message = letter.message
            if message is None or letter.is_answer:
                return False
            if letter.is_request:
                # Not whole in the socket, so not done; unless it is answered already.
                return self._ledger.settle(message["id"]) is not None
            return not self._replay.note(message)

    def _refuse(self, letter: Letter, error: AgentlsError) -> Message | None:
        """Give the answer to a message that no daemon can take."""
        message = letter.message
        if message is None or letter.is_answer:
            return None
        if not letter.is_request:
            self._replay.note(message)
            return None
        if letter.method == "shutdown":
            return answer(message["id"], None)
        return refuse(message["id"], error)

    # The other thread: the daemons.

    def _follow(self) -> None:
        """Serve one daemon after the other until the editor is gone."""
        try:
            while True:
                self._pause()
                try:
                    daemon = self._connect()
                except AgentlsError as error:
                    self._failures += 1
                    self._in_trouble(error)
                    continue
                began = time.monotonic()
                try:
                    self._serve(daemon)
                except (_DaemonGone, BadFrame, OSError):
                    if time.monotonic() - began > _LONG_LIFE:
                        self._failures = 0
                    self._failures += 1
                finally:
                    self._lost(daemon)
        except _EditorGone:
            return
        finally:
            os.write(self._end_write, b"x")  # after a bug too: better gone than deaf

    def _pause(self) -> None:
        """Wait longer after each failure; after trouble, for the editor as well."""
        pause = 0.0
        if self._failures > 1:
            pause = min(_PAUSE * 2 ** min(self._failures - 2, 16), _PAUSE_MAX)
        end = time.monotonic() + pause
        with self._state:
            if self._trouble is not None:
                # An editor that was served before is waiting for its output.
                patience = _PAUSE_MAX if self._replay.greeted else None
                self._state.wait_for(lambda: self._asked, timeout=patience)
        time.sleep(max(0.0, end - time.monotonic()))
        with self._state:
            self._trouble = None
            self._asked = False

    def _in_trouble(self, error: AgentlsError) -> None:
        """Answer all that waits: there is no daemon, and why."""
        with self._state:
            self._trouble = error
            told = [self._refuse(letter, error) for letter in self._queue]
            self._queue.clear()
        self._write(b"".join(pack(message) for message in told if message))

    def _serve(self, daemon: socket.socket) -> None:
        """Talk to one daemon until it is gone; always by raising."""
        splitter = FrameSplitter()
        if self._replay.greeted:
            self._greet_again(daemon, splitter)
        self._flush(daemon)
        while True:
            self._write(self._heard(_receive(daemon, splitter)))

    def _greet_again(self, daemon: socket.socket, splitter: FrameSplitter) -> None:
        """Tell a new daemon what the editor told the one before."""
        own = f"agentls-greeting-{self._generation}"
        with self._state:
            greeting = {**cast("Message", self._replay.initialize), "id": own}
            rest = list(self._replay.messages())
        daemon.settimeout(_GREETING_SECONDS)
        daemon.sendall(pack(greeting))
        greeted = False
        while not greeted:
            others: list[Frame] = []
            for frame in _receive(daemon, splitter):
                message = None if greeted else unpack(frame).message
                if message and message.get("id") == own and "method" not in message:
                    if "error" in message:
                        raise _DaemonGone
                    greeted = True
                else:
                    others.append(frame)
            self._write(self._heard(others))
        daemon.sendall(b"".join(pack(message) for message in rest))
        daemon.settimeout(None)
        reconnected = {"generation": self._generation}
        self._write(pack(notification("agentls/reconnected", reconnected)))

    def _flush(self, daemon: socket.socket) -> None:
        """Send what waited, in order; then the main thread may send by itself."""
        while True:
            with self._state:
                if not self._queue:
                    self._daemon = daemon
                    return
                letter = self._queue.popleft()
                raw = self._entered(letter)
            if raw is None:
                continue
            try:
                daemon.sendall(raw)
            except OSError:
                if self._take_back(letter, daemon):
                    with self._state:
                        self._queue.appendleft(letter)
                raise

    def _heard(self, frames: Sequence[Frame]) -> bytes:
        """Give what goes to the editor for these frames of the daemon."""
        run: list[bytes] = []
        for frame in frames:
            if frame.raw.endswith(_PASSED):
                run.append(frame.raw)
            elif (raw := self._heard_one(frame)) is not None:
                run.append(raw)
        return run[0] if len(run) == 1 else b"".join(run)

    def _heard_one(self, frame: Frame) -> bytes | None:
        if found := _ANSWER.match(frame.raw, frame.start):
            message: Message | None = {"id": int(found[1]), "result": None}
        else:
            message = unpack(frame).message
        if message is None:
            raise _DaemonGone  # it isn't ours
        method = message.get("method")
        with self._state:
            if method is None:
                return frame.raw if self._answered(message) else None
            if "id" in message:
                return pack(self._ledger.lend(message))
            if method == "$/progress":
                self._ledger.follow_progress(message.get("params"))
            elif method == "$/cancelRequest":
                cancelled = self._ledger.cancel(message)
                return pack(cancelled) if cancelled else None
        return frame.raw

    def _answered(self, message: Message) -> bool:
        """Take the answer into account; tell whether the editor waits for it."""
        if message.get("id") is None:
            return True  # it could not read a message
        asked = self._ledger.settle(message["id"])
        if asked is None:
            return False
        self._failures = 0
        if asked.get("method") == "initialize" and "error" not in message:
            self._replay.greeted = True
        return True

    def _lost(self, daemon: socket.socket) -> None:
        """Close what was open with a daemon that is gone."""
        with self._state:
            self._daemon = None
            greeting = self._replay.initialize
            if greeting and not self._replay.greeted:
                # The editor still waits for its first answer: the next one gives it.
                if asked := self._ledger.settle(greeting["id"]):
                    self._queue.appendleft(Letter(asked, pack(asked)))
            else:
                self._generation += 1
            told = self._ledger.close()
        _hang_up(daemon)
        daemon.close()
        self._write(b"".join(map(pack, told)))

    def _write(self, data: bytes) -> None:
        """Write to the editor, whole. Raises `_EditorGone`."""
        if not data:
            return
        view = memoryview(data)
        with self._out_lock:
            while view:
                try:
                    view = view[os.write(self._out, view) :]
                except BlockingIOError:  # an editor's pipe may be non-blocking
                    select.select([], [self._out], [])
                except OSError as error:
                    raise _EditorGone from error


def _receive(daemon: socket.socket, splitter: FrameSplitter) -> list[Frame]:
    data = daemon.recv(_PIECE)
    if not data:
        raise _DaemonGone
    return list(splitter.feed(data))


def _hang_up(daemon: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it was gone already
        daemon.shutdown(socket.SHUT_RDWR)
