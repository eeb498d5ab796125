"""The daemon's clock: it stands while the daemon is stopped.

A machine that sleeps stops Linux' monotonic clock by itself. A process that is
stopped (SIGSTOP, a debugger, a frozen container) or starved sees that clock jump
when it goes on: every limit that ran would be over, though what was waited for is
there. So what the loop could not look at doesn't count.
"""

import asyncio
import selectors
import time
from collections.abc import Callable
from typing import Any

__all__ = ["PatientLoop"]

_STOPPED_SECONDS = 1.0
_CATCH_UP_SECONDS = 0.5
"""What is left of the nearest limit, to see first what came meanwhile."""


class PatientLoop(asyncio.SelectorEventLoop):
    """An event loop in whose time stops of more than `stopped` seconds don't count."""

    def __init__(self, *, stopped: float = _STOPPED_SECONDS) -> None:
        self._left_out = 0.0
        super().__init__(_Selector(self._leave_out, stopped=stopped))

    def time(self) -> float:
        """Give the monotonic time without the stops."""
        return time.monotonic() - self._left_out

    def _leave_out(self, seconds: float) -> None:
        self._left_out += seconds


class _Selector(selectors.DefaultSelector):
    """Sees that more time went by between two looks than was waited for."""

    def __init__(self, leave_out: Callable[[float], None], *, stopped: float) -> None:
        super().__init__()
        self._leave_out = leave_out
        self._stopped = stopped
        self._looked = time.monotonic()
        self._late_before = False

    def select(self, timeout: float | None = None) -> Any:
        """Wait for events, at most so long."""
        events = super().select(timeout)
        now = time.monotonic()
        granted = max(0.0, timeout or 0.0)
        late = now - self._looked - granted
        self._looked = now
        # Never twice in a row: where all is slow, limits must end something some day.
        is_late = timeout is not None and late > self._stopped
        if is_late and not self._late_before:
            self._leave_out(late + min(granted, _CATCH_UP_SECONDS))
        self._late_before = is_late and not self._late_before
        return events
