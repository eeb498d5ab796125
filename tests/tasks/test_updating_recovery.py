"""A daemon that ends in the middle of an update: all is as before, or all is done."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest

from agentls.git import rewriting
from agentls.model import Resolve, Task
from agentls.review import updating as planning
from agentls.review.checkpoint import Checkpointer
from agentls.tasks import updating
from agentls.tasks.book import TaskBook
from agentls.tasks.starting import silent

STEPS = {
    "update": [
        (Checkpointer, "take"),
        (planning, "plan_update"),
        (TaskBook, "note"),
        (rewriting, "write_files"),
        (rewriting, "move_head"),
        (TaskBook, "finish"),
    ],
    "conflict": [
        (TaskBook, "note"),
        (rewriting, "write_files"),
        (updating, "mark_unmerged"),
        (TaskBook, "finish"),
    ],
    "abort": [
        (TaskBook, "note"),
        (rewriting, "write_files"),
        (rewriting, "move_head"),
        (TaskBook, "finish"),
    ],
    "conclude": [
        (TaskBook, "note"),
        (rewriting, "move_head"),
        (TaskBook, "finish"),
    ],
}
FULL = os.environ.get("AGENTLS_TEST_FULL") == "1"
CASES = [
    (operation, step, when)
    for operation, steps in STEPS.items()
    for step, (_, name) in enumerate(steps)
    for when in ("before", "after")
    if FULL or (when == "after" and name not in {"take", "plan_update", "finish"})
]


def _state(git, worktree: Path) -> tuple[str, ...]:
    files = sorted(
        f"{file.relative_to(worktree)} {file.read_text()}"
        for file in worktree.rglob("*")
        if file.is_file() and file.name != ".git"
    )
    return (
        git(worktree, "rev-parse", "HEAD"),
        git(worktree, "ls-files", "-s"),
        git(worktree, "status", "--porcelain"),
        *files,
    )


async def _run(daemon, operation: str, task: Task) -> None:
    if operation == "abort":
        await daemon.core.updating.abort(task.id, stop=False)
        return
    resolve = Resolve.EDITOR if operation == "conflict" else None
    await daemon.core.updating.update(
        task.id, resolve=resolve, stop=False, progress=silent
    )


def _die(monkeypatch, daemon, owner: object, name: str, when: str) -> None:
    original = getattr(owner, name)

    async def dying(*args, **kwargs):
        if when == "after":
            await original(*args, **kwargs)
        daemon.core.tasks._starter.closing = True
        raise asyncio.CancelledError

    monkeypatch.setattr(owner, name, dying)


@pytest.mark.full
@pytest.mark.parametrize(("operation", "step", "when"), CASES)
async def test_the_next_daemon_finishes_or_undoes_it(
    operation, step, when, start, git, repository, monkeypatch
):
    async with start() as daemon:
        task = await daemon.done(
            "echo mine > plain.txt; git commit -qam mine; echo s > s; git add s;"
            " echo more > more"
        )
        before = _state(git, task.worktree)
        name = "other.txt" if operation == "update" else "plain.txt"
        (repository / name).write_text("theirs\n")
        git(repository, "add", ".")
        git(repository, "commit", "-qm", "the target goes on")
        tip = git(repository, "rev-parse", "HEAD")
        if operation in {"abort", "conclude"}:
            await _run(daemon, "conflict", task)
        if operation == "conclude":
            (task.worktree / "plain.txt").write_text("both\n")

    with monkeypatch.context() as patched:
        async with start() as daemon:
            _die(patched, daemon, *STEPS[operation][step], when)
            with suppress(asyncio.CancelledError):
                await _run(daemon, operation, task)

    async with start() as daemon:
        await daemon.operations_end()
        now = daemon.core.book.get(task.id)
        if operation in {"update", "conflict"} and now.base == task.base:
            assert _state(git, task.worktree) == before
            await _run(daemon, operation, task)
        if operation == "conflict":
            assert git(task.worktree, "ls-files", "-u")
            await _run(daemon, "abort", task)
        if operation == "abort" and now.base != task.base:  # not begun
            await _run(daemon, operation, task)
        if operation in {"conflict", "abort"}:
            assert daemon.core.book.get(task.id).base == task.base
            assert _state(git, task.worktree) == before
        else:
            await _run(daemon, "update", task)
            assert git(task.worktree, "rev-parse", "HEAD^2") == tip
            assert daemon.core.book.get(task.id).base.commit == tip
            assert git(task.worktree, "status", "--porcelain") == "?? more\n?? s"
            await daemon.merge(task)
            content = "both\n" if operation == "conclude" else "mine\n"
            assert (repository / "plain.txt").read_text() == content
        listed = git(repository, "rev-list", "--all", "--objects")
        assert " more" in listed
    git(repository, "fsck", "--strict")
