"""What differs by platform: process identity, signals to it, peers of a socket.

Each has a way for Linux and a portable fallback; the tests run both. A pid
alone is never trusted: it may have been given to another process meanwhile,
so a process is named by boot id, pid and start time. Standard library only.
"""

import os
import signal
import socket
import struct
import sys
from pathlib import Path
from typing import NamedTuple

__all__ = [
    "ProcessIdentity",
    "boot_id",
    "host_name",
    "identity_of",
    "is_alive",
    "peer_uid",
    "pid_namespace",
    "signal_process",
]


class ProcessIdentity(NamedTuple):
    """One process, for as long as the machine runs."""

    boot_id: str
    pid: int
    start_time: str
    """Ticks since boot on Linux, `ps`' start date elsewhere; compared, never read."""


def host_name() -> str:
    """Give this machine's name; with a shared home there may be several."""
    return os.uname().nodename


def boot_id() -> str:
    """Name this run of the kernel; the same until the next reboot."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return _boot_id_by_sysctl()


def pid_namespace() -> str:
    """Name the pid namespace of this process; empty where there are none."""
    try:
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115
    except OSError:
        return ""


def identity_of(pid: int) -> ProcessIdentity | None:
    """Give the identity of the process with that pid now, None if there is none."""
    start = _start_time(pid)
    return ProcessIdentity(boot_id(), pid, start) if start else None


def is_alive(process: ProcessIdentity) -> bool:
    """Tell whether that very process still runs (a zombie doesn't)."""
    return process.boot_id == boot_id() and _start_time(process.pid) == (
        process.start_time
    )


def signal_process(process: ProcessIdentity, signum: signal.Signals) -> bool:
    """Send the signal to that very process; False when it is gone."""
    try:
        pidfd = os.pidfd_open(process.pid)
    except (AttributeError, ProcessLookupError):
        return _signal_by_pid(process, signum)
    try:
        # Checked while the descriptor holds the process: no other can take its pid.
        if not is_alive(process):
            return False
        signal.pidfd_send_signal(pidfd, signum)
    except ProcessLookupError:
        return False
    finally:
        os.close(pidfd)
    return True


def peer_uid(connection: socket.socket) -> int:
    """Give the user id of the process at the other end of a unix socket."""
    if sys.platform == "darwin":  # struct xucred: version, uid, …
        data = connection.getsockopt(0, 1, struct.calcsize("IIh16I"))
        return struct.unpack_from("II", data)[1]
    data = connection.getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
    )
    return struct.unpack("3i", data)[1]


def _signal_by_pid(process: ProcessIdentity, signum: signal.Signals) -> bool:
    if not is_alive(process):
        return False
    try:
        os.kill(process.pid, signum)
    except ProcessLookupError:
        return False
    return True


def _start_time(pid: int) -> str:
    """Give the start time of a living process, an empty text for none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        return "" if Path("/proc/self/stat").exists() else _start_time_by_ps(pid)
    except ProcessLookupError:
        return ""
    fields = text[text.rindex(b")") + 2 :].split()  # the name may hold anything
    return "" if fields[0] in {b"Z", b"X"} else fields[19].decode("ascii")


def _start_time_by_ps(pid: int) -> str:
    import subprocess  # noqa: PLC0415 - only where /proc is missing

    found = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        check=False,
        text=True,
    )
    state, _, start = found.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else start.strip()


def _boot_id_by_sysctl() -> str:
    import subprocess  # noqa: PLC0415 - only where /proc is missing

    found = subprocess.run(
        ["sysctl", "-n", "kern.boottime"], capture_output=True, check=False, text=True
    )
    return found.stdout.strip() or "unknown"
