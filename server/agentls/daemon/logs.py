"""The daemon's log: one file with a bounded size and a few older ones."""

import logging
import os
import sys
from logging.handlers import RotatingFileHandler

from agentls.paths import Paths

__all__ = ["keep_log"]

_SIZE = 2 << 20
_OLDER = 3


class _Log(RotatingFileHandler):
    """Rotates, and takes stderr along: what dies there says so in the same file."""

    def take_stderr(self) -> None:
        if self.stream is not None:  # pyright: ignore[reportUnnecessaryComparison] - typeshed leaves out the closed state
            os.dup2(self.stream.fileno(), 2)

    def doRollover(self) -> None:  # noqa: N802 - the library's name
        super().doRollover()
        self.take_stderr()


def keep_log(paths: Paths, *, level: str) -> None:
    """Log into the state folder; into a terminal too if stderr is one."""
    handler = _Log(
        paths.daemon_log, maxBytes=_SIZE, backupCount=_OLDER, encoding="utf-8"
    )
    formatter = logging.Formatter(
        "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"
    )
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)
    logging.getLogger("pygls").setLevel(logging.WARNING)  # it logs whole messages
    logging.captureWarnings(capture=True)
    if sys.stderr.isatty():
        terminal = logging.StreamHandler()
        terminal.setFormatter(formatter)
        root.addHandler(terminal)
    else:
        handler.take_stderr()
