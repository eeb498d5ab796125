"""Stacks: a task that stands on another follows it, and brings only its own lines."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentls.errors import InvalidState
from agentls.model import BaseKind, Resolve, State, Strategy, Task
from agentls.tasks.reviewing import Asked
from agentls.tasks.starting import silent

_LOWER = "printf 'a\\nb\\nc\\nd\\ne\\n' > text"
_UPPER = "sed -i 's/e/E/' text; echo 2 > two"
_COMMITTED = "; git add .; git commit -qm own"


async def _stack(daemon: Any, *, lower: str = "", upper: str = "") -> tuple[Task, Task]:
    """Make a task and one that stands on it; `lower` and `upper` are done as well."""
    below = await daemon.done(_LOWER + lower)
    above = await daemon.done(_UPPER + upper, base=f"task:{below.id}")
    assert above.base.on == below.id
    return below, above


async def _change(daemon: Any, task: Task) -> dict[str, tuple[int, int]]:
    shown = await daemon.core.reviewing.changes(task.id, Asked())
    return {file.path.decode(): (file.added, file.deleted) for file in shown.files}


_OWN = {"text": (1, 1), "two": (1, 0)}


async def _more(daemon: Any, task: Task, script: str) -> None:
    """Let a task go on by another turn."""
    turns = len(await daemon.core.tasks._starter.turns.list(task))
    await daemon.core.tasks.send_prompt(task.id, script)
    await daemon.until(task.id, State.REVIEW)
    assert len(await daemon.core.tasks._starter.turns.list(task)) == turns + 1


async def _moved(daemon: Any, task: Task) -> Task:
    """Wait until a task's base is another than it was."""
    await daemon.until_true(lambda: daemon.core.book.get(task.id).base != task.base)
    async with daemon.core.merging._on.lock(task.id):
        return daemon.core.book.get(task.id)


async def _merge(daemon: Any, task: Task, strategy: Strategy = Strategy.SQUASH) -> Any:
    return await daemon.core.merging.merge(
        task.id, message=None, stop=False, progress=silent, strategy=strategy
    )


@pytest.mark.full
@pytest.mark.parametrize("lower", ["", _COMMITTED])
@pytest.mark.parametrize("upper", ["", _COMMITTED])
async def test_what_the_task_below_does_next_comes_in_and_is_not_its_own(
    daemon: Any, lower: str, upper: str
):
    below, above = await _stack(daemon, lower=lower, upper=upper)
    assert await _change(daemon, above) == _OWN
    await _more(daemon, below, f"sed -i s/a/A/ text; echo 3 > three{lower}")
    above = await _moved(daemon, above)
    assert (above.base.on, above.state) == (below.id, State.REVIEW)
    assert (above.worktree / "text").read_text() == "A\nb\nc\nd\nE\n"
    assert (above.worktree / "three").exists()
    assert await _change(daemon, above) == _OWN


@pytest.mark.full
@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("upper", ["", _COMMITTED])
@pytest.mark.parametrize("lower", ["", _COMMITTED])
async def test_when_the_task_below_is_merged_it_stands_on_the_target(
    daemon: Any, git: Callable[..., str], lower: str, upper: str, strategy: Strategy
):
    below, above = await _stack(daemon, lower=lower, upper=upper)
    await _merge(daemon, below, strategy)
    tip = git(daemon.root, "rev-parse", "main")
    above = await _moved(daemon, above)
    assert (above.base.on, above.base.commit) == (None, tip)
    assert await _change(daemon, above) == _OWN
    merged = await _merge(daemon, above)
    shown = git(daemon.root, "show", "--format=%P", "--numstat", merged.commit)
    assert shown.split() == [tip, *("1", "1", "text"), *("1", "0", "two")]
    assert (daemon.root / "text").read_text() == "a\nb\nc\nd\nE\n"
    assert git(daemon.root, "status", "--porcelain") == ""
    history = git(daemon.root, "log", "--format=%an", "main")
    assert "agentls" not in history


async def test_a_merge_right_after_the_one_below_brings_only_its_own(
    daemon: Any, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
):
    """Before it has followed."""
    below, above = await _stack(daemon)
    monkeypatch.setattr(
        daemon.core.stacking, "_wake", type("Never", (), {"set": lambda _: None})()
    )
    await _more(daemon, below, "sed -i s/a/A/ text")
    await _merge(daemon, below)
    assert daemon.core.book.get(above.id).base == above.base
    merged = await _merge(daemon, above)
    numbers = git(daemon.root, "show", "--format=", "--numstat", merged.commit)
    assert numbers.split() == ["1", "1", "text", "1", "0", "two"]
    assert (daemon.root / "text").read_text() == "A\nb\nc\nd\nE\n"


async def test_the_upper_one_is_not_merged_first(daemon: Any):
    below, above = await _stack(daemon)
    with pytest.raises(InvalidState, match=f"stands on task {below.id}"):
        await _merge(daemon, above)
    _, preview = await daemon.core.merging.preview(
        above.id, message=None, strategy=None
    )
    assert f"stands on task {below.id}" in preview.why_not


async def test_a_review_begins_below_and_a_train_takes_both(
    daemon: Any, git: Callable[..., str]
):
    below, above = await _stack(daemon)
    await daemon.core.book.change(below.id, files=9, added=99, deleted=0)
    await daemon.core.forecasting.forecast(None, task=None)
    found = await daemon.core.ordering.next_review(None, after=None)
    assert found.task.id == below.id
    options = {"target": None, "check": False, "progress": silent}
    train = await daemon.core.trains.run(
        daemon.root, tasks=[above.id], merge=False, **options
    )
    assert train.cars[0].why == f"It stands on task {below.id}, which stays behind."
    train = await daemon.core.trains.run(
        daemon.root, tasks=[above.id, below.id], merge=True, **options
    )
    assert [car.task for car in train.cars] == [below.id, above.id]
    assert train.merged
    numbers = git(daemon.root, "show", "--format=", "--numstat", "main")
    assert numbers.split() == ["1", "1", "text", "1", "0", "two"]


async def test_lines_beside_those_below_are_forecast_as_they_will_be_merged(
    daemon: Any, git: Callable[..., str]
):
    """Alone they would conflict with the target, which lacks the line above them."""
    (daemon.root / "near").write_text("1\n2\n3\n")
    git(daemon.root, "add", ".")
    git(daemon.root, "commit", "-qm", "near")
    below = await daemon.done("printf 'one\\n2\\n3\\n' > near")
    await daemon.done("sed -i s/2/two/ near", base=f"task:{below.id}")
    found = await daemon.core.forecasting.forecast(daemon.root, task=None)
    assert {one.target.outcome.value for one in found} == {"clean"}
    assert not any(one.tasks for one in found)


async def test_a_stack_of_three_follows_from_below_to_above(daemon: Any):
    below, above = await _stack(daemon)
    top = await daemon.done("echo top > top", base=f"task:{above.id}")
    await _more(daemon, below, "echo 3 > three")
    top = await _moved(daemon, top)
    await daemon.until_true((top.worktree / "three").exists)
    assert await _change(daemon, top) == {"top": (1, 0)}


async def test_a_conflict_changes_nothing_and_is_told_then_resolved(
    daemon: Any, git: Callable[..., str]
):
    below, above = await _stack(daemon)
    await _more(daemon, below, "sed -i s/e/other/ text")
    await daemon.until_true(lambda: bool(daemon.core.book.get(above.id).why))
    told = daemon.core.book.get(above.id)
    assert told.why.startswith(
        f"It can't follow task {below.id}: Task {above.id} conflicts with task"
        f" {below.id} in text. Nothing was changed."
    )
    assert told.base == above.base
    assert above.id in daemon.core.book.untold
    assert (above.worktree / "text").read_text() == "a\nb\nc\nd\nE\n"
    updated = await daemon.core.updating.update(
        above.id, resolve=Resolve.EDITOR, stop=False, progress=silent
    )
    assert updated.source == f"task {below.id}"
    text = above.worktree / "text"
    assert f">>>>>>> task {below.id}" in text.read_text()
    text.write_text("a\nb\nc\nd\nE and other\n")
    git(above.worktree, "add", "text")
    await daemon.core.updating.update(
        above.id, resolve=None, stop=False, progress=silent
    )
    assert await _change(daemon, above) == _OWN
    assert daemon.core.book.get(above.id).base.on == below.id


async def test_a_conflict_with_what_it_was_merged_into_can_be_aborted(
    daemon: Any, git: Callable[..., str]
):
    below, above = await _stack(daemon)
    (daemon.root / "two").write_text("other\n")
    git(daemon.root, "add", ".")
    git(daemon.root, "commit", "-qm", "other")
    await _merge(daemon, below)
    await daemon.until_true(lambda: bool(daemon.core.book.get(above.id).why))
    updated = await daemon.core.updating.update(
        above.id, resolve=Resolve.EDITOR, stop=False, progress=silent
    )
    assert updated.conflicts == (b"two",)
    assert updated.task.base.on is None
    await daemon.core.updating.abort(above.id, stop=False)
    back = daemon.core.book.get(above.id)
    assert back.base == above.base
    assert (above.worktree / "two").read_text() == "2\n"


async def test_a_rewind_to_before_it_followed_knows_what_it_stood_on(daemon: Any):
    below, above = await _stack(daemon)
    saved = await daemon.core.merging._on.checkpoints.last(above)
    await _merge(daemon, below)
    await _moved(daemon, above)
    rewound = await daemon.core.rewinding.rewind(
        above.id, saved.number, stop=False, progress=silent
    )
    assert rewound.task.base == above.base
    again = await _moved(daemon, rewound.task)  # and it follows again
    assert await _change(daemon, again) == _OWN


async def test_a_discard_of_the_task_below_is_told(daemon: Any):
    below, above = await _stack(daemon)
    await daemon.core.discarding.discard(below.id)
    await daemon.until_true(lambda: bool(daemon.core.book.get(above.id).why))
    told = daemon.core.book.get(above.id)
    assert f"Task {below.id}, on which it stands, was discarded" in told.why
    assert told.base == above.base
    await daemon.core.discarding.restore(below.id)
    await _more(daemon, below, "echo 3 > three")
    assert (await _moved(daemon, above)).base.on == below.id


async def test_it_does_not_follow_while_its_agent_works(daemon: Any, tmp_path: Path):
    below, above = await _stack(daemon)
    os.mkfifo(tmp_path / "gate")
    await daemon.core.tasks.send_prompt(above.id, f"cat {tmp_path}/gate")
    await daemon.until(above.id, State.WORKING)
    await _merge(daemon, below)
    assert daemon.core.book.get(above.id).base == above.base
    (tmp_path / "gate").write_text("go on\n")
    above = await _moved(daemon, above)
    assert await _change(daemon, above) == _OWN


async def test_the_next_daemon_lets_it_follow(start: Any):
    async with start() as daemon:
        below, above = await _stack(daemon)
        daemon.core.stacking._updating = None  # it is killed before it comes to that
        await _merge(daemon, below)
    async with start() as daemon:
        above = await _moved(daemon, above)
        assert above.base.kind is BaseKind.REF
        assert await _change(daemon, above) == _OWN
