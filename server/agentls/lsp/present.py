"""Tasks, sessions and changes as the protocol shows them."""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from agentls.lsp.protocol.agents import AgentStats
from agentls.lsp.protocol.changes import FileStatus
from agentls.lsp.protocol.checkpoints import CheckpointInfo, TurnInfo
from agentls.lsp.protocol.forecast import ForecastInfo
from agentls.lsp.protocol.logs import LogHit, Span
from agentls.lsp.protocol.overview import (
    IntervalInfo,
    TaskHistoryInfo,
    TurnTimesInfo,
)
from agentls.lsp.protocol.tasks import (
    AskedInfo,
    BaseInfo,
    CheckInfo,
    ExitInfo,
    GroupInfo,
    PortsInfo,
    PullRequestInfo,
    SessionInfo,
    TaskInfo,
    UsageInfo,
)
from agentls.model import (
    Asked,
    Checkpoint,
    CheckResult,
    Exit,
    PullRequest,
    Session,
    Task,
    Turn,
)
from agentls.review.change import Status
from agentls.sessions.searching import Hit
from agentls.tasks.accounting import Spent
from agentls.tasks.history import TaskHistory
from agentls.tasks.records import AgentRecord
from agentls.tasks.states import OVER

__all__ = [
    "STATUSES",
    "agent_stats",
    "check_info",
    "checkpoint_info",
    "exit_info",
    "log_hit",
    "session_info",
    "task_history",
    "task_info",
    "turn_info",
    "uri_of",
    "usage_info",
]

STATUSES = {
    Status.ADDED: FileStatus.ADDED,
    Status.MODIFIED: FileStatus.MODIFIED,
    Status.DELETED: FileStatus.DELETED,
    Status.RENAMED: FileStatus.RENAMED,
    Status.COPIED: FileStatus.COPIED,
    Status.TYPE_CHANGED: FileStatus.TYPE_CHANGED,
}
"""What happened to a file, in the protocol's words."""


def task_info(
    task: Task, sessions: Sequence[Session], *, forecast: ForecastInfo | None
) -> TaskInfo:
    """Show a task."""
    return TaskInfo(
        id=task.id,
        number=task.number,
        title=task.title,
        agent=task.agent,
        chosen=task.chosen,
        labels=task.labels,
        state=task.state,
        why=task.why,
        source=task.source,
        asked=_asked_info(task.asked),
        quiet_since=task.quiet_since and task.quiet_since.isoformat(),
        repository=uri_of(task.repository),
        worktree=uri_of(task.worktree),
        branch=task.branch,
        base=BaseInfo(
            kind=task.base.kind, name=task.base.name, commit=task.base.commit
        ),
        on=task.base.on,
        target=task.target,
        after=task.after,
        priority=task.priority,
        created=task.created.isoformat(),
        changed=task.changed.isoformat(),
        open_update=task.open_update,
        merged_commit=task.merged_commit,
        files=task.files,
        added=task.added,
        deleted=task.deleted,
        forecast=forecast,
        checks=tuple(check_info(check) for check in task.checks),
        ports=_ports_info(task),
        group=task.group and GroupInfo(kind=task.group.kind, id=task.group.id),
        lost_to=task.lost_to,
        parent=task.parent,
        approval=task.approval,
        pull_request=_pull_request(task.pull_request),
        sessions=tuple(session_info(session) for session in sessions),
        rev=task.rev,
    )


def _ports_info(task: Task) -> PortsInfo | None:
    if task.ports is None or task.state in OVER:
        return None
    return PortsInfo(first=task.ports.first, count=task.ports.count)


def _asked_info(asked: Asked | None) -> AskedInfo | None:
    return asked and AskedInfo(
        kind=asked.kind,
        text=asked.text,
        tool=asked.tool,
        choices=asked.choices,
        takes_text=asked.takes_text,
    )


def check_info(check: CheckResult) -> CheckInfo:
    """Show what came of a check."""
    return CheckInfo(
        name=check.name,
        mode=check.mode,
        outcome=check.outcome,
        seconds=check.seconds,
        session=check.session,
    )


def _pull_request(request: PullRequest | None) -> PullRequestInfo | None:
    return request and PullRequestInfo(
        remote=request.remote,
        branch=request.branch,
        pushed=request.pushed,
        url=request.url,
        state=request.state,
    )


def session_info(session: Session) -> SessionInfo:
    """Show a session."""
    return SessionInfo(
        id=session.id,
        kind=session.kind,
        title=session.title,
        live=session.live,
        started=session.started.isoformat(),
        exit=exit_info(session.exit),
        lost=session.lost,
    )


def usage_info(spent: Spent) -> UsageInfo:
    """Show what a task took."""
    used = spent.usage
    return UsageInfo(
        turns=spent.turns,
        worked=round(spent.worked, 1),
        waited=round(spent.waited, 1),
        input=used and used.input,
        output=used and used.output,
        cached=used and used.cached,
        cost=used and used.cost,
    )


def task_history(history: TaskHistory) -> TaskHistoryInfo:
    """Show what became of a task."""
    task = history.task
    return TaskHistoryInfo(
        task=task.id,
        number=task.number,
        title=task.title,
        agent=task.agent,
        repository=uri_of(task.repository),
        state=task.state,
        created=task.created.isoformat(),
        merged_commit=task.merged_commit,
        added=task.added,
        deleted=task.deleted,
        intervals=tuple(
            IntervalInfo(
                state=one.state,
                begun=one.begun.isoformat(),
                ended=one.ended and one.ended.isoformat(),
                why=one.why,
                source=one.source,
                opened=one.opened and one.opened.isoformat(),
            )
            for one in history.intervals
        ),
        turns=tuple(
            TurnTimesInfo(
                number=one.number,
                source=one.source,
                begun=one.begun.isoformat(),
                ended=one.ended and one.ended.isoformat(),
            )
            for one in history.turns
        ),
        usage=usage_info(history.spent),
    )


def agent_stats(record: AgentRecord) -> AgentStats:
    """Show an agent's record."""
    used = record.usage
    return AgentStats(
        agent=record.agent,
        tasks=record.tasks,
        merged=record.merged,
        discarded=record.discarded,
        turns=record.turns,
        worked=round(record.worked, 1),
        waited=round(record.waited, 1),
        turns_to_merge=record.turns_to_merge,
        worked_to_merge=record.worked_to_merge,
        input=used and used.input,
        output=used and used.output,
        cached=used and used.cached,
        cost=used and used.cost,
    )


def exit_info(end: Exit | None) -> ExitInfo | None:
    """Show how a session ended."""
    return end and ExitInfo(
        status=end.status, signal=end.signal, ended=end.ended.isoformat()
    )


def checkpoint_info(checkpoint: Checkpoint) -> CheckpointInfo:
    """Show a checkpoint."""
    return CheckpointInfo(
        number=checkpoint.number,
        commit=checkpoint.commit,
        head=checkpoint.head,
        branch=checkpoint.branch,
        reason=checkpoint.reason,
        turn=checkpoint.turn,
        taken=checkpoint.taken.isoformat(),
        files=checkpoint.files,
        added=checkpoint.added,
        deleted=checkpoint.deleted,
        skipped=checkpoint.skipped,
    )


def turn_info(turn: Turn) -> TurnInfo:
    """Show a turn."""
    return TurnInfo(
        number=turn.number,
        prompt=turn.prompt,
        source=turn.source,
        begun=turn.begun.isoformat(),
        ended=turn.ended and turn.ended.isoformat(),
        said=turn.said,
    )


def uri_of(path: Path) -> str:
    """Give the file: URI of a path of any bytes."""
    return "file://" + quote(os.fsencode(path))


def log_hit(hit: Hit) -> LogHit:
    """Show a line that was found."""
    return LogHit(
        task=hit.session.rpartition("-")[0],
        session=hit.session,
        offset=hit.offset,
        line=hit.line,
        text=hit.text,
        spans=tuple(
            Span(begin=_units(hit.text[:begin]), end=_units(hit.text[:end]))
            for begin, end in hit.spans
        ),
    )


def _units(text: str) -> int:
    """Count UTF-16 code units, as LSP does."""
    return len(text) + sum(character > "\uffff" for character in text)
