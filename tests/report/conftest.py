"""A day as the history tells it, with hostile words in it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agentls.model import (
    AgentName,
    Base,
    BaseKind,
    CommitId,
    State,
    Task,
    TaskId,
    TurnSource,
    Usage,
)
from agentls.store.history import TurnTimes
from agentls.tasks.accounting import Spent
from agentls.tasks.history import Histories, Interval, TaskHistory

MORNING = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
HOSTILE = "<script>document.title = 'taken'</script><img src=x onerror=alert(1)>\u202e&"


def at(minutes: float) -> datetime:
    return MORNING + timedelta(minutes=minutes)


@pytest.fixture
def make_history() -> Callable[..., TaskHistory]:
    """Make a task's history of `(state, begun, opened)`, in minutes of the morning."""

    def make(
        name: str,
        *moves: tuple,
        title: str = "A title",
        agent: str = "claude",
        **values,
    ) -> TaskHistory:
        states = [State(move[0]) for move in moves]
        begun = [at(move[1]) for move in moves]
        opened = [at(move[2]) if len(move) > 2 else None for move in moves]
        merged = states[-1] is State.MERGED
        intervals = tuple(
            Interval(
                state=state,
                begun=begin,
                ended=end,
                why="",
                source=None,
                opened=look,
            )
            for state, begin, end, look in zip(
                states, begun, [*begun[1:], None], opened, strict=True
            )
        )
        task = Task(
            **{
                "id": TaskId(name),
                "number": 1,
                "repository": Path("/r"),
                "title": title,
                "prompt": title,
                "agent": AgentName(agent),
                "base": Base(kind=BaseKind.REF, name="main", commit=CommitId("0" * 40)),
                "target": "main",
                "branch": "b",
                "worktree": Path("/w"),
                "state": states[-1],
                "created": begun[0],
                "changed": begun[-1],
                "merged_commit": CommitId("1" * 40) if merged else None,
                "added": 120,
                "deleted": 7,
                "rev": 1,
            }
            | values
        )
        turns = tuple(
            TurnTimes(
                task=task.id,
                number=number + 1,
                source=TurnSource.PROMPT,
                begun=one.begun,
                ended=one.ended,
            )
            for number, one in enumerate(intervals)
            if one.state is State.WORKING
        )
        spent = Spent(
            turns=len(turns),
            worked=0,
            waited=0,
            usage=Usage(input=1200, output=345, cost=0.12)
            if agent == "claude"
            else None,
        )
        return TaskHistory(task=task, intervals=intervals, turns=turns, spent=spent)

    return make


@pytest.fixture
def day(make_history) -> Histories:
    """Give a day of six tasks, two agents, one night before it."""
    return Histories(
        since=at(0),
        until=at(16 * 60),
        now=at(10 * 60),
        tasks=(
            make_history(
                "b2c3",
                ("working", -300),
                ("review", -120, 65),
                ("merged", 80),
                title="Left over from yesterday: the parser's error messages",
            ),
            make_history(
                "d4f5",
                ("queued", 60),
                ("preparing", 62),
                ("working", 63),
                ("waiting", 120),
                ("working", 150),
                ("checking", 200),
                ("review", 210, 260),
                ("merged", 275),
                title="Add a progress bar to the importer",
            ),
            make_history(
                "g6h7",
                ("queued", 61),
                ("working", 64),
                ("review", 100, 105),
                ("working", 130),
                ("review", 170, 300),
                ("merged", 310),
                title=HOSTILE,
                agent="codex",
            ),
            make_history(
                "j8k9",
                ("queued", 90),
                ("working", 300),
                ("failed", 330),
                title="Upgrade the database driver " + "to a very new version " * 6,
                agent="codex",
            ),
            make_history(
                "l2m3",
                ("queued", 200),
                ("working", 340),
                ("review", 420),
                title="Translate the settings page",
            ),
            make_history(
                "n4p5",
                ("queued", 310),
                ("working", 430),
                ("interrupted", 500),
                ("discarded", 560),
                title="短い題名と絵文字 🚀",
            ),
        ),
    )
