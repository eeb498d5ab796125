"""Processes as /proc shows them: who belongs to a terminal, and since when.

For the shim, which can't afford the imports of `agentls.host`.
"""

# ruff: noqa: PTH208, SIM105
# pathlib and contextlib would cost every session memory.

import os
import signal

__all__ = [
    "FAMILY",
    "boot_id",
    "family_of",
    "members_of",
    "signal_one",
    "start_time",
]

FAMILY = "AGENTLS_SESSION_FOLDER"
"""Set for a session's program to the session's folder, and inherited by its children:
by this they are known, wherever they have gone."""


def members_of(leader: int, *, also: dict[int, bytes]) -> dict[int, bytes]:
    """Give pid and start time of the living processes of a terminal's session.

    Those are the processes of the session that `leader` began, its descendants,
    and those of `also` that are still the same ones. Empty without /proc: then
    only process groups can be signalled.
    """
    processes = {pid: fields for pid in _pids() if (fields := _stat(pid))}
    found: dict[int, bytes] = {}
    for pid, (state, parent, _, session, start) in processes.items():
        if state in (b"Z", b"X"):
            continue
        ancestor = int(parent)
        while ancestor != leader and ancestor in processes:
            ancestor = int(processes[ancestor][1])
        if leader in (ancestor, int(session), pid) or also.get(pid) == start:
            found[pid] = start
    return found


def family_of(folder: bytes) -> dict[int, bytes]:
    """Give pid and start time of the living processes that began in a session.

    Those whose environment names its folder, whatever became of their parents and of
    their terminal. Empty without /proc; those of other users can't be seen.
    """
    mark = b"\0%b=%b\0" % (FAMILY.encode(), folder)
    found: dict[int, bytes] = {}
    for pid in _pids():
        if mark in b"\0%b\0" % _read(f"/proc/{pid}/environ"):
            fields = _stat(pid)
            if fields and fields[0] not in (b"Z", b"X"):
                found[pid] = fields[4]
    return found


def signal_one(pid: int, start: bytes, signum: int) -> None:
    """Signal the process that began then; nothing if it is gone, or may not be."""
    try:
        process = os.pidfd_open(pid)
    except OSError:
        return
    except AttributeError:  # not Linux: between look and signal it may be another
        fields = _stat(pid)
        if fields and fields[4] == start:
            _kill(pid, signum)
        return
    try:
        fields = _stat(pid)
        if fields and fields[4] == start:
            signal.pidfd_send_signal(process, signum)
    except OSError:
        pass
    finally:
        os.close(process)


def _kill(pid: int, signum: int) -> None:
    try:
        os.kill(pid, signum)
    except OSError:
        pass


def start_time(pid: int) -> str:
    """Give a process's start time as `agentls.host` does, which compares it."""
    if fields := _stat(pid):
        return fields[4].decode("ascii")
    return _output_of("ps", "-o", "lstart=", "-p", str(pid))


def boot_id() -> str:
    """Name this run of the kernel as `agentls.host` does."""
    try:
        fd = os.open("/proc/sys/kernel/random/boot_id", os.O_RDONLY)
    except OSError:
        return _output_of("sysctl", "-n", "kern.boottime") or "unknown"
    try:
        return os.read(fd, 64).decode("ascii").strip()
    finally:
        os.close(fd)


def _pids() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _stat(pid: int) -> tuple[bytes, bytes, bytes, bytes, bytes] | None:
    """Give state, parent, group, session and start time; None when there is none."""
    text = _read(f"/proc/{pid}/stat")
    if not text:
        return None
    fields = text[text.rindex(b")") + 2 :].split()  # the name may hold anything
    return fields[0], fields[1], fields[2], fields[3], fields[19]


def _read(path: str) -> bytes:
    """Give a small file of /proc whole; empty when it can't be read."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        text = b""
        while part := os.read(fd, 1 << 16):
            text += part
    except OSError:
        return b""
    else:
        return text
    finally:
        os.close(fd)


def _output_of(*argv: str) -> str:
    """Run a small command; only where /proc is missing."""
    import subprocess  # noqa: PLC0415 - not where its memory is counted

    found = subprocess.run(argv, capture_output=True, check=False, text=True)
    return found.stdout.strip()
