"""What agents say of a run when it rests: conversation, last words, usage.

A definition's `reports` say where. What can't be read is left out: an agent's files
are its own affair.
"""

import glob
import os
import re
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from agentls.agents.definition import Definition
from agentls.agents.events import HookRecord, read_records
from agentls.agents.reports import Report, Told, entries_of, told_by
from agentls.agents.status import at_path, written
from agentls.model import Session, State, Task, TaskId, Usage
from agentls.paths import Paths
from agentls.sessions.output import last_text
from agentls.store import turns, usage
from agentls.store.database import Database
from agentls.tasks.book import TaskBook, now
from agentls.threads import in_thread

__all__ = ["Accounting", "Spent", "spent_of"]

_OUTPUT_BYTES = 1 << 18
_FILE_BYTES = 64 << 20
_PUT_IN = re.compile(r"\{(event\.[\w.-]+|[a-z_]+)\}")


@attrs.frozen(kw_only=True)
class Spent:
    """What a task took so far."""

    turns: int
    worked: float
    """Seconds in which its agent worked, and waited for an answer:"""
    waited: float
    usage: Usage | None
    """None where its agent tells nothing."""

    def describe(self) -> str:
        """Say it in a line."""
        said = [
            f"{self.turns} turn{'s' * (self.turns != 1)}",
            f"worked {_lasted(self.worked)}",
            f"waited {_lasted(self.waited)}",
        ]
        if used := self.usage:
            cached = f" ({used.cached:,} cached)" if used.cached else ""
            said.append(f"{used.input:,} tokens in{cached}, {used.output:,} out")
            if used.cost is not None:
                said.append(f"${used.cost:.2f}")
        return ", ".join(said)


class Accounting:
    """Reads reports and keeps what they say of usage."""

    def __init__(self, *, paths: Paths, book: TaskBook, database: Database) -> None:
        self._paths = paths
        self._book = book
        self._database = database

    async def read(
        self, task: Task, session: Session, definition: Definition, *, home: Path
    ) -> Told:
        """Read what is said by now; usage is kept here, the rest is the caller's."""
        if not definition.reports:
            return Told()
        places = _Places(
            task=task,
            output=self._paths.sessions / session.id,
            events=self._paths.state / "events" / session.id,
            private=self._paths.state / "private" / task.id,
            home=home,
        )
        said = await in_thread(_read_all, definition.reports, places)
        conversation = next(
            (one.session for _, one in said if one.session), task.conversation
        )
        for report, one in said:
            if one.usage is not None:
                # A resumed conversation has one file, and one sum.
                whole = report.total or report.source == "file"
                name = (conversation if whole else None) or session.id
                await self._keep(task.id, name=name, used=one.usage)
                break
        return Told(
            session=conversation,
            message=next((one.message for _, one in said if one.message), None),
        )

    async def of(self, task: Task) -> Spent:
        """Say what a task took so far, the present moment included."""

        def load(connection: sqlite3.Connection) -> tuple[int, Usage | None]:
            used = usage.load_usage(connection, task.id).get(task.id)
            return len(turns.load_turns(connection, task.id)), used

        count, used = await self._database.read(load)
        return spent_of(task, turns=count, usage=used)

    async def _keep(self, task: TaskId, *, name: str, used: Usage) -> None:
        await self._database.transaction(
            lambda db: usage.keep_usage(db, task, name=name, usage=used)
        )


@attrs.frozen(kw_only=True)
class _Places:
    """Where a run's reports can be."""

    task: Task
    output: Path
    events: Path
    private: Path
    home: Path

    def file(self, report: Report, records: Sequence[HookRecord]) -> Path | None:
        """Find a report's file: the newest that fits."""
        known = {
            "home": str(self.home),
            "private": str(self.private),
            "worktree": str(self.task.worktree),
            "session_id": self.task.conversation or "",
        }
        missing = False

        def put_in(found: re.Match[str]) -> str:
            nonlocal missing
            name = found[1]
            value = _in_events(records, name) if "." in name else known.get(name, "")
            missing = missing or not value
            return glob.escape(value)

        pattern = _PUT_IN.sub(put_in, report.file or "")
        if missing or not pattern.startswith("/"):
            return None
        files = [Path(one) for one in glob.glob(pattern)]  # noqa: PTH207 - absolute patterns
        return max((one for one in files if one.is_file()), key=_age, default=None)


def spent_of(task: Task, *, turns: int, usage: Usage | None) -> Spent:
    """Say what a task took, the present moment included."""
    lasted = max(0.0, (now() - (task.moved or task.changed)).total_seconds())
    return Spent(
        turns=turns,
        worked=task.worked + lasted * (task.state is State.WORKING),
        waited=task.waited + lasted * (task.state is State.WAITING),
        usage=usage,
    )


def _lasted(seconds: float) -> str:
    whole = round(seconds)
    minutes, seconds_left = divmod(whole, 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left} min"
    return f"{minutes} min" if minutes else f"{seconds_left} s"


def _read_all(
    reports: Sequence[Report], places: _Places
) -> tuple[tuple[Report, Told], ...]:
    try:
        records = read_records(places.events.read_bytes())
    except OSError:
        records = ()
    said: list[tuple[Report, Told]] = []
    for report in reports:
        if report.source == "event":
            entries: Sequence[Mapping[str, object]] = [one.payload for one in records]
        else:
            entries = entries_of(report, _text(report, places, records))
        said.append((report, told_by(report, entries)))
    return tuple(said)


def _text(report: Report, places: _Places, records: Sequence[HookRecord]) -> str:
    if report.source == "output":
        return last_text(places.output, size=_OUTPUT_BYTES)
    path = places.file(report, records)
    if path is None:
        return ""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - _FILE_BYTES))
            return file.read(_FILE_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _in_events(records: Sequence[HookRecord], name: str) -> str:
    """Give the value that the newest event has at the path `event.PATH`."""
    path = name.removeprefix("event.")
    for record in reversed(records):
        if text := written(at_path(record.payload, path)):
            return text
    return ""
