"""What became of tasks: every change of state once, whatever becomes of the daemon."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest

from agentls.errors import InvalidParams
from agentls.model import State
from agentls.store.database import Database
from agentls.tasks.book import TaskBook, now
from agentls.tasks.history import History
from agentls.tasks.reviewing import Asked

_KILLS = 12


@pytest.fixture
def add(book, make_task):
    """Add a task; the book chooses id, number and revision."""

    async def add_task(**values):
        values = {"created": now(), "changed": now()} | values
        return await book.add(
            lambda task_id, number, rev: make_task(
                id=task_id, number=number, rev=rev, **values
            )
        )

    return add_task


@pytest.fixture
def history(book, database) -> History:
    return History(book=book, database=database)


def _states(found) -> list[list[str]]:
    return [[str(one.state) for one in task.intervals] for task in found.tasks]


async def test_each_change_of_state_is_an_interval_and_nothing_else_is(
    book, add, history
):
    task = await add()
    await book.change(task.id, state=State.PREPARING)
    await book.change(task.id, title="Another")  # no change of state
    await book.change(task.id, state=State.WORKING, why="because")
    (told,) = (await history.read()).tasks
    assert _states(await history.read()) == [["queued", "preparing", "working"]]
    assert [one.why for one in told.intervals] == ["", "", "because"]
    begun = [one.begun for one in told.intervals]
    assert begun == sorted(begun)
    assert [one.ended for one in told.intervals] == [*begun[1:], None]
    assert begun[0] == task.created
    assert begun[2] == book.get(task.id).moved


async def test_a_change_that_was_not_kept_has_no_interval(book, add, history):
    task = await add()

    def fail(_: sqlite3.Connection) -> None:
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        await book.change(task.id, state=State.PREPARING, also=fail)
    assert _states(await history.read()) == [["queued"]]


async def test_what_ends_together_has_an_interval_each(book, add, history):
    tasks = [await add(), await add()]
    changes = {task.id: {"state": State.DISCARDED} for task in tasks}
    await book.finish_all(changes, noted=tasks[0].id)
    assert _states(await history.read()) == [["queued", "discarded"]] * 2


async def test_a_task_that_was_undone_leaves_none(book, add, history):
    task = await add()
    await book.remove(task.id)
    assert (await history.read()).tasks == ()


async def test_what_was_closed_before_a_time_is_left_out_and_what_was_open_is_in(
    book, add, history
):
    closed, still = await add(), await add()
    await book.change(closed.id, state=State.DISCARDED)
    middle = now()
    later = await add()
    found = await history.read(since=middle)
    assert [one.task.id for one in found.tasks] == [still.id, later.id]
    assert found.tasks[0].intervals[0].begun < middle
    before = await history.read(since=middle - timedelta(hours=1), until=middle)
    assert [one.task.id for one in before.tasks] == [closed.id, still.id]


async def test_an_interval_that_ended_after_the_time_says_when(book, add, history):
    task = await add()
    middle = now()
    await book.change(task.id, state=State.PREPARING)
    found = await history.read(since=middle - timedelta(hours=1), until=middle)
    (interval,) = found.tasks[0].intervals
    assert interval.ended == book.get(task.id).moved


async def test_too_much_begins_later_and_says_so(book, add, history, monkeypatch):
    monkeypatch.setattr("agentls.tasks.history._MOVES_MAX", 3)
    task = await add()
    await book.change(task.id, state=State.PREPARING)
    for _ in range(3):
        await book.change(task.id, state=State.WORKING)
        await book.change(task.id, state=State.WAITING)
    asked = now() - timedelta(hours=1)
    found = await history.read(since=asked)
    assert found.since > asked
    # The state in which it was then, and the newest three.
    assert _states(found) == [["working", "waiting", "working", "waiting"]]
    assert found.tasks[0].intervals[1].begun == found.since


async def test_times_the_wrong_way_round_are_refused(history):
    with pytest.raises(InvalidParams, match="none"):
        await history.read(since=now(), until=now() - timedelta(hours=1))


async def test_what_was_there_before_the_table_begins_with_its_present_state(
    tmp_path: Path, make_task
):
    path = tmp_path / "old.db"
    folder = resources.files("agentls.store").joinpath("migrations")
    scripts = sorted(one.name for one in folder.iterdir() if one.name.endswith(".sql"))
    (mine,) = [
        name for name in scripts if "TABLE history" in folder.joinpath(name).read_text()
    ]
    with sqlite3.connect(path) as old:
        for name in scripts[: scripts.index(mine)]:
            old.executescript(folder.joinpath(name).read_text())
        old.execute(f"PRAGMA user_version = {scripts.index(mine)}")
        columns = {row[1] for row in old.execute("PRAGMA table_info(tasks)")}
        from agentls.store.tasks import _task_columns  # noqa: PLC0415 - of that time

        moved = datetime(2026, 1, 2, tzinfo=UTC)
        values = _task_columns(make_task(state=State.REVIEW, why="Done.", moved=moved))
        values = {name: value for name, value in values.items() if name in columns}
        old.execute(
            f"INSERT INTO tasks ({', '.join(values)})"  # noqa: S608 - names of our own
            f" VALUES ({', '.join(f':{name}' for name in values)})",
            values,
        )
    old.close()
    async with Database(path) as database:
        book = TaskBook(database)
        await book.load()
        found = await History(book=book, database=database).read()
    (interval,) = found.tasks[0].intervals
    assert (interval.state, interval.begun, interval.why) == ("review", moved, "Done.")


async def test_the_first_look_at_a_change_opens_its_review(daemon):
    task = await daemon.done("echo work > work.txt")
    read = daemon.core.reports.history.read
    assert (await read()).tasks[0].intervals[-1].opened is None
    await daemon.core.reviewing.changes(task.id, Asked(new="1"))
    assert (await read()).tasks[0].intervals[-1].opened is None  # not of what is now
    begun = now()
    await daemon.core.reviewing.changes(task.id, Asked())
    opened = (await read()).tasks[0].intervals[-1].opened
    assert begun <= opened <= now()
    await daemon.core.reviewing.mark(task.id, hunks=(), paths=(), viewed=True)
    assert (await read()).tasks[0].intervals[-1].opened == opened
    await daemon.merge(task)
    told = (await read()).tasks[0]
    assert [str(one.state) for one in told.intervals][-2:] == ["review", "merged"]
    assert told.intervals[-2].opened == opened
    assert (told.spent.turns, len(told.turns), told.task.added) == (1, 1, 1)


async def test_a_review_after_another_turn_waits_to_be_opened_again(daemon):
    task = await daemon.done("echo work > work.txt")
    await daemon.core.reviewing.changes(task.id, Asked())
    await daemon.core.tasks.send_prompt(task.id, "echo more > more.txt")
    await daemon.until(task.id, State.REVIEW)
    (told,) = (await daemon.core.reports.history.read()).tasks
    reviews = [one for one in told.intervals if one.state is State.REVIEW]
    assert [one.opened is not None for one in reviews] == [True, False]


_WRITER = """\
import asyncio, sys
from pathlib import Path
from agentls.model import State
from agentls.store.database import Database
from agentls.tasks.book import TaskBook

async def write():
    async with Database(Path(sys.argv[1])) as database:
        book = TaskBook(database)
        await book.load()
        (task,) = book.tasks()
        while True:
            works = book.get(task.id).state is State.WORKING
            other = State.WAITING if works else State.WORKING
            await book.change(task.id, state=other)
            print(other, flush=True)

asyncio.run(write())
"""


@pytest.mark.timeout(300)
async def test_no_change_is_lost_or_doubled_by_kill_after_kill(
    tmp_path: Path, make_task, say
):
    say(f"{_KILLS} kills")
    path = tmp_path / "state.db"
    async with Database(path) as database:
        book = TaskBook(database)
        await book.load()
        task = await book.add(
            lambda name, number, rev: make_task(
                id=name, number=number, rev=rev, state=State.WORKING, created=now()
            )
        )
    told = 0
    for number in range(_KILLS):
        writer = subprocess.Popen(  # noqa: ASYNC220 - nothing else goes on
            [sys.executable, "-c", _WRITER, path], stdout=subprocess.PIPE, text=True
        )
        for _ in range(1 + number % 5):
            assert writer.stdout.readline()
            told += 1
        os.kill(writer.pid, signal.SIGKILL)
        told += len(writer.communicate()[0].splitlines())
    async with Database(path) as database:
        book = TaskBook(database)
        await book.load()
        (found,) = (await History(book=book, database=database).read()).tasks
    states = [one.state for one in found.intervals]
    # What was told is kept; what was kept and not told is one change a kill at most.
    assert told <= len(states) - 1 <= told + _KILLS
    assert set(states[0::2]) == {State.WORKING}
    assert set(states[1::2]) == {State.WAITING}
    assert states[-1] is book.get(task.id).state


async def test_the_daemon_that_comes_after_a_kill_goes_on_with_the_history(
    home, repository
):
    def told() -> list[str]:
        done = home.agentls("report", "--json", cwd=repository)
        (task,) = json.loads(done.stdout)["tasks"]
        return [one["state"] for one in task["intervals"]]

    gate = home.path / "gate"
    os.mkfifo(gate)
    asked = ["run", "--agent", "shell", f"read _ <'{gate}'; echo a > a"]
    made = home.agentls(*asked, "--json", cwd=repository)
    task = json.loads(made.stdout)["task"]["id"]
    pid = json.loads((home.state / "daemon.json").read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(gate.write_text, "go\n")
    home.agentls("wait", task, cwd=repository)
    assert told() == ["queued", "preparing", "working", "review"]
