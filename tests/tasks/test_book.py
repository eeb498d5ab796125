import asyncio
from datetime import UTC, datetime
from functools import partial

import attrs
import pytest

from agentls.background import Background
from agentls.errors import InvalidState, UnknownTask
from agentls.model import Exit, Session, SessionId, SessionKind, State, Task
from agentls.store.tasks import JournalEntry
from agentls.tasks.book import Removed, SessionEnd, TaskBook, now


@pytest.fixture
def add(book, make_task):
    """Add a task; the book chooses id, number and revision."""

    async def add_task(**values) -> Task:
        def make(task_id, number, rev):
            return make_task(id=task_id, number=number, rev=rev, **values)

        return await book.add(make)

    return add_task


def _session(task: Task, name: str = "one") -> Session:
    return Session(
        id=SessionId(name),
        task=task.id,
        kind=SessionKind.AGENT,
        title="shell",
        started=now(),
    )


async def test_every_change_is_told_once_in_order_with_a_growing_rev(book, add):
    heard = []
    with book.listening(heard.append):
        task = await add()
        await book.change(task.id, state=State.PREPARING)
        await book.change(task.id, state=State.WORKING, why="because")
    assert [(e.state, e.why) for e in heard] == [
        ("queued", ""),
        ("preparing", ""),
        ("working", "because"),
    ]
    revs = [event.rev for event in heard]
    assert revs == sorted(set(revs))
    assert book.rev == revs[-1]


async def test_another_book_reads_what_this_one_wrote(book, database, add):
    task = await add(environment={"LANG": "C"}, conversation="c-1")
    await book.change(task.id, state=State.PREPARING)
    await book.add_session(_session(task))
    other = TaskBook(database)
    await other.load()
    assert other.tasks() == book.tasks()
    assert other.sessions(task.id) == book.sessions(task.id)
    assert other.rev == book.rev


async def test_a_state_that_cannot_follow_changes_and_tells_nothing(book, add):
    task = await add()
    heard = []
    with book.listening(heard.append), pytest.raises(InvalidState):
        await book.change(task.id, state=State.MERGED)
    assert heard == []
    assert book.get(task.id) == task


async def test_ids_are_short_and_found_by_a_beginning_that_is_unique(book, add):
    tasks = [await add() for _ in range(30)]
    assert len({task.id for task in tasks}) == 30
    for task in tasks:
        assert len(task.id) == 4
        assert book.get(task.id) == task
    with pytest.raises(UnknownTask, match="no task 'zzzz'"):
        book.get("zzzz")
    with pytest.raises(UnknownTask):
        book.get("")
    first = tasks[0].id[0]
    same = [task for task in tasks if task.id.startswith(first)]
    if len(same) == 1:
        assert book.get(first) == same[0]
    else:
        with pytest.raises(UnknownTask, match="several tasks"):
            book.get(first)


async def test_numbers_are_never_used_twice(book, add):
    first = await add()
    await book.remove(first.id)
    second = await add()
    assert (first.number, second.number) == (1, 2)


async def test_a_removed_task_is_told_and_gone_with_its_sessions(book, database, add):
    task = await add()
    await book.add_session(_session(task))
    heard = []
    with book.listening(heard.append):
        await book.remove(task.id)
    assert heard == [Removed(task=task.id, rev=book.rev)]
    other = TaskBook(database)
    await other.load()
    assert other.tasks(discarded=True) == ()
    assert other.session(SessionId("one")) is None


async def test_a_sessions_end_is_kept_and_told_after_the_task(book, add):
    task = await add()
    await book.add_session(_session(task))
    end = Exit(status=3, signal=None, ended=datetime(2026, 1, 2, tzinfo=UTC))
    heard = []
    with book.listening(heard.append):
        ended = await book.end_session(SessionId("one"), end)
    assert ended == attrs.evolve(book.session(SessionId("one")))
    assert (ended.exit, ended.live, ended.lost) == (end, False, False)
    assert [type(event) for event in heard] == [Task, SessionEnd]


async def test_the_journal_holds_what_is_not_finished(book, database, add):
    task = await add()
    entry = JournalEntry(task=task.id, operation="create", step="a", data={"n": 1})
    await book.change(task.id, state=State.PREPARING, journal=entry)
    await book.note(attrs.evolve(entry, step="b"))
    reload = partial(TaskBook(database).load)
    assert await reload() == (attrs.evolve(entry, step="b"),)
    await book.finish(task.id, state=State.WORKING)
    assert await TaskBook(database).load() == ()


async def test_discarded_tasks_are_listed_only_when_asked_for(book, add):
    task = await add()
    await book.change(task.id, state=State.DISCARDED)
    assert book.tasks() == ()
    assert [one.id for one in book.tasks(discarded=True)] == [task.id]


async def test_what_is_on_disk_and_what_is_told_agree_when_a_change_is_cancelled(
    book, database, add
):
    task = await add()
    heard = []
    async with Background() as background:
        with book.listening(heard.append):
            for state in (State.PREPARING, State.WORKING, State.REVIEW):
                work = book.change(task.id, state=state)
                change = background.spawn(work, name="a change")
                while not book._writing.locked():  # noqa: ASYNC110 - no event tells
                    await asyncio.sleep(0)
                await asyncio.sleep(0)
                change.cancel()
                await asyncio.sleep(0)
                change.cancel()  # twice, as at a daemon's end
                with pytest.raises(asyncio.CancelledError):
                    await change
    other = TaskBook(database)
    await other.load()
    assert other.tasks() == book.tasks()
    assert [event.state for event in heard] == ["preparing", "working", "review"]


async def test_a_change_of_a_moment_ago_is_dropped_when_the_task_went_on(book, add):
    task = await add()
    await book.change(task.id, state=State.PREPARING)
    await book.change(task.id, state=State.WORKING)
    merged = await book.change(task.id, state=State.REVIEW)
    merged = await book.change(task.id, state=State.MERGED)
    late = await book.change_if(task.id, {State.WORKING}, state=State.REVIEW)
    assert late == book.get(task.id) == merged
