"""Comments: written on lines, following them, sent together, and answered."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from agentls.errors import InvalidParams, InvalidState
from agentls.model import Lines, State, Task
from agentls.review.comments import Answered, PlacedComment
from agentls.store.comments import CommentState, Side
from agentls.tasks.book import CommentsChanged
from agentls.tasks.commenting import Remark
from agentls.tasks.reviewing import Asked

TEN = "".join(f"line {number}\n" for number in range(1, 11))


@attrs.frozen
class Turns:
    """An agent that does what a script says, and keeps what it was told."""

    folder: Path

    def next(self, script: str) -> None:
        (self.folder / "turn.sh").write_text(script)

    @property
    def told(self) -> str:
        return (self.folder / "told").read_text()


@pytest.fixture
def turns(tmp_path: Path, home) -> Turns:
    agent = tmp_path / "agent.sh"
    agent.write_text(f'cp "$1" {tmp_path}/told\n. {tmp_path}/turn.sh\n')
    config = Path(home.environ["AGENTLS_CONFIG_DIR"])
    config.mkdir()
    (config / "config.toml").write_text(
        f'[agents.scripted]\ncommand = ["sh", "{agent}", "{{prompt_file}}"]\n'
    )
    return Turns(tmp_path)


@pytest.fixture
async def task(turns: Turns, daemon: Any) -> Task:
    turns.next(f"printf '{TEN}' > ten; echo more >> plain.txt".replace("\n", "\\n"))
    return await daemon.done("Write ten lines", agent="scripted")


async def _add(daemon: Any, task: Task, text: str = "Why?", **on: Any) -> int:
    path = on.pop("path", b"ten")
    if "line" in on:
        first = on.pop("line")
        on["lines"] = Lines(first=first, last=on.pop("end", first))
    remark = Remark(text=text, path=path, **on)
    return (await daemon.core.commenting.add(task.id, remark)).id


async def _listed(daemon: Any, task: Task, **how: Any) -> list[PlacedComment]:
    _, placed = await daemon.core.commenting.listed(task.id, **how)
    return list(placed)


async def _send(daemon: Any, task: Task, text: str = "") -> Any:
    sent = await daemon.core.review_sending.send(task.id, text=text, template=None)
    await daemon.until(task.id, State.REVIEW)
    return sent


async def test_a_comment_follows_its_lines_and_quotes_them(daemon, task):
    await _add(daemon, task, line=4, end=5)
    (task.worktree / "ten").write_text("new\n" + TEN)
    (one,) = await _listed(daemon, task)
    assert one.comment.quoted == "line 4\nline 5"
    assert (one.comment.first, one.comment.last) == (4, 5)
    assert (one.lines, one.outdated) == (Lines(first=5, last=6), False)


async def test_lines_that_are_gone_make_it_outdated(daemon, task):
    await _add(daemon, task, line=4)
    (task.worktree / "ten").write_text(TEN.replace("line 4\n", ""))
    (one,) = await _listed(daemon, task)
    assert (one.lines, one.outdated) == (Lines(first=3, last=3), True)
    (task.worktree / "ten").unlink()
    (one,) = await _listed(daemon, task)
    assert (one.lines, one.outdated) == (None, True)


async def test_a_comment_on_the_old_side_quotes_the_base(daemon, task):
    await _add(daemon, task, path=b"plain.txt", side=Side.OLD, line=1)
    (one,) = await _listed(daemon, task)
    assert one.comment.quoted == "plain"
    assert one.comment.checkpoint == task.base.commit


async def test_the_old_side_of_a_renamed_file_is_found_by_its_new_name(daemon, turns):
    turns.next("git mv plain.txt other.txt")
    task = await daemon.done("Rename it", agent="scripted")
    await _add(daemon, task, path=b"other.txt", side=Side.OLD, line=1)
    (one,) = await _listed(daemon, task)
    assert one.path == b"plain.txt"


REFUSED = [
    ({"path": b"nowhere", "line": 1}, "no file 'nowhere'"),
    ({"line": 11}, "10 lines"),
    ({"line": 0}, "10 lines"),
    ({"line": 5, "end": 4}, "10 lines"),
    ({"side": Side.OLD, "line": 1}, "no file 'ten'"),
    ({"text": " \n"}, "empty"),
    ({"text": "a\0b"}, "NUL"),
    ({"thread": 7}, "no comment 7"),
]


async def test_what_cannot_be_commented_is_refused(daemon, task):
    for on, said in REFUSED:
        with pytest.raises(InvalidParams, match=said):
            await _add(daemon, task, **on)
    assert await _listed(daemon, task) == []


async def test_threads_resolve_and_open_again_with_a_reply(daemon, task):
    first = await _add(daemon, task, line=1)
    reply = await _add(daemon, task, "And?", thread=first)
    await daemon.core.commenting.resolve(task.id, reply, resolved=True)
    assert await _listed(daemon, task, resolved=False) == []
    assert [one.comment.id for one in await _listed(daemon, task)] == [first, reply]
    with pytest.raises(InvalidState, match="no open comment"):
        await _send(daemon, task)
    await _add(daemon, task, "Once more", thread=reply)
    shown = await _listed(daemon, task, resolved=False)
    assert [one.comment.text for one in shown] == ["Why?", "And?", "Once more"]
    assert {one.comment.thread for one in shown} == {first}


async def test_deleting_the_first_comment_deletes_its_thread(daemon, task):
    first = await _add(daemon, task, line=1)
    reply = await _add(daemon, task, thread=first)
    await _add(daemon, task, thread=first)
    await daemon.core.commenting.delete(task.id, reply)
    assert len(await _listed(daemon, task)) == 2
    await daemon.core.commenting.delete(task.id, first)
    assert await _listed(daemon, task) == []


async def test_a_review_is_one_prompt_of_all_open_comments(daemon, turns, task):
    await _add(daemon, task, "Why four?", line=4, end=5)
    await _add(daemon, task, "Too long.", path=b"")
    (task.worktree / "ten").write_text("new\n" + TEN)
    turns.next("true")
    sent = await _send(daemon, task, "Nearly there.")
    assert turns.told.endswith("\n\n" + sent.prompt)
    assert sent.prompt.startswith("Nearly there.\n\nHere are review comments")
    assert (
        "### ten, lines 5 to 6\n\n```\nline 4\nline 5\n```\n\nWhy four?" in turns.told
    )
    assert "### The whole change\n\nToo long." in turns.told
    states = {one.comment.state for one in await _listed(daemon, task)}
    assert states == {CommentState.SENT}


async def test_the_next_review_has_only_what_is_new_with_its_thread(
    daemon, turns, task
):
    first = await _add(daemon, task, "Why four?", line=4)
    await _add(daemon, task, "Done with.", line=9)
    turns.next("true")
    await _send(daemon, task)
    await _add(daemon, task, "You didn't say.", thread=first)
    await _send(daemon, task)
    assert "Said before:\n\n> Why four?\n\nYou didn't say." in turns.told
    assert "Done with." not in turns.told


async def test_comments_stay_open_when_the_prompt_could_not_be_given(
    daemon, task, home
):
    await _add(daemon, task, line=4)
    Path(home.environ["AGENTLS_CONFIG_DIR"], "config.toml").write_text("")
    with pytest.raises(Exception, match="scripted"):
        await _send(daemon, task)
    (one,) = await _listed(daemon, task)
    assert one.comment.state is CommentState.OPEN


async def test_a_script_takes_no_review(daemon):
    """It would run what a comment quotes."""
    task = await daemon.done("echo x > ten")
    await _add(daemon, task, line=1)
    with pytest.raises(InvalidState, match="takes no review"):
        await _send(daemon, task)


async def test_only_what_was_not_sent_can_be_edited(daemon, turns, task):
    one = await _add(daemon, task, line=4)
    await daemon.core.commenting.edit(task.id, one, "What for?")
    turns.next("true")
    await _send(daemon, task)
    assert "What for?" in turns.told
    with pytest.raises(InvalidState, match="was told"):
        await daemon.core.commenting.edit(task.id, one, "Again")


@pytest.mark.parametrize(
    ("script", "how", "lines"),
    [
        ("sed -i 's/line 4/four/' ten", Answered.TOUCHED, (4, 4)),
        ("sed -i '4a below' ten", Answered.TOUCHED, (5, 5)),
        ("sed -i '4d' ten", Answered.TOUCHED, (3, 3)),
        ("sed -i 's/line 9/nine/;1d' ten", Answered.NEAR, (1, 1)),
        ("rm ten", Answered.TOUCHED, None),
        ("echo y > other", Answered.UNTOUCHED, (4, 4)),
    ],
)
async def test_a_sent_comment_is_linked_to_what_answers_it(
    daemon, turns, task, script, how, lines
):
    await _add(daemon, task, line=4)
    turns.next(script)
    await _send(daemon, task)
    (one,) = await _listed(daemon, task)
    assert one.answer is not None
    assert one.answer.how is how
    place = one.answer.lines
    assert (place and (place.first, place.last)) == lines


async def test_an_answer_names_its_hunk_of_the_whole_change(daemon, turns, task):
    await _add(daemon, task, path=b"plain.txt", line=2)
    turns.next("sed -i 's/more/less/' plain.txt; echo 0 > other")
    await _send(daemon, task)
    (one,) = await _listed(daemon, task)
    shown = await daemon.core.reviewing.changes(task.id, Asked(hunks=True))
    (hunk,) = shown.hunks[b"plain.txt"]
    assert one.answer is not None
    assert one.answer.hunk == hunk.id


async def test_a_review_is_typed_into_a_session_that_lives(daemon, home):
    config = Path(home.environ["AGENTLS_CONFIG_DIR"])
    config.mkdir()
    (config / "config.toml").write_text(
        """[agents.resting]
command = ["sh", "-c", "echo x > new; touch ../done; cat > ../told", "{prompt}"]
done = "event"
events = [{ when = { type = "done" }, status = "done" }]
"""
    )
    task = await daemon.create("Do it", agent="resting")
    await _comes_true((task.worktree.parent / "done").exists)
    (session,) = daemon.core.book.sessions(task.id)
    events = daemon.core.paths.state / "events" / session.id
    events.write_text('{"time": 1, "event": "x", "payload": {"type": "done"}}\n')
    await daemon.core.tasks.read_events(session.id)
    await daemon.until(task.id, State.REVIEW)
    await _add(daemon, task, "Why x?", path=b"new", line=1)
    await daemon.core.review_sending.send(task.id, text="", template=None)
    told = task.worktree.parent / "told"
    await _comes_true(lambda: "Why x?" in told.read_text())
    assert daemon.core.book.get(task.id).state is State.WORKING
    assert daemon.core.book.session(session.id).live
    (one,) = await _listed(daemon, task)
    assert (one.comment.state, one.answer) == (CommentState.SENT, None)
    await daemon.core.tasks.stop(task.id)


async def _comes_true(true: Callable[[], bool]) -> None:
    """Wait until something is true of files that another process writes."""
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.02)


async def test_clients_are_told_of_every_change_to_comments(daemon, task):
    heard: list[object] = []
    with daemon.core.book.listening(heard.append):
        one = await _add(daemon, task, line=4)
        await daemon.core.commenting.delete(task.id, one)
    told = [event for event in heard if isinstance(event, CommentsChanged)]
    assert [event.task for event in told] == [task.id] * 2


async def test_comments_are_there_without_the_worktree_and_without_the_objects(
    daemon, task, git
):
    await _add(daemon, task, line=4)
    task = await daemon.core.discarding.discard(task.id)
    (one,) = await _listed(daemon, task)
    assert (one.lines, one.outdated) == (Lines(first=4, last=4), False)
    git(daemon.root, "update-ref", "-d", f"refs/agentls/{task.id}")
    git(daemon.root, "reflog", "expire", "--expire=now", "--all")
    git(daemon.root, "gc", "-q", "--prune=now")
    (one,) = await _listed(daemon, task)
    assert (one.lines, one.outdated) == (Lines(first=4, last=4), True)


async def test_comments_outlive_the_daemon(start, turns):
    turns.next("echo x > ten")
    async with start() as daemon:
        task = await daemon.done("Write", agent="scripted")
        await _add(daemon, task, line=1)
    async with start() as daemon:
        (one,) = await _listed(daemon, task)
        assert one.comment.text == "Why?"


async def test_a_review_that_did_not_arrive_before_the_daemon_died_is_open_again(
    start, turns, monkeypatch
):
    turns.next("echo x > ten")
    async with start() as daemon:
        task = await daemon.done("Write", agent="scripted")
        await _add(daemon, task, line=1)
        begun = asyncio.Event()

        async def never(*_: Any, **__: Any) -> None:
            begun.set()
            await asyncio.Event().wait()

        with monkeypatch.context() as patched:
            patched.setattr(daemon.core.sessions, "start", never)
            daemon.core.spawn(
                daemon.core.review_sending.send(task.id, text="", template=None),
                name="send",
            )
            await begun.wait()
            (one,) = await daemon.core.commenting.load(task)
            assert one.state is CommentState.SENT  # in one step with its turn
            daemon.core.tasks._starter.closing = True
            await daemon.core.background.__aexit__(None, None, None)
    async with start() as daemon:
        await daemon.operations_end()
        (one,) = await _listed(daemon, task)
        assert (one.comment.state, one.comment.sent) == (CommentState.OPEN, None)
        assert "didn't reach" in daemon.core.book.get(task.id).why
        await _send(daemon, task)
        assert "Why?" in turns.told


async def test_a_path_of_any_bytes_can_be_commented(daemon, turns):
    turns.next("printf 'x\\n' > \"$(printf 'a\\377 b')\"")
    task = await daemon.done("Write", agent="scripted")
    await _add(daemon, task, path=b"a\xff b", line=1)
    (one,) = await _listed(daemon, task)
    assert os.fsdecode(one.path) == "a\udcff b"
