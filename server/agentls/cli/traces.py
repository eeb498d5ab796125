"""The living processes that belong to a folder: what the demo must leave none of."""

import os
import signal
import subprocess
import time
from pathlib import Path

from agentls.host import ProcessIdentity, identity_of, signal_process, wait_gone

__all__ = ["all_gone", "end_all", "processes_of"]

_PS_TIMEOUT = 10.0


def processes_of(folder: Path) -> tuple[ProcessIdentity, ...]:
    """Find the processes that name the folder or have something in it open.

    Their command lines, environments, working folders and open files are looked
    at; without /proc, command lines and environments. This process is left out.
    """
    mark = os.fsencode(folder)
    proc = Path("/proc")
    if (proc / "self" / "stat").exists():
        pids = [
            int(entry.name)
            for entry in proc.iterdir()
            if entry.name.isdigit() and _names(entry, mark)
        ]
    else:
        pids = _by_ps(mark)
    own = {os.getpid(), os.getppid()}
    found = (identity_of(pid) for pid in pids if pid not in own)
    return tuple(process for process in found if process is not None)


def all_gone(processes: tuple[ProcessIdentity, ...], *, within: float) -> bool:
    """Wait until none of them lives; False when one still does after that time."""
    deadline = time.monotonic() + within
    return all(
        wait_gone(process, seconds=max(0.0, deadline - time.monotonic()))
        for process in processes
    )


def end_all(processes: tuple[ProcessIdentity, ...]) -> None:
    """Kill them: a demo that failed must leave nothing behind either."""
    for process in processes:
        signal_process(process, signal.SIGKILL)


def _names(entry: Path, mark: bytes) -> bool:
    try:
        if any(mark in (entry / name).read_bytes() for name in ("cmdline", "environ")):
            return True
        links = [entry / "cwd", *(entry / "fd").iterdir()]
        return any(_points_below(link, mark) for link in links)
    except OSError:  # gone meanwhile, or somebody else's
        return False


def _points_below(link: Path, mark: bytes) -> bool:
    try:
        return mark in os.fsencode(link.readlink())
    except OSError:  # this one was closed meanwhile
        return False


def _by_ps(mark: bytes) -> list[int]:
    found = subprocess.run(
        ["ps", "-axww", "-E", "-o", "pid=,command="],
        capture_output=True,
        timeout=_PS_TIMEOUT,
        check=False,
    )
    return [
        int(line.split(None, 1)[0])
        for line in found.stdout.splitlines()
        if mark in line and line.split(None, 1)[0].isdigit()
    ]
