"""The tables of tasks, their sessions, and the journal of their operations.

The functions run inside a transaction that the caller opened; `rev` grows by
one with every change of a task.
"""

import json
import os
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from agentls.model import (
    AgentName,
    Approval,
    Asked,
    AskedKind,
    Base,
    BaseKind,
    CheckMode,
    CheckOutcome,
    CheckResult,
    CommitId,
    Exit,
    Group,
    GroupKind,
    Item,
    Ports,
    PullRequest,
    PullState,
    Session,
    SessionId,
    SessionKind,
    State,
    StatusSource,
    Task,
    TaskId,
    Teardown,
)

__all__ = [
    "JournalEntry",
    "delete_task",
    "end_journal",
    "insert_session",
    "insert_task",
    "is_paused",
    "journal",
    "load_journal",
    "load_sessions",
    "load_tasks",
    "next_number",
    "next_rev",
    "set_paused",
    "update_session",
    "update_task",
]


@attrs.frozen(kw_only=True)
class JournalEntry:
    """How far an operation of several steps got."""

    task: TaskId
    operation: str
    step: str
    data: Mapping[str, Any]


def next_rev(connection: sqlite3.Connection) -> int:
    """Take the next revision."""
    row = connection.execute(
        "UPDATE counters SET value = value + 1 WHERE name = 'rev' RETURNING value"
    ).fetchone()
    return int(row["value"])


def next_number(connection: sqlite3.Connection) -> int:
    """Give the number that the next task will have; numbers are never used twice."""
    row = connection.execute(
        "SELECT seq FROM sqlite_sequence WHERE name = 'tasks'"
    ).fetchone()
    return 1 if row is None else int(row["seq"]) + 1


def is_paused(connection: sqlite3.Connection) -> bool:
    """Tell whether nothing that is queued begins."""
    row = connection.execute(
        "SELECT value FROM counters WHERE name = 'queue_paused'"
    ).fetchone()
    return bool(row["value"])


def set_paused(connection: sqlite3.Connection, *, paused: bool) -> None:
    """Keep whether nothing that is queued begins."""
    connection.execute(
        "UPDATE counters SET value = ? WHERE name = 'queue_paused'", (int(paused),)
    )


def insert_task(connection: sqlite3.Connection, task: Task) -> None:
    """Keep a new task."""
    columns = _task_columns(task)
    connection.execute(
        f"INSERT INTO tasks ({', '.join(columns)})"  # noqa: S608 - names of our own
        f" VALUES ({', '.join(f':{name}' for name in columns)})",
        columns,
    )


def update_task(connection: sqlite3.Connection, task: Task) -> None:
    """Keep the task's new values."""
    columns = _task_columns(task)
    connection.execute(
        f"UPDATE tasks SET {', '.join(f'{name} = :{name}' for name in columns)}"  # noqa: S608 - names of our own
        " WHERE id = :id",
        columns,
    )


def delete_task(connection: sqlite3.Connection, task: TaskId) -> None:
    """Forget a task that was never made, with its sessions and journal."""
    connection.execute("DELETE FROM tasks WHERE id = ?", (task,))


def load_tasks(connection: sqlite3.Connection) -> tuple[Task, ...]:
    """Give all tasks in the order in which they were asked for."""
    rows = connection.execute(
        "SELECT tasks.*, updates.task IS NOT NULL AS open_update FROM tasks"
        " LEFT JOIN updates ON updates.task = tasks.id ORDER BY number"
    )
    return tuple(_task(row) for row in rows)


def insert_session(connection: sqlite3.Connection, session: Session) -> None:
    """Keep a new session, before it is started."""
    connection.execute(
        "INSERT INTO sessions (id, task, kind, title, started) VALUES (?, ?, ?, ?, ?)",
        (
            session.id,
            session.task,
            session.kind,
            session.title,
            session.started.isoformat(),
        ),
    )


def update_session(connection: sqlite3.Connection, session: Session) -> None:
    """Keep how a session ended, and how far its agent was heard."""
    end = session.exit
    connection.execute(
        "UPDATE sessions SET status = ?, signal = ?, ended = ?, lost = ?, heard = ?,"
        " watched = ? WHERE id = ?",
        (
            end.status if end else None,
            end.signal if end else None,
            end.ended.isoformat() if end else None,
            session.lost,
            session.heard,
            session.watched,
            session.id,
        ),
    )


def load_sessions(connection: sqlite3.Connection) -> tuple[Session, ...]:
    """Give all sessions in the order in which they began."""
    rows = connection.execute("SELECT * FROM sessions ORDER BY rowid")
    return tuple(_session(row) for row in rows)


def journal(connection: sqlite3.Connection, entry: JournalEntry) -> None:
    """Note how far an operation got, in place of its earlier note."""
    connection.execute(
        "INSERT OR REPLACE INTO journal (task, operation, step, data)"
        " VALUES (?, ?, ?, ?)",
        (entry.task, entry.operation, entry.step, json.dumps(dict(entry.data))),
    )


def end_journal(connection: sqlite3.Connection, task: TaskId) -> None:
    """Strike out the task's operation: it is finished or undone."""
    connection.execute("DELETE FROM journal WHERE task = ?", (task,))


def load_journal(connection: sqlite3.Connection) -> tuple[JournalEntry, ...]:
    """Give the operations that a daemon left unfinished."""
    rows = connection.execute("SELECT * FROM journal ORDER BY rowid")
    return tuple(
        JournalEntry(
            task=TaskId(row["task"]),
            operation=row["operation"],
            step=row["step"],
            data=json.loads(row["data"]),
        )
        for row in rows
    )


def _task_columns(task: Task) -> dict[str, object]:
    return {
        "number": task.number,
        "id": task.id,
        "repository": os.fsencode(task.repository),
        "title": task.title,
        "prompt": task.prompt,
        "agent": task.agent,
        "chosen": task.chosen,
        "labels": json.dumps(task.labels),
        "base_kind": task.base.kind,
        "base_name": task.base.name,
        "base_commit": task.base.commit,
        "target": task.target,
        "branch": task.branch,
        "worktree": os.fsencode(task.worktree),
        "state": task.state,
        "why": task.why,
        "source": task.source,
        "asked": task.asked and json.dumps(attrs.asdict(task.asked)),
        "quiet_since": task.quiet_since and task.quiet_since.isoformat(),
        "moved": task.moved and task.moved.isoformat(),
        "worked": task.worked,
        "waited": task.waited,
        "created": task.created.isoformat(),
        "changed": task.changed.isoformat(),
        "prepared": task.prepared,
        "merged_commit": task.merged_commit,
        "merged_from": task.merged_from,
        "pull_request": task.pull_request
        and json.dumps(attrs.asdict(task.pull_request)),
        "looked": task.looked,
        "files": task.files,
        "added": task.added,
        "deleted": task.deleted,
        "checks": json.dumps([attrs.asdict(one) for one in task.checks]),
        "checked": task.checked,
        "kept_tip": task.kept_tip,
        "conversation": task.conversation,
        "after": json.dumps(task.after),
        "priority": task.priority,
        "port_first": task.ports and task.ports.first,
        "port_count": task.ports and task.ports.count,
        "teardown": task.teardown,
        "environment": json.dumps(dict(task.environment)),
        "in_group": task.group and json.dumps(attrs.asdict(task.group)),
        "item": task.item and json.dumps(attrs.asdict(task.item)),
        "lost_to": task.lost_to,
        "parent": task.parent,
        "approval": task.approval,
        "rev": task.rev,
    }


def _task(row: sqlite3.Row) -> Task:
    return Task(
        number=row["number"],
        id=TaskId(row["id"]),
        repository=Path(os.fsdecode(row["repository"])),
        title=row["title"],
        prompt=row["prompt"],
        agent=AgentName(row["agent"]),
        chosen=row["chosen"],
        labels=tuple(json.loads(row["labels"])),
        base=Base(
            kind=BaseKind(row["base_kind"]),
            name=row["base_name"],
            commit=CommitId(row["base_commit"]),
        ),
        target=row["target"],
        branch=row["branch"],
        worktree=Path(os.fsdecode(row["worktree"])),
        state=State(row["state"]),
        why=row["why"],
        source=row["source"] and StatusSource(row["source"]),
        asked=_asked(row["asked"]),
        quiet_since=_moment(row["quiet_since"]),
        moved=_moment(row["moved"]),
        worked=row["worked"],
        waited=row["waited"],
        created=datetime.fromisoformat(row["created"]),
        changed=datetime.fromisoformat(row["changed"]),
        open_update=bool(row["open_update"]),
        prepared=row["prepared"] and CommitId(row["prepared"]),
        merged_commit=row["merged_commit"] and CommitId(row["merged_commit"]),
        merged_from=row["merged_from"] and CommitId(row["merged_from"]),
        pull_request=_pull_request(row["pull_request"]),
        looked=row["looked"] and CommitId(row["looked"]),
        files=row["files"],
        added=row["added"],
        deleted=row["deleted"],
        checks=tuple(_check(one) for one in json.loads(row["checks"])),
        checked=row["checked"],
        kept_tip=row["kept_tip"] and CommitId(row["kept_tip"]),
        conversation=row["conversation"],
        after=tuple(TaskId(one) for one in json.loads(row["after"])),
        priority=row["priority"],
        ports=_ports(row["port_first"], row["port_count"]),
        teardown=row["teardown"] and Teardown(row["teardown"]),
        environment=json.loads(row["environment"]),
        group=_group(row["in_group"]),
        item=row["item"] and Item(**json.loads(row["item"])),
        lost_to=row["lost_to"] and TaskId(row["lost_to"]),
        parent=row["parent"] and TaskId(row["parent"]),
        approval=row["approval"] and Approval(row["approval"]),
        rev=row["rev"],
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _ports(first: int | None, count: int | None) -> Ports | None:
    if first is None or count is None:
        return None
    return Ports(first=first, count=count)


def _asked(text: str | None) -> Asked | None:
    if text is None:
        return None
    kept = json.loads(text)
    return Asked(
        kind=AskedKind(kept["kind"]),
        text=kept["text"],
        tool=kept["tool"],
        dialog=kept["dialog"],
        choices=tuple(kept["choices"]),
        takes_text=kept["takes_text"],
    )


def _check(kept: Mapping[str, Any]) -> CheckResult:
    return CheckResult(
        name=kept["name"],
        mode=CheckMode(kept["mode"]),
        outcome=CheckOutcome(kept["outcome"]),
        seconds=kept["seconds"],
        session=kept["session"] and SessionId(kept["session"]),
    )


def _group(text: str | None) -> Group | None:
    if text is None:
        return None
    values = json.loads(text)
    return Group(kind=GroupKind(values["kind"]), id=values["id"])


def _pull_request(text: str | None) -> PullRequest | None:
    if text is None:
        return None
    values = json.loads(text)
    return PullRequest(
        remote=values["remote"],
        branch=values["branch"],
        pushed=CommitId(values["pushed"]),
        url=values["url"],
        state=PullState(values["state"]),
    )


def _session(row: sqlite3.Row) -> Session:
    end = row["ended"] and Exit(
        status=row["status"],
        signal=row["signal"],
        ended=datetime.fromisoformat(row["ended"]),
    )
    return Session(
        id=SessionId(row["id"]),
        task=TaskId(row["task"]),
        kind=SessionKind(row["kind"]),
        title=row["title"],
        started=datetime.fromisoformat(row["started"]),
        exit=end or None,
        lost=bool(row["lost"]),
        heard=row["heard"],
        watched=row["watched"],
    )
