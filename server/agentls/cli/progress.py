"""How far a long operation is: one line on the terminal, gone at the end."""

import contextlib
import sys
from collections.abc import Callable, Generator

from agentls.cli.visible import one_line

__all__ = ["shown_progress"]


@contextlib.contextmanager
def shown_progress() -> Generator[Callable[[str], None] | None]:
    """Give what shows a message; None where nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return

    def show(message: str) -> None:
        sys.stderr.write(f"\r\x1b[K{one_line(message)}…")
        sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
