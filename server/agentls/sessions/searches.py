"""Searches that clients of the daemon ask for, page by page."""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

import attrs

import agentls
from agentls.errors import Internal, InvalidParams
from agentls.sessions.searching import Hit

__all__ = ["Found", "find_in_logs"]

_PROGRAM = Path(agentls.__file__).resolve().parent / "__main__.py"
_LINE_MAX = 1 << 20
_END_WITHIN = 5.0


@attrs.frozen(kw_only=True)
class Found:
    """One page of what was found."""

    hits: tuple[Hit, ...]
    more: str | None
    """Where the next page begins; None when this is the last."""


async def find_in_logs(
    sessions: Path,
    pattern: str,
    *,
    fixed: bool,
    ignore_case: bool,
    tasks: tuple[str, ...] | None,
    limit: int,
    more: str | None,
) -> Found:
    """Search in a process of its own, which ends when this is cancelled.

    `more` is that of the page before. Raises `InvalidParams` for what is no
    expression, and for a page that never was.
    """
    request = {
        "pattern": pattern,
        "fixed": fixed,
        "ignoreCase": ignore_case,
        "tasks": tasks,
        "after": more and _after(more),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(_PROGRAM), "search", str(sessions)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_MAX,
        cwd="/",
        start_new_session=True,
    )
    assert process.stdin is not None  # noqa: S101 - asked for above
    assert process.stdout is not None  # noqa: S101 - asked for above
    try:
        process.stdin.write(json.dumps(request).encode())
        process.stdin.close()
        hits = await _take(process.stdout, most=limit + 1)
        if len(hits) <= limit and await process.wait():
            raise Internal(
                "The search ended early.", hint="`agentls daemon logs` says why."
            )
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        async with asyncio.timeout(_END_WITHIN):
            await process.wait()
    last = hits[limit - 1] if len(hits) > limit else None
    return Found(
        hits=tuple(hits[:limit]),
        more=last and f"{last.session}:{last.end}:{last.next_line}",
    )


async def _take(lines: asyncio.StreamReader, *, most: int) -> list[Hit]:
    hits: list[Hit] = []
    while len(hits) < most and (line := await lines.readline()):
        told = json.loads(line)
        if "error" in told:
            message, hint = told["error"]
            raise InvalidParams(message, hint=hint)
        spans = tuple((begin, end) for begin, end in told.pop("spans"))
        hits.append(Hit(**told, spans=spans))
    return hits


def _after(more: str) -> tuple[str, int, int]:
    session, _, place = more.partition(":")
    offset, _, line = place.partition(":")
    if not (session and offset.isdecimal() and line.isdecimal()):
        raise InvalidParams(
            f"{more!r} begins no page.", hint="Give the `more` of the page before."
        )
    return session, int(offset), int(line)
