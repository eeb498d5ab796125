"""The user's terminal while an agent draws on it, and as it was before, after."""

import contextlib
import os
import signal
import sys
import termios
import tty
from collections.abc import Generator
from types import FrameType

from agentls.errors import InvalidParams

__all__ = ["Screen", "raw_terminal", "require_terminal", "terminal_size"]

_CALM = (
    b"\x1b[?2026l"  # draw at once
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l"  # no mouse
    b"\x1b[?1004l\x1b[?2004l"  # no focus reports, no bracketed paste
    b"\x1b[?1l\x1b>"  # plain cursor keys and keypad
    b"\x1b[=0;1u\x1b[>4;0m"  # plain keyboard
    b"\x1b7\x1b[r\x1b8"  # the whole screen scrolls; the cursor stays
    b"\x1b[?7h\x1b[?25h\x1b[0 q\x1b(B\x0f\x1b[m"  # wrap, cursor, characters, colours
)
_ALTERNATE = (b"\x1b[?1049", b"\x1b[?1047", b"\x1b[?47")


class Screen:
    """Where the agent's output goes: knows what must be undone at the end."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._tail = b""
        self._alternate = b""

    def write(self, data: bytes) -> None:
        """Draw."""
        seen = self._tail + data
        self._tail = seen[-8:]
        last = -1
        for sequence in _ALTERNATE:
            for final in (b"h", b"l"):
                at = seen.rfind(sequence + final)
                if at > last:
                    last = at
                    self._alternate = sequence if final == b"h" else b""
        _write_all(self._fd, data)

    def scroll_away(self, rows: int) -> None:
        """Keep what is shown where one can scroll back to it, before all is redrawn."""
        _write_all(self._fd, b"\r\n" * rows)

    def restore(self) -> None:
        """Undo what programs do to a terminal and a killed one leaves behind."""
        leave = self._alternate + b"l" if self._alternate else b""
        _write_all(self._fd, _CALM + leave + b"\r\n")


@contextlib.contextmanager
def raw_terminal(fd: int) -> Generator[None]:
    """Pass every key on as it is; restore the terminal whatever happens.

    SIGTERM and SIGHUP leave the context by `SystemExit`, so that they restore too.
    """
    before = termios.tcgetattr(fd)

    def leave(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    handled = {
        number: signal.signal(number, leave)
        for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        tty.setraw(fd, termios.TCSADRAIN)
        yield
    finally:
        # Discards what is typed but unread: it was meant for the agent.
        with contextlib.suppress(termios.error):  # the terminal may be gone
            termios.tcsetattr(fd, termios.TCSAFLUSH, before)
        for number, handler in handled.items():
            signal.signal(number, handler)


def terminal_size(fd: int) -> tuple[int, int]:
    """Give rows and columns; 24 and 80 where the terminal doesn't know."""
    size = os.get_terminal_size(fd)
    return size.lines or 24, size.columns or 80


def require_terminal(hint: str) -> None:
    """Raise `InvalidParams` where nothing can be attached, with what to do instead."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InvalidParams("Attaching needs a terminal, and here is none.", hint=hint)


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]
