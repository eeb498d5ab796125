"""Reading a change: pages, paths, hunks, and what was seen of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from agentls.errors import InvalidParams, InvalidState
from agentls.git import changes
from agentls.git.hunks import Hunk
from agentls.model import State, Task
from agentls.tasks.book import ViewedChanged
from agentls.tasks.reviewing import Asked, Shown

_TEXT = "".join(f"line {number}\n" for number in range(1, 31))


@pytest.fixture
def text(repository: Path, git: Callable[..., str]) -> Path:
    """Give a committed file of 30 lines."""
    (repository / "text").write_text(_TEXT)
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "text")
    return repository / "text"


async def _changes(daemon: Any, task: Task, **asked: Any) -> Shown:
    return await daemon.core.reviewing.changes(task.id, Asked(**asked))


async def _hunks(daemon: Any, task: Task) -> tuple[Hunk, ...]:
    shown = await _changes(daemon, task, hunks=True)
    return tuple(hunk for of in (shown.hunks or {}).values() for hunk in of)


async def _mark(daemon: Any, task: Task, **what: Any) -> tuple[int, int]:
    """Mark something; give how many files are viewed, of how many."""
    marked = await daemon.core.reviewing.mark(
        task.id, **{"hunks": (), "paths": (), "viewed": True} | what
    )
    return marked.viewed, marked.files


def _edit(task: Task, *edits: tuple[str, str], name: str = "text") -> None:
    file = task.worktree / name
    text = file.read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)


async def test_a_change_comes_page_by_page_with_the_figures_of_all(daemon: Any):
    task = await daemon.done("for i in 1 2 3 4 5; do seq $i > f$i; done")
    first = await _changes(daemon, task, limit=2)
    assert [file.path for file in first.files] == [b"f1", b"f2"]
    assert (first.count, first.added, first.deleted) == (5, 15, 0)
    (task.worktree / "f1").unlink()  # the list that was begun goes on
    second = await _changes(daemon, task, limit=2, more=first.more)
    third = await _changes(daemon, task, limit=2, more=second.more)
    assert [file.path for file in (*second.files, *third.files)] == [
        *(b"f3", b"f4", b"f5")
    ]
    assert (third.count, third.added, third.more) == (5, 15, None)
    assert (await _changes(daemon, task)).count == 4


@pytest.mark.usefixtures("text")
async def test_paths_name_files_and_folders(daemon: Any):
    task = await daemon.done(
        "mkdir a ab; echo 1 > a/1; echo 2 > ab/2; mv text moved; echo x >> moved"
    )
    shown = await _changes(daemon, task, paths=(b"a/",), patch=True)
    assert [file.path for file in shown.files] == [b"a/1"]
    assert (shown.added, shown.patch.count(b"diff --git")) == (1, 1)
    renamed = await _changes(daemon, task, paths=(b"text",), patch=True, hunks=True)
    assert [file.path for file in renamed.files] == [b"moved"]
    assert b"rename from text" in renamed.patch
    assert list(renamed.hunks) == [b"moved"]
    nothing = await _changes(daemon, task, paths=(b"b",), patch=True)
    assert (nothing.count, nothing.patch) == (0, b"")


@pytest.mark.parametrize(
    "wrong", [{"limit": 0}, {"limit": 10_001}, {"more": "x"}, {"old": "then"}]
)
async def test_what_makes_no_sense_is_refused(daemon: Any, wrong: dict[str, Any]):
    task = await daemon.done("echo x > x")
    with pytest.raises(InvalidParams):
        await _changes(daemon, task, **wrong)


@pytest.mark.usefixtures("text")
async def test_a_file_is_viewed_when_all_its_hunks_are(daemon: Any):
    task = await daemon.done("sed -i 's/line 3$/LINE 3/; s/line 9$/LINE 9/' text")
    one, two = await _hunks(daemon, task)
    assert await _mark(daemon, task, hunks=(one.id,)) == (0, 1)
    shown = await _changes(daemon, task)
    assert (shown.viewed, shown.seen[b"text"].hunks) == (0, 1)
    assert await _mark(daemon, task, hunks=(two.id,)) == (1, 1)
    assert (await _changes(daemon, task)).viewed == 1
    assert await _mark(daemon, task, hunks=(one.id,), viewed=False) == (0, 1)
    assert await _mark(daemon, task, paths=(b"text",)) == (1, 1)
    assert await _mark(daemon, task, viewed=False) == (0, 1)
    assert await _mark(daemon, task) == (1, 1)


@pytest.mark.usefixtures("text")
async def test_marks_survive_edits_elsewhere_and_fall_where_it_was_edited(
    daemon: Any,
):
    task = await daemon.done(
        "sed -i 's/line 3$/LINE 3/; s/line 20$/LINE 20/' text; echo new > new"
    )
    await _mark(daemon, task)
    _edit(task, ("line 1\n", "first\nline 1\n"), ("LINE 20", "LINE twenty"))
    hunks = await _hunks(daemon, task)
    shown = await _changes(daemon, task)
    unseen = {hunk.added for hunk in hunks if hunk.id not in shown.marks}
    assert unseen == {b"first\n", b"LINE twenty\n"}
    assert (shown.viewed, shown.count) == (1, 2)
    _edit(task, ("LINE twenty", "LINE 20"), ("first\n", ""))
    assert (await _changes(daemon, task)).viewed == 2


async def test_marks_survive_a_rebase(daemon: Any, text: Path, git: Callable[..., str]):
    task = await daemon.done("sed -i 's/line 20$/LINE 20/' text; git commit -qam work")
    await _mark(daemon, task)
    text.write_text(_TEXT.replace("line 2\n", "line 2\nline 2b\n"))
    git(daemon.root, "commit", "-qam", "meanwhile")
    git(task.worktree, "rebase", "-q", "main")
    before = daemon.core.book.get(task.id).base
    tip = git(daemon.root, "rev-parse", "main")
    await daemon.core.book.change(task.id, base=attrs.evolve(before, commit=tip))
    shown = await _changes(daemon, task)
    assert (shown.viewed, shown.count) == (1, 1)


@pytest.mark.usefixtures("text")
async def test_hunks_that_are_gone_are_refused_and_nothing_is_marked(
    daemon: Any,
):
    task = await daemon.done("sed -i 's/line 3$/LINE 3/; s/line 9$/LINE 9/' text")
    one, two = await _hunks(daemon, task)
    _edit(task, ("LINE 3", "other"))
    with pytest.raises(InvalidState, match="1 of these hunks"):
        await _mark(daemon, task, hunks=(one.id, two.id))
    assert not (await _changes(daemon, task)).marks


async def test_odd_files_are_read_with_their_hunks(
    daemon: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(changes, "BIG", "50k")
    script = r"""
        printf 'a\r\nb\r\n' > crlf; printf '\0' > bin; : > empty; ln -s empty link
        printf 'x' > "$(printf 'odd\n\377')"; git init -q nested; mkfifo fifo
        echo intent > intent; git add -N intent; chmod +x plain.txt
        head -c 60000 /dev/zero | tr '\0' x > large
        git add large
    """
    task = await daemon.done(script)
    shown = await _changes(daemon, task, hunks=True)
    kinds = {
        file.display: [hunk.kind.value for hunk in (shown.hunks or {})[file.path]]
        for file in shown.files
    }
    assert kinds == {
        "bin": ["file"],
        "crlf": ["lines"],
        "empty": ["file"],
        "intent": ["lines"],
        "large": ["file"],
        "link": ["file"],
        "odd\n\\xff": ["lines"],
        "plain.txt": ["file"],
    }
    assert shown.skipped == ("nested/: a repository of its own",)
    assert await _mark(daemon, task) == (8, 8)


async def test_a_discarded_task_still_shows_its_change(daemon: Any):
    task = await daemon.done("echo x > x")
    await daemon.core.discarding.discard(task.id)
    shown = await _changes(daemon, task)
    assert [file.path for file in shown.files] == [b"x"]
    assert not shown.worktree
    assert await daemon.core.reviewing.text(task.id, shown.new, b"x") == "x\n"


@pytest.mark.usefixtures("text")
async def test_reading_touches_nothing_of_the_worktree(daemon: Any):
    task = await daemon.done("sed -i 's/line 3$/LINE 3/' text; echo n > n; git add n")
    (index,) = (daemon.root / ".git" / "worktrees").glob("*/index")
    before = index.read_bytes(), (task.worktree / "text").stat().st_mtime_ns
    await _changes(daemon, task, hunks=True, patch=True)
    await _mark(daemon, task)
    assert before == (index.read_bytes(), (task.worktree / "text").stat().st_mtime_ns)


async def _names(daemon: Any, task: Task, old: str, new: str = "now") -> list[str]:
    shown = await _changes(daemon, task, old=old, new=new)
    return [file.display for file in shown.files]


async def test_a_change_is_read_between_any_two_states(daemon: Any):
    task = await daemon.done("echo 1 > one")
    await daemon.core.tasks.send_prompt(task.id, "echo 2 > two; echo 1b > one")
    await daemon.until(task.id, State.REVIEW)
    _, (first, second), _ = await daemon.core.checkpointing.list(task.id)
    (task.worktree / "three").write_text("3\n")
    assert await _names(daemon, task, "base") == ["one", "three", "two"]
    assert await _names(daemon, task, "turn") == ["one", "three", "two"]
    assert await _names(daemon, task, "2") == ["three"]
    assert await _names(daemon, task, "1", "2") == ["one", "two"]
    assert await _names(daemon, task, "2", "1") == ["one", "two"]
    assert await _names(daemon, task, "base", "1") == ["one"]
    assert await _names(daemon, task, "looked", "turn") == ["one"]
    assert (first.turn, second.turn) == (1, 2)
    with pytest.raises(InvalidParams, match="no checkpoint 9"):
        await _names(daemon, task, "9")


async def test_a_look_is_what_was_shown_and_not_what_came_since(daemon: Any):
    task = await daemon.done("echo 1 > one")
    assert await _names(daemon, task, "looked") == ["one"]
    assert await _names(daemon, task, "looked") == ["one"]  # reading is no look
    shown = await _changes(daemon, task, old="looked", look=True)
    assert [file.display for file in shown.files] == ["one"]
    assert await _names(daemon, task, "looked") == []
    (task.worktree / "two").write_text("2\n")
    assert await _names(daemon, task, "looked") == ["two"]
    await _mark(daemon, task, paths=(b"two",))
    assert await _names(daemon, task, "looked") == ["two"]
    await _mark(daemon, task, paths=(b"one",))
    assert await _names(daemon, task, "looked") == []


async def test_what_the_target_got_is_not_shown_since_the_last_look(
    daemon: Any, text: Path, git: Callable[..., str]
):
    task = await daemon.done("sed -i 's/line 20$/LINE 20/' text; echo 1 > one")
    await _changes(daemon, task, look=True)
    text.write_text(_TEXT.replace("line 2\n", "line 2\nline 2b\n"))
    git(daemon.root, "commit", "-qam", "meanwhile")
    tip = git(daemon.root, "rev-parse", "main")
    _edit(task, ("line 2\n", "line 2\nline 2b\n"), ("line 29", "LINE 29"))
    base = attrs.evolve(daemon.core.book.get(task.id).base, commit=tip)
    await daemon.core.book.change(task.id, base=base)
    shown = await _changes(daemon, task, old="looked", hunks=True)
    assert [file.display for file in shown.files] == ["text"]
    assert [hunk.added for hunk in (shown.hunks or {})[b"text"]] == [b"LINE 29\n"]


async def test_all_who_listen_hear_of_other_marks(daemon: Any):
    task = await daemon.done("echo 1 > one")
    heard: list[object] = []
    with daemon.core.book.listening(heard.append):
        await _mark(daemon, task, paths=(b"one",))
        await _mark(daemon, task, viewed=False)
    told = ViewedChanged(task=task.id)
    assert [event for event in heard if event == told] == [told, told]
