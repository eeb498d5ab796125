"""One session: a program in a terminal, its log, and whoever talks to it.

The shim outlives the daemon and can't be upgraded in place, so it is one file,
does little, and imports only C and builtin modules, `signal` and ptyprocess.
docs/shim.md says what must hold, the order of events and the wire protocol.

What is not obvious:

- Nothing here blocks on a client, on the program or on a full disk. Only the
  start (fork and exec) and the end (fsync) wait for the system.
- Of ptyprocess only `spawn` and `setwinsize` are used: it knows how to start a
  program on a terminal and to tell why that failed. Its buffered streams would
  cost 0.3 MB a session and block, so `_Terminal` leaves them out.
- The session ends with the program that was started. What is in the terminal
  then is kept; what its surviving children write later is not: the kernel
  hangs the terminal up when its first process ends, as closing a window does.
"""

# ruff: noqa: PTH108, PTH110, PTH123, SIM105
# pathlib and contextlib would cost every session memory.

import errno
import os
import select
import struct
import time
from _socket import AF_UNIX, SOCK_STREAM, socket  # the C type: no selectors, no enum

from agentls.sessions.processes import (
    boot_id,
    family_of,
    members_of,
    signal_one,
    start_time,
)
from agentls.sessions.program import (
    Refused,
    Spec,
    Terminal,
    find_program,
    kind_of,
    spawn,
)
from agentls.sessions.record import (
    Gaps,
    Log,
    complain,
    keep,
    keep_exit,
    take_room,
)
from agentls.sessions.wire import (
    ANSWER,
    ARM,
    EXIT,
    GRID,
    HEADER,
    HELLO,
    INPUT,
    INPUT_WINDOW,
    MAX_PAYLOAD,
    PROTOCOL,
    RESIZE,
    SIGNAL,
    SIZE,
    STOP,
    TAKEN,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
else:  # the enums of its wrapper would cost each session 0.2 MB
    import _signal as signal

__all__ = ["run"]

_READ_AT_ONCE = 1 << 18
_NOTICE_EVERY = 0.005
_LITTLE = 512
_QUICK_NOTICES = 16
"""How many notices of a little output, such as an echo, may come in one interval."""
_DISK_RETRY_EVERY = 0.2
_KILL_EVERY = 0.05
_HANGUP_RETRY = 0.05
_QUIET_AT_END = 0.02
_DRAIN_AT_END = 0.5
_TELL_AT_END = 1.0


class _Client:
    """Whoever is connected to the control socket.

    What it is still to be told is kept as a state, not as a queue: a client that
    doesn't read costs no more than one that does, whatever goes on.
    """

    __slots__ = (
        *("armed", "due", "incoming", "noticed", "outgoing", "owed", "quick", "sock"),
        "taken",
    )

    def __init__(self, sock: socket) -> None:
        self.sock = sock
        self.incoming = bytearray()
        self.outgoing = bytearray()
        self.armed: int | None = None
        self.noticed = 0.0
        self.quick = 0
        self.owed = 0
        self.taken = 0
        self.due: dict[int, bytes] = {}


class _Door:
    """The control socket, at the address that the folder's file names."""

    def __init__(self) -> None:
        self.listener: socket | None = None
        self._address = ""

    def open(self) -> None:
        """Bind where the file says now; connections that exist stay."""
        self.close()
        with open("address", encoding="utf-8", errors="surrogateescape") as file:
            address = file.read().strip()
        if os.path.exists(address):  # a killed shim's
            os.unlink(address)
        listener = socket(AF_UNIX, SOCK_STREAM)
        listener.setblocking(False)
        listener.bind(address)
        listener.listen(64)
        self.listener, self._address = listener, address

    def close(self) -> None:
        """Stop listening and take the socket's file away."""
        if self.listener is not None:
            self.listener.close()
            self.listener = None
            try:
                os.unlink(self._address)
            except OSError:
                pass  # its folder is gone


class _Shim:
    """The loop of one session, in its folder, which is the working folder."""

    def __init__(
        self,
        *,
        spec: Spec,
        terminal: Terminal,
        gaps: Gaps,
        door: _Door,
        wakeup: int,
    ) -> None:
        self._terminal = terminal
        self._pty = terminal.fd
        self._rows, self._cols = spec.rows, spec.cols
        self._folder = spec.folder
        self._stall = spec.stall
        self._wakeup = wakeup
        self._log = Log(segment_bytes=spec.segment_bytes, keep_bytes=spec.keep_bytes)
        self._gaps = gaps
        self._door = door
        self._clients: dict[int, _Client] = {}
        self._typed: list[tuple[_Client, memoryview]] = []
        self._answered = 0
        self._unsaved = memoryview(b"")
        self._full_since: float | None = None
        self._why_full = ""
        self._dropping = False
        self._retry_at = 0.0
        self._pty_quiet_until = 0.0
        self._kill_at: float | None = None
        self._scan_at = 0.0
        self._doomed: dict[int, bytes] = {}
        self._gone = False
        self._ended: int | None = None
        self._end_by = 0.0
        self._quiet_since = 0.0
        self._hung_up = False

    def run(self) -> None:
        """Serve until the program has ended and its output and status are kept."""
        os.set_blocking(self._pty, False)
        self._note_grid()
        self._on_child()  # it may have ended before the loop began
        while not self._done():
            self._turn()
        self._finish()

    def _turn(self) -> None:
        now = time.monotonic()
        readable, writable = self._interests(now)
        ready, free, _ = select.select(readable, writable, [], self._wait(now))
        now = time.monotonic()
        if self._wakeup in ready:
            self._on_signals()
        listener = self._door.listener
        if listener is not None and listener.fileno() in ready:
            self._accept(listener)
        self._serve(ready, free)
        if self._pty in free:
            self._type()
        if self._unsaved:
            if now >= self._retry_at:
                self._store(now)
        elif self._pty in ready:
            self._read(now)
        if self._kill_at is not None and now >= self._scan_at:
            self._stop_members(now)
        self._notify(now)

    def _serve(self, ready: list[int], free: list[int]) -> None:
        for fd, client in list(self._clients.items()):
            if fd in ready:
                self._receive(client)
            if fd in free:
                self._flush(client)

    def _interests(self, now: float) -> tuple[list[int], list[int]]:
        readable = [self._wakeup, *self._clients]
        if self._door.listener is not None:
            readable.append(self._door.listener.fileno())
        writable = [fd for fd, client in self._clients.items() if client.outgoing]
        if not self._hung_up or now >= self._pty_quiet_until:
            self._hung_up = False
            if not self._unsaved:  # a full disk: the program waits
                readable.append(self._pty)
            if self._typed:
                writable.append(self._pty)
        return readable, writable

    def _wait(self, now: float) -> float | None:
        """Give the seconds until something is due, None for nothing."""
        due: list[float] = []
        if self._unsaved:
            due.append(self._retry_at)
        if self._hung_up:
            due.append(self._pty_quiet_until)
        if self._kill_at is not None:
            due.append(self._scan_at)
        if self._ended is not None:
            due.append(min(self._end_by, self._quiet_since + _QUIET_AT_END))
        due += [
            client.noticed + _NOTICE_EVERY
            for client in self._clients.values()
            if client.armed is not None and self._log.size > client.armed
        ]
        return max(0.0, min(due) - now) if due else None

    # The terminal.

    def _read(self, now: float) -> None:
        chunks: list[bytes] = []
        count = 0
        try:
            while count < _READ_AT_ONCE:
                chunk = os.read(self._pty, 1 << 16)
                if not chunk:
                    self._hang_up(now)
                    break
                chunks.append(chunk)
                count += len(chunk)
                if count <= _LITTLE:  # most likely all; select tells if there is more
                    break
        except BlockingIOError:
            pass
        except OSError:
            self._hang_up(now)
        if chunks:
            self._quiet_since = now
            self._unsaved = memoryview(b"".join(chunks))
            if self._dropping and now < self._retry_at:
                self._drop()
            else:
                self._store(now)

    def _hang_up(self, now: float) -> None:
        # Nobody has the terminal open. The program may live on and open it again,
        # so look now and then; its exit is what ends the session.
        self._hung_up = True
        self._pty_quiet_until = now + _HANGUP_RETRY

    def _store(self, now: float) -> None:
        """Move what was read into the log; on a full disk wait, and later drop."""
        try:
            while self._unsaved:
                self._unsaved = self._unsaved[self._log.append(self._unsaved) :]
        except OSError as error:
            if self._full_since is None:
                self._full_since = now
            self._retry_at = now + _DISK_RETRY_EVERY
            self._why_full = errno.errorcode.get(error.errno or 0, "unknown")
            if now - self._full_since >= self._stall:
                self._drop()
        else:
            self._full_since = None
            self._dropping = False
            self._gaps.close()

    def _drop(self) -> None:
        # Invariant: a dropped byte has its offset, and the gap is on record before
        # the next segment begins. tests/sessions/test_full_disk.py
        begin = self._log.size
        self._log.skip(len(self._unsaved))
        self._unsaved = memoryview(b"")
        self._dropping = True
        self._gaps.widen(begin=begin, end=self._log.size, reason=self._why_full)

    def _type(self) -> None:
        """Give the program what was typed, as much as it takes now."""
        budget = MAX_PAYLOAD  # a turn: output and control go on beside a paste
        while self._typed and budget > 0:
            client, data = self._typed[0]
            try:
                written = os.write(self._pty, data[:4096])
            except OSError:  # full, or hung up: then the program's exit ends it
                return
            budget -= written
            client.owed -= written
            client.taken += written
            self._send(client, TAKEN, struct.pack("<I", client.taken))
            if written < len(data):
                self._typed[0] = (client, data[written:])
            else:
                del self._typed[0]

    def _resize(self, *, rows: int, cols: int) -> None:
        if not (rows and cols) or (rows, cols) == (self._rows, self._cols):
            return
        self._rows, self._cols = rows, cols
        try:
            self._terminal.setwinsize(rows, cols)  # pyright: ignore[reportUnknownMemberType] - ptyprocess has no types
        except OSError:  # hung up
            return
        self._note_grid()
        for client in list(self._clients.values()):
            self._send(client, GRID, struct.pack("<HH", rows, cols))

    def _note_grid(self) -> None:
        """Keep from which offset on the grid has this size, for a later repaint."""
        line = f"{self._log.size} {self._rows} {self._cols}\n".encode("ascii")
        try:
            fd = os.open("grids", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(fd, line)
            finally:
                os.close(fd)
        except OSError:
            pass  # a full disk: the repaint will use the size before

    # Clients.

    def _accept(self, listener: socket) -> None:
        try:
            # The C type's own accept, which typeshed doesn't know.
            accepted = listener._accept()  # noqa: SLF001 # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType] - as said
        except OSError:  # gone again, or no descriptor left
            return
        fd = int(accepted[0])  # pyright: ignore[reportUnknownArgumentType] - the same
        os.set_inheritable(fd, False)
        sock = socket(fileno=fd)
        sock.setblocking(False)
        client = _Client(sock)
        self._clients[fd] = client
        self._send(
            client,
            HELLO,
            struct.pack(
                "<HHHQQ",
                *(PROTOCOL, self._rows, self._cols, self._log.size, self._answered),
            ),
        )

    def _receive(self, client: _Client) -> None:
        try:
            data = client.sock.recv(MAX_PAYLOAD)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._part(client)
            return
        client.incoming += data
        while len(client.incoming) >= HEADER.size:
            kind, length = HEADER.unpack_from(client.incoming)
            if length > MAX_PAYLOAD:
                self._part(client)
                return
            end = HEADER.size + length
            if len(client.incoming) < end:
                return
            payload = bytes(client.incoming[HEADER.size : end])
            del client.incoming[:end]
            try:
                self._obey(client, kind, payload)
            except struct.error:
                self._part(client)
                return

    def _obey(self, client: _Client, kind: int, payload: bytes) -> None:
        if kind == INPUT:
            self._take_input(client, payload)
        elif kind == ANSWER:
            (upto,) = struct.unpack_from("<Q", payload)
            # Invariant: what the program asked is answered once, whoever follows
            # the log after a crash. tests/sessions/test_shim.py
            if upto > self._answered:
                self._answered = upto
                self._take_input(client, payload[8:])
        elif kind == RESIZE:
            rows, cols = struct.unpack("<HH", payload)
            self._resize(rows=rows, cols=cols)
        elif kind == SIGNAL:
            (signum,) = struct.unpack("<I", payload)
            self._signal_foreground(signum)
        elif kind == ARM:
            (client.armed,) = struct.unpack("<Q", payload)
        elif kind == STOP:
            (grace,) = struct.unpack("<I", payload)
            self._stop(grace / 1000)
        # else: a newer client; what this shim doesn't know it leaves out

    def _take_input(self, client: _Client, data: bytes) -> None:
        client.owed += len(data)
        if client.owed > INPUT_WINDOW:  # it doesn't keep to the protocol
            self._part(client)
        elif data:
            self._typed.append((client, memoryview(data)))
            if len(self._typed) == 1:
                self._type()

    def _notify(self, now: float) -> None:
        """Tell each client that armed and has waited long enough the size.

        A little output is told at once: somebody waits for the echo of a key. Much
        output is told once an interval, which costs a flood the least.
        """
        for client in list(self._clients.values()):
            if client.armed is None or self._log.size <= client.armed:
                continue
            if now >= client.noticed + _NOTICE_EVERY:
                client.noticed = now
                client.quick = 0
            elif (
                client.quick < _QUICK_NOTICES
                and self._log.size - client.armed <= _LITTLE
            ):
                client.quick += 1
            else:
                continue
            client.armed = None
            self._send(client, SIZE, struct.pack("<Q", self._log.size))

    def _send(self, client: _Client, kind: int, payload: bytes) -> None:
        """Tell a client, in place of what it has not been told yet of that kind."""
        if client.sock.fileno() >= 0:
            client.due[kind] = payload
            self._flush(client)

    def _flush(self, client: _Client) -> None:
        while client.due or client.outgoing:
            if not client.outgoing:
                for kind, payload in client.due.items():
                    client.outgoing += HEADER.pack(kind, len(payload)) + payload
                    if kind == TAKEN:
                        client.taken = 0
                client.due.clear()
            try:
                sent = client.sock.send(client.outgoing)
            except BlockingIOError:
                return
            except OSError:
                self._part(client)
                return
            del client.outgoing[:sent]

    def _part(self, client: _Client) -> None:
        self._clients.pop(client.sock.fileno(), None)
        client.sock.close()

    # Signals and the end.

    def _on_signals(self) -> None:
        for signum in os.read(self._wakeup, 64):
            if signum == signal.SIGCHLD:
                self._on_child()
            elif signum == signal.SIGUSR1:
                try:
                    self._door.open()
                except OSError as error:  # the daemon asks again
                    complain(f"no control socket: {error}")
            elif signum == signal.SIGTERM:
                # The machine goes down, or somebody means this session: hang up, as
                # a terminal's window does, and stay to keep what it still says.
                self._signal_foreground(signal.SIGHUP)
                self._signal_foreground(signal.SIGCONT)

    def _signal_foreground(self, signum: int) -> None:
        try:
            group = os.tcgetpgrp(self._pty)
        except OSError:
            group = self._terminal.pid
        if self._gone or group <= 1:
            return
        try:
            os.killpg(group, signum)
        except OSError:  # no such signal, or the group has just ended
            pass

    def _stop(self, grace: float) -> None:
        now = time.monotonic()
        kill_at = now + grace
        if self._kill_at is None:
            self._kill_at = kill_at
            self._signal_members(signal.SIGTERM)
            self._signal_members(signal.SIGCONT)  # a stopped job must wake to end
        self._kill_at = min(self._kill_at, kill_at)
        self._scan_at = min(now + _KILL_EVERY, self._kill_at)

    def _stop_members(self, now: float) -> None:
        """Kill what is left when the grace is over; see the end of the last one."""
        assert self._kill_at is not None  # noqa: S101 - the caller has looked
        left = self._find_members()
        if now >= self._kill_at:
            self._signal_members(signal.SIGKILL)
        self._scan_at = now + _KILL_EVERY
        if self._gone and not left:
            self._kill_at = None
            self._reap(now)

    def _find_members(self) -> dict[int, bytes]:
        found = members_of(self._terminal.pid, also=self._doomed)
        found.update(family_of(self._folder))
        self._doomed.update(found)
        return found

    def _signal_members(self, signum: int) -> None:
        groups = {self._terminal.pid}
        try:
            groups.add(os.tcgetpgrp(self._pty))
        except OSError:
            pass
        for group in groups:
            if group > 1:
                try:
                    os.killpg(group, signum)
                except OSError:
                    pass
        for pid, start in self._find_members().items():
            signal_one(pid, start, signum)

    def _on_child(self) -> None:
        """Look whether the program has ended; while a stop goes on, hold its pid."""
        if self._ended is not None or self._gone:
            return
        now = time.monotonic()
        if hasattr(os, "waitid"):
            options = os.WEXITED | os.WNOHANG | os.WNOWAIT
            if os.waitid(os.P_PID, self._terminal.pid, options) is None:
                return
            self._gone = True
            if self._kill_at is not None:
                # Not reaped yet: nobody else can get its pid, by which the
                # children that are to end with it are found.
                self._scan_at = now
                return
        self._reap(now)

    def _reap(self, now: float) -> None:
        options = 0 if self._gone else os.WNOHANG
        pid, status = os.waitpid(self._terminal.pid, options)
        if pid:
            self._gone = True
            self._hung_up = False  # look once more: it may have written since
            self._ended = status
            self._typed.clear()
            self._quiet_since = now
            self._end_by = now + _DRAIN_AT_END

    def _done(self) -> bool:
        """Tell whether the program has ended and the terminal has no more to give."""
        if self._ended is None or self._unsaved:
            return False
        now = time.monotonic()
        if not self._hung_up:
            self._read(now)
        if self._unsaved:
            return False
        return (
            self._hung_up
            or now >= self._end_by
            or now >= self._quiet_since + _QUIET_AT_END
        )

    def _finish(self) -> None:
        status = self._ended or 0
        try:
            self._log.sync()
        except OSError:
            pass  # what the disk can't take can't be mended here
        code, by = os.waitstatus_to_exitcode(status), 0
        if code < 0:
            code, by = -1, -code
        keep_exit(status=code, by=by, size=self._log.size)
        payload = struct.pack("<iIQ", code, by, self._log.size)
        for client in list(self._clients.values()):
            self._send(client, EXIT, payload)
        deadline = time.monotonic() + _TELL_AT_END
        while waiting := [fd for fd, c in self._clients.items() if c.outgoing]:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            _, free, _ = select.select([], waiting, [], left)
            for fd in free:
                self._flush(self._clients[fd])
        self._door.close()


def run(request: int) -> None:
    """Be the shim for the request that the descriptor brings; returns at the end.

    The descriptor is one end of a stream socket: it brings the length and the
    records of a `Spec`, and takes one answer, `ok` or a kind, NUL and a sentence.
    """
    channel = socket(fileno=request)
    channel.setblocking(True)
    claimed = False
    try:
        spec = Spec(_receive_exactly(channel, _receive_length(channel)))
        wakeup = _catch_signals()
        _enter(spec.folder)
        claimed = True
        shim = _begin(spec, wakeup=wakeup)
    except Refused as refusal:
        if claimed:
            keep_exit(status=127, by=0, size=0, error=str(refusal))
        _answer(channel, f"{refusal.kind}\0{refusal}")
        return
    _answer(channel, "ok")
    channel.close()
    shim.run()


def _begin(spec: Spec, *, wakeup: int) -> _Shim:
    """Take the room that the end needs, then listen, then start the program."""
    identity = (
        f"version {PROTOCOL}\nboot {boot_id()}\n"
        f"shim {os.getpid()} {start_time(os.getpid())}\n"
    )
    program = find_program(spec)
    try:
        # Without the program yet, so that a daemon that restarts now finds this shim.
        keep("meta", identity + "end\n")
        take_room("meta")  # for the second time, when the program runs already
        take_room("exit")
        gaps = Gaps()
        door = _Door()
        door.open()
    except OSError as error:
        raise Refused(kind_of(error), f"The session's files: {error}") from error
    terminal = spawn(program, spec)
    try:
        agent = f"agent {terminal.pid} {start_time(terminal.pid)}\n"
        keep("meta", identity + agent + "end\n")
    except OSError as error:
        os.kill(terminal.pid, signal.SIGKILL)
        os.waitpid(terminal.pid, 0)
        door.close()
        raise Refused(kind_of(error), f"The session's files: {error}") from error
    return _Shim(spec=spec, terminal=terminal, gaps=gaps, door=door, wakeup=wakeup)


def _enter(folder: bytes) -> None:
    """Make the session's folder the working folder, and claim it for this process."""
    try:
        os.chdir(folder)
        # Invariant: one folder, one shim. tests/sessions/test_shim.py
        os.close(os.open("claim", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        fd = os.open("shim.err", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except FileExistsError as error:
        raise Refused("claimed", "The session has a shim already.") from error
    except OSError as error:
        raise Refused(kind_of(error), f"The session's folder: {error}") from error
    os.dup2(fd, 2)
    os.close(fd)


def _catch_signals() -> int:
    """Send the signals that concern a session through a pipe; give its end."""
    wakeup, write = os.pipe()
    os.set_blocking(wakeup, False)
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for signum in (signal.SIGCHLD, signal.SIGUSR1, signal.SIGTERM):
        signal.signal(signum, _note_signal)
    for signum in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(signum, signal.SIG_IGN)
    return wakeup


def _note_signal(*_: object) -> None:
    """Have Python write the signal's number to the pipe; nothing else is needed."""


def _receive_length(channel: socket) -> int:
    (length,) = struct.unpack("<I", _receive_exactly(channel, 4))
    return length


def _receive_exactly(channel: socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = channel.recv(min(count - len(data), 1 << 20))
        if not part:
            raise Refused("internal", "The request ended too soon.")
        data += part
    return bytes(data)


def _answer(channel: socket, text: str) -> None:
    try:
        channel.sendall(text.encode("utf-8", "surrogateescape"))
    except OSError:
        pass  # the daemon is gone; the next one finds the session by its folder
