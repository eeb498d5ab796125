"""Ending what a lost session left running: nobody reaches its terminal any more.

Its shim was killed; the program got a hang-up and may have ignored it, or its
children have a session of their own. A new session of the task must not meet them
in its worktree.
"""

import logging
import os
import signal
import time
from pathlib import Path

from agentls.host import ProcessIdentity, boot_id, signal_process, wait_gone
from agentls.sessions.processes import family_of
from agentls.threads import in_thread

__all__ = ["end_family"]

_LOG = logging.getLogger(__name__)

_GRACE = 2.0
_KILL_WITHIN = 5.0


async def end_family(folder: Path) -> None:
    """End all processes that began in the session: TERM, then KILL, until none is."""
    until = time.monotonic() + _GRACE + _KILL_WITHIN
    signum = signal.SIGTERM
    while left := await in_thread(_family, folder):
        if time.monotonic() > until:
            _LOG.warning(
                "%s: can't be ended: %s", folder.name, [one.pid for one in left]
            )
            return
        _LOG.info("%s is lost; ending %d of its processes", folder.name, len(left))
        for process in left:
            await in_thread(_signal, process, signum)
        grace = time.monotonic() + (_GRACE if signum is signal.SIGTERM else 0.1)
        for process in left:
            seconds = max(0.0, grace - time.monotonic())
            await in_thread(wait_gone, process, seconds=seconds)
        signum = signal.SIGKILL


def _family(folder: Path) -> list[ProcessIdentity]:
    boot = boot_id()
    return [
        ProcessIdentity(boot, pid, start.decode("ascii"))
        for pid, start in family_of(os.fsencode(folder)).items()
    ]


def _signal(process: ProcessIdentity, signum: signal.Signals) -> None:
    try:
        signal_process(process, signum)
    except PermissionError:  # it has become another user's
        _LOG.warning("process %d may not be ended by us", process.pid)
