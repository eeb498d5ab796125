"""Where a hunk comes from: its turn and prompt, or a person."""

from typing import Any

import pytest

from agentls.errors import InvalidState
from agentls.model import HunkId, State, Task
from agentls.tasks.origins import Origin
from agentls.tasks.reviewing import Asked


async def _origin(daemon: Any, task: Task, path: bytes) -> Origin:
    shown = await daemon.core.reviewing.changes(task.id, Asked(hunks=True))
    hunk = (shown.hunks or {})[path][-1]
    _, origin = await daemon.core.origins.find(task.id, hunk.id, paths=(path,))
    assert (origin.hunk, origin.hunk.path) == (hunk, path)
    return origin


async def _more(daemon: Any, task: Task, prompt: str) -> None:
    await daemon.core.tasks.send_prompt(task.id, prompt)
    await daemon.until(task.id, State.REVIEW)


def _told(origin: Origin) -> tuple[int | None, str | None, bool]:
    turn, saved = origin.turn, origin.checkpoint
    return (
        saved and saved.number,
        turn and turn.prompt.partition("\n")[0],
        origin.by_person,
    )


async def test_a_hunk_is_of_the_turn_that_made_it(daemon: Any):
    task = await daemon.done("echo 1 > one; echo a > two")
    second = "echo 2 > three; echo b > two"
    await _more(daemon, task, second)
    assert _told(await _origin(daemon, task, b"one")) == (
        *(1, "echo 1 > one; echo a > two", False),
    )
    assert _told(await _origin(daemon, task, b"two")) == (2, second, False)
    assert _told(await _origin(daemon, task, b"three")) == (2, second, False)


async def test_lines_that_went_and_came_back_are_of_the_last_turn(daemon: Any):
    task = await daemon.done("echo 1 > one")
    await _more(daemon, task, "echo 2 > one")
    await _more(daemon, task, "echo 1 > one; git add .; git commit -qm work")
    assert (await _origin(daemon, task, b"one")).checkpoint.number == 3


async def test_what_a_person_made_is_said_so(daemon: Any):
    task = await daemon.done("echo 1 > one")
    (task.worktree / "mine").write_text("mine\n")
    assert _told(await _origin(daemon, task, b"mine")) == (None, "echo 1 > one", True)
    await daemon.core.checkpointing.take(task.id)
    assert _told(await _origin(daemon, task, b"mine")) == (2, "echo 1 > one", True)


async def test_the_checks_that_saw_it_are_given(daemon: Any, git: Any):
    (daemon.root / ".agentls.toml").write_text('[checks]\nunit = { run = "test -e b" }')
    git(daemon.root, "add", ".")
    git(daemon.root, "commit", "-qm", "checks")
    await daemon.trust()
    task = await daemon.done("echo a > a")
    (failed,) = (await _origin(daemon, task, b"a")).checks
    assert (failed.name, failed.outcome) == ("unit", "failed")
    await _more(daemon, task, "echo b > b")
    (passed,) = (await _origin(daemon, task, b"a")).checks
    assert passed.outcome == "passed"
    assert passed.session != failed.session


async def test_a_hunk_that_is_gone_has_no_origin(daemon: Any):
    task = await daemon.done("echo 1 > one")
    with pytest.raises(InvalidState, match="no part of task"):
        await daemon.core.origins.find(task.id, HunkId("0" * 16), paths=())
