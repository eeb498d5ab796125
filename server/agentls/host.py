"""What differs by platform: process identity, signals to it, peers of a socket.

Each has a way for Linux and a portable fallback; the tests run both. A pid
alone is never trusted: it may have been given to another process meanwhile,
so a process is named by boot id, pid and start time. Standard library only.
"""

import os
import select
import signal
import socket
import struct
import sys
import time
from pathlib import Path
from typing import NamedTuple, Protocol

__all__ = [
    "HasOptions",
    "ProcessIdentity",
    "ProcessUse",
    "available_memory",
    "boot_id",
    "host_name",
    "identity_of",
    "is_alive",
    "peer_uid",
    "pid_namespace",
    "process_uses",
    "signal_process",
    "variable_of",
    "wait_gone",
]

_PROC = Path("/proc")
_POLL = 0.02
_TOOL_SECONDS = 5


class ProcessIdentity(NamedTuple):
    """One process, for as long as the machine runs."""

    boot_id: str
    pid: int
    start_time: str
    """Ticks since boot on Linux, `ps`' start date elsewhere; compared, never read."""


class ProcessUse(NamedTuple):
    """What a process uses, at the moment of a look."""

    pid: int
    parent: int
    start_time: str
    """As in `ProcessIdentity`."""
    cpu: float
    """Seconds on processors, with those of its children that have ended."""
    memory: int
    """Bytes; on Linux without what it shares with files."""


class HasOptions(Protocol):
    """A socket, or asyncio's view of one."""

    def getsockopt(self, level: int, optname: int, buflen: int, /) -> bytes:
        """Give an option's bytes."""
        ...


def host_name() -> str:
    """Give this machine's name; with a shared home there may be several."""
    return os.uname().nodename


def boot_id() -> str:
    """Name this run of the kernel; the same until the next reboot."""
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return _tool("sysctl", "-n", "kern.boottime") or "unknown"


def available_memory() -> int | None:
    """Give the bytes that programs can still have without swapping; None: unknown."""
    try:
        lines = (_PROC / "meminfo").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) << 10
    return None


def process_uses() -> tuple[ProcessUse, ...]:
    """Look at all living processes; it takes some milliseconds."""
    try:
        pids = [int(path.name) for path in _PROC.iterdir() if path.name.isdigit()]
    except OSError:
        return _uses_by_ps()
    return tuple(use for pid in pids if (use := _use(pid)))


def variable_of(pid: int, name: str) -> str | None:
    """Give a variable that a process began with; None where that can't be known."""
    try:
        environment = (_PROC / f"{pid}/environ").read_bytes()
    except OSError:  # gone, somebody else's, or no Linux
        return None
    mark = f"{name}=".encode()
    for variable in environment.split(b"\0"):
        if variable.startswith(mark):
            return os.fsdecode(variable[len(mark) :])
    return None


def pid_namespace() -> str:
    """Name the pid namespace of this process; empty where there are none."""
    try:
        return os.readlink(_PROC / "self/ns/pid")  # noqa: PTH115 - no file is at its end
    except OSError:
        return ""


def identity_of(pid: int) -> ProcessIdentity | None:
    """Give the identity of the process with that pid now, None if there is none."""
    start = _start_time(pid)
    return ProcessIdentity(boot_id(), pid, start) if start else None


def is_alive(process: ProcessIdentity) -> bool:
    """Tell whether that very process still runs (a zombie doesn't)."""
    return (
        process.boot_id == boot_id() and _start_time(process.pid) == process.start_time
    )


def signal_process(process: ProcessIdentity, signum: signal.Signals) -> bool:
    """Send the signal to that very process; False when it is gone.

    Raises PermissionError for another user's process.
    """
    pidfd = _pidfd(process.pid)
    try:
        # Checked while the descriptor holds the process: no other can take its pid.
        if not is_alive(process):
            return False
        if pidfd is None:
            os.kill(process.pid, signum)
        else:
            signal.pidfd_send_signal(pidfd, signum)
    except ProcessLookupError:
        return False
    finally:
        if pidfd is not None:
            os.close(pidfd)
    return True


def wait_gone(process: ProcessIdentity, *, seconds: float) -> bool:
    """Wait until that very process has ended; False when it still runs after that."""
    pidfd = _pidfd(process.pid)
    if pidfd is None:
        return _wait_by_looking(process, seconds=seconds)
    try:
        # The descriptor speaks for the whole process: its leader may be a zombie
        # while other threads still hold its sockets and locks.
        if process.boot_id != boot_id() or _stat(process.pid)[1] != process.start_time:
            return True
        return bool(select.select([pidfd], [], [], seconds)[0])
    finally:
        os.close(pidfd)


def peer_uid(connection: HasOptions) -> int:
    """Give the user id of the process at the other end of a unix socket."""
    if sys.platform == "darwin":  # LOCAL_PEERCRED's struct xucred: version, uid, …
        data = connection.getsockopt(0, 1, struct.calcsize("IIh16I"))
        return struct.unpack_from("II", data)[1]
    data = connection.getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
    )
    return struct.unpack("3i", data)[1]


def _pidfd(pid: int) -> int | None:
    """Hold the process that has the pid now; None where the system can't."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # macOS; an old kernel, a sandbox, or no process
        return None


def _wait_by_looking(process: ProcessIdentity, *, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while is_alive(process):
        left = end - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(left, _POLL))
    return True


def _start_time(pid: int) -> str:
    """Give the start time of a living process, an empty text for none."""
    state, start = _stat(pid)
    return "" if state in {"Z", "X"} else start


def _stat(pid: int) -> tuple[str, str]:
    """Give a process's state in one letter and its start time; empty for none."""
    try:
        text = (_PROC / f"{pid}/stat").read_bytes()
    except FileNotFoundError:
        return ("", "") if (_PROC / "self/stat").exists() else _stat_by_ps(pid)
    except ProcessLookupError:
        return "", ""
    fields = text[text.rindex(b")") + 2 :].split()  # the name may hold anything
    return fields[0].decode("ascii"), fields[19].decode("ascii")


def _use(pid: int) -> ProcessUse | None:
    try:
        text = (_PROC / f"{pid}/stat").read_bytes()
        _, resident, shared, *_ = (_PROC / f"{pid}/statm").read_bytes().split()
    except OSError:  # it ended meanwhile
        return None
    fields = text[text.rindex(b")") + 2 :].split()  # the name may hold anything
    if fields[0] in {b"Z", b"X"}:
        return None
    ticks = sum(map(int, fields[11:15]))
    return ProcessUse(
        pid=pid,
        parent=int(fields[1]),
        start_time=fields[19].decode("ascii"),
        cpu=ticks / os.sysconf("SC_CLK_TCK"),
        memory=(int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE"),
    )


def _uses_by_ps() -> tuple[ProcessUse, ...]:
    lines = _tool("ps", "-axo", "pid=,ppid=,rss=,time=,stat=,lstart=").splitlines()
    found: list[ProcessUse] = []
    for line in lines:
        pid, parent, memory, cpu, state, start = line.split(None, 5)
        if state[0] != "Z":
            found.append(
                ProcessUse(
                    pid=int(pid),
                    parent=int(parent),
                    start_time=start.strip(),
                    cpu=_seconds(cpu),
                    memory=int(memory) << 10,
                )
            )
    return tuple(found)


def _seconds(time_text: str) -> float:
    """Read what ps prints of a time: `1-02:03:04`, `02:03:04` or `2:03.45`."""
    days, _, clock = time_text.rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = 60 * seconds + float(part)
    return 86400 * int(days or 0) + seconds


def _stat_by_ps(pid: int) -> tuple[str, str]:
    found = _tool("ps", "-o", "stat=,lstart=", "-p", str(pid))
    state, _, start = found.partition(" ")
    return state[:1], start.strip()


def _tool(*command: str) -> str:
    """Give what a small program of the system prints; empty when it can't be run."""
    import subprocess  # noqa: PLC0415 - 11 ms, and only where /proc is missing

    # Two processes compare what they got: neither's time zone or language may show.
    environment = {"PATH": os.defpath + ":/usr/sbin", "LC_ALL": "C", "TZ": "UTC"}
    try:
        found = subprocess.run(
            command,
            capture_output=True,
            check=False,
            text=True,
            timeout=_TOOL_SECONDS,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip()
