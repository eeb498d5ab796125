"""Commands about what becomes of tasks over time, and what they use at the moment."""

import os
from datetime import datetime
from pathlib import Path

from agentls.errors import InvalidParams
from agentls.lsp import present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.overview import (
    HistoryParams,
    HistoryResult,
    LoadResult,
    ReportResult,
    SessionLoad,
)
from agentls.lsp.protocol.tasks import Empty
from agentls.lsp.registry import command
from agentls.lsp.server import Server


@command("agentls.history")
async def history(
    ls: Server, params: HistoryParams, _: RequestProgress
) -> HistoryResult:
    """Tell what became of tasks in a time: states, turns, reviews, what they took.

    A review is an interval in `review`: it waited for a person until `opened`.
    """
    found = await ls.core.reports.history.read(
        since=_moment(params.since),
        until=_moment(params.until),
        repository=await _root(ls, params.uri),
    )
    return HistoryResult(
        since=found.since.isoformat(),
        until=found.until.isoformat(),
        now=found.now.isoformat(),
        tasks=tuple(present.task_history(one) for one in found.tasks),
    )


@command("agentls.report")
async def report(ls: Server, params: HistoryParams, _: RequestProgress) -> ReportResult:
    """Write the history of a time as one HTML page, for a browser.

    It needs nothing from outside and runs no script. Its times are in the zone of
    `since`.
    """
    path = await ls.core.reports.write(
        since=_moment(params.since),
        until=_moment(params.until),
        repository=await _root(ls, params.uri),
    )
    return ReportResult(uri=present.uri_of(path))


@command("agentls.load")
async def load(
    ls: Server,
    params: Empty,  # noqa: ARG001 - the registry reads its type
    _: RequestProgress,
) -> LoadResult:
    """Say what the sessions that run use: memory, processors, output.

    With all processes that began in them, wherever these have gone since. They are
    looked at when somebody asks; ask again for a rate.
    """
    found = await ls.core.load.look()
    sessions = {
        one.session: ls.core.book.session(one.session) for one in found.sessions
    }
    return LoadResult(
        at=round(found.at, 3),
        cpus=os.cpu_count() or 1,
        available=found.available,
        sessions=tuple(
            SessionLoad(
                session=one.session,
                task=known.task,
                output=one.output,
                processes=one.processes,
                memory=one.memory,
                cpu=round(one.cpu, 2),
            )
            for one in found.sessions
            if (known := sessions[one.session]) is not None
        ),
        queue=ls.core.queueing.order(),
    )


async def _root(ls: Server, uri: str | None) -> Path | None:
    return await ls.core.repository_root(ls.folder(uri)) if uri else None


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidParams(
            f"{text!r} is no moment.",
            hint="Write it like 2026-01-31T09:00:00+01:00.",
        )
    return moment
