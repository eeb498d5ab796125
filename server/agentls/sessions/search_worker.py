"""`agentls search`: a search for the daemon, in a process of its own.

An expression can take a regular expression engine for hours, and holds Python's
lock meanwhile: the daemon must be able to end it. The request comes as JSON on
standard input; each hit goes out as a line of JSON.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from agentls.errors import InvalidParams
from agentls.sessions.searching import Matcher, search

__all__ = ["main"]

_NICENESS = 10


def main(argv: Sequence[str]) -> int:
    """Search the sessions' folder that is named; give the exit status."""
    os.nice(_NICENESS)
    request: dict[str, Any] = json.load(sys.stdin)
    after: list[Any] | None = request["after"]
    tasks: list[str] | None = request["tasks"]
    try:
        matcher = Matcher(
            request["pattern"],
            fixed=request["fixed"],
            ignore_case=request["ignoreCase"],
        )
        for hit in search(
            Path(argv[0]),
            matcher,
            tasks=None if tasks is None else frozenset(tasks),
            after=None if after is None else (after[0], after[1], after[2]),
        ):
            if hit is not None:
                sys.stdout.write(json.dumps(attrs.asdict(hit)) + "\n")
                sys.stdout.flush()
    except InvalidParams as error:
        sys.stdout.write(json.dumps({"error": [error.message, error.hint]}) + "\n")
    except BrokenPipeError:  # enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
