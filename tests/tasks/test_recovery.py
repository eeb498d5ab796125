"""A daemon that ends before or after any step: the next one finishes or undoes it."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from agentls.assembly import open_core
from agentls.core import Core
from agentls.git import rewriting
from agentls.model import State, Task, TaskId
from agentls.paths import Paths
from agentls.review import checkpoint, discarding, merging, strategies, undoing
from agentls.tasks import agency, book, preparing, running, starting
from agentls.tasks.request import TaskRequest

pytestmark = pytest.mark.full  # the kill at each step has reduced counts

STEPS = {
    "create": [
        (preparing, "add_worktree"),
        (preparing, "init_submodules"),
        (preparing, "copy_files"),
        (running.Runner, "start"),
        (checkpoint.Checkpointer, "take_prepared"),
        (agency.Agency, "start"),
        (book.TaskBook, "finish"),
    ],
    "merge": [
        (checkpoint.Checkpointer, "take"),
        (merging, "read_work"),
        (strategies, "merge_trees"),
        (strategies, "commit_tree"),
        (book.TaskBook, "note"),
        (merging, "advance_branch"),
        (book.TaskBook, "finish"),
    ],
    "undo": [
        (undoing, "plan_undo"),
        (book.TaskBook, "note"),
        (undoing, "retreat_branch"),
        (book.TaskBook, "finish"),
    ],
    "discard": [
        (book.TaskBook, "note"),
        (checkpoint.Checkpointer, "take"),
        (discarding, "set_aside"),
        (discarding, "delete_branch"),
        (book.TaskBook, "finish"),
    ],
    "restore": [
        (book.TaskBook, "note"),
        (discarding, "create_branch"),
        (discarding, "bring_back"),
        (book.TaskBook, "finish"),
    ],
    "rewind": [
        (checkpoint.Checkpointer, "take"),
        (book.TaskBook, "note"),
        (rewriting, "move_aside"),
        (rewriting, "write_files"),
        (rewriting, "move_head"),
        (book.TaskBook, "finish"),
    ],
}
CASES = [
    *((operation, 0, "before") for operation in STEPS),
    *((name, step, "after") for name, of in STEPS.items() for step in range(len(of))),
]
"""Right after a step is as before the next. A kill at any moment: `test_killed.py`."""


@pytest.fixture
def root(tmp_path: Path, home, git, monkeypatch) -> Path:
    for name in ("HOME", "SHELL", "GIT_CONFIG_NOSYSTEM"):
        monkeypatch.setenv(name, home.environ[name])
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "plain.txt").write_text("plain\n")
    (folder / ".env").write_text("SECRET=1\n")
    (folder / ".gitignore").write_text(".env\n")
    (folder / ".agentls.toml").write_text(
        'copy = [".env"]\nsetup = ["echo set up > made"]\n'
    )
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


@pytest.fixture
def paths(home) -> Paths:
    return Paths.from_environ(home.environ, uid=os.getuid())


@asynccontextmanager
async def _daemon(paths: Paths) -> AsyncGenerator[Core]:
    async with asyncio.timeout(60), open_core(paths) as core:
        yield core


async def _settled(core: Core, task: TaskId, *states: State) -> Task:
    """Wait until a task is in one of the states and no operation is under way."""
    reached = asyncio.Event()

    def look(_: object = None) -> None:
        if core.book.get(task).state in states:
            reached.set()

    with core.book.listening(look):
        look()
        async with asyncio.timeout(30):
            await reached.wait()
    return core.book.get(task)


async def _create(core: Core, root: Path) -> TaskId:
    request = TaskRequest(
        prompt="cat .env made; echo work > work; echo more >> plain.txt",
        folder=root,
        agent="shell",
    )
    return (await core.creating.create(request, progress=starting.silent)).id


async def _trust(core: Core, root: Path) -> None:
    from agentls.git.repository import find_repository  # noqa: PLC0415

    await core.trusting.decide(await find_repository(root), "allowed", digests=None)


async def _run(core: Core, operation: str, root: Path, task: TaskId | None) -> None:
    if operation == "create":
        await _create(core, root)
        return
    assert task is not None
    if operation == "merge":
        await core.merging.merge(
            task, message=None, stop=False, progress=starting.silent
        )
    elif operation == "undo":
        await core.undoing.undo(task, progress=starting.silent)
    elif operation == "discard":
        await core.discarding.discard(task)
    elif operation == "rewind":
        await core.rewinding.rewind(task, 2, stop=False, progress=starting.silent)
    else:
        await core.discarding.restore(task)


def _go_on(worktree: Path, git) -> None:
    """Do what is not to be there after a rewind: a commit, and work beside it."""
    (worktree / "later").write_text("later\n")
    git(worktree, "add", "later")
    git(worktree, "commit", "-qm", "later")
    (worktree / "work").write_text("other work\n")
    (worktree / "plain.txt").unlink()


def _die(monkeypatch, core: Core, owner: object, name: str, when: str) -> None:
    """Let the daemon end before or after the first call of a function."""
    original = getattr(owner, name)
    starter = core.tasks._starter

    async def dying(*args, **kwargs):
        if when == "after":
            result = original(*args, **kwargs)
            if asyncio.iscoroutine(result):
                await result
        starter.closing = True
        raise asyncio.CancelledError

    if name == "copy_files":  # it runs in a thread

        def dying(*args, **kwargs):
            if when == "after":
                original(*args, **kwargs)
            starter.closing = True
            raise asyncio.CancelledError

    monkeypatch.setattr(owner, name, dying)


@pytest.mark.parametrize(("operation", "step", "when"), CASES)
async def test_the_next_daemon_finishes_or_undoes_it(
    operation, step, when, paths, root, git, monkeypatch
):
    task: TaskId | None = None
    async with _daemon(paths) as core:
        await _trust(core, root)
        if operation != "create":
            task = await _create(core, root)
            await _settled(core, task, State.REVIEW)
        if operation == "restore":
            await core.discarding.discard(task)
        if operation == "rewind":
            _go_on(core.book.get(task).worktree, git)
        if operation == "undo":
            await _run(core, "merge", root, task)
    head = git(root, "rev-parse", "HEAD^" if operation == "undo" else "HEAD")

    with monkeypatch.context() as patched:
        async with _daemon(paths) as core:
            _die(patched, core, *STEPS[operation][step], when)
            with suppress(asyncio.CancelledError):
                await _run(core, operation, root, task)

    async with _daemon(paths) as core:
        finishing = [
            running
            for running in core.background._running
            if running.get_name().startswith("finish")
        ]
        await asyncio.gather(*finishing)
        (found,) = core.book.tasks(discarded=True)
        final = await _settled(
            core, found.id, State.REVIEW, State.MERGED, State.DISCARDED
        )
        final = core.book.get(found.id)
        worktree = final.worktree
        if final.state is State.DISCARDED:
            assert operation in {"discard", "restore"}
            assert not worktree.exists()
            final = await core.discarding.restore(final.id)
        if operation == "rewind":
            assert " later\n" in git(root, "rev-list", "--all", "--objects") + "\n"
            if (worktree / "later").exists():  # undone
                await _run(core, operation, root, final.id)
            final = core.book.get(final.id)
        assert (worktree / "work").read_text() == "work\n"
        assert (worktree / "plain.txt").read_text() == "plain\nmore\n"
        assert (worktree / ".env").read_text() == "SECRET=1\n"
        now = git(root, "rev-parse", "HEAD")
        if final.state is State.MERGED:
            assert now == final.merged_commit
            assert git(root, "rev-parse", "HEAD^") == head
        else:
            assert now == head
            merged = await core.merging.merge(
                final.id, message=None, stop=False, progress=starting.silent
            )
            assert git(root, "rev-parse", "HEAD") == merged.commit
        listed = git(root, "show", "--format=", "--name-only", "HEAD").splitlines()
        assert listed == ["plain.txt", "work"]
        assert git(root, "status", "--porcelain") == ""
    git(root, "fsck", "--strict")
