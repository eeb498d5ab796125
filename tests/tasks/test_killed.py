"""A daemon killed at any step of an operation: the next finishes or undoes it.

`AGENTLS_TEST_FULL=1` kills it before every step that there is, else before one.
"""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from agentls.assembly import open_core
from agentls.core import Core
from agentls.git.repository import find_repository
from agentls.model import State, Task, Teardown
from agentls.paths import Paths
from agentls.tasks.request import TaskRequest
from agentls.tasks.starting import silent
from keeping import fsck, kept, lost

FULL = os.environ.get("AGENTLS_TEST_FULL") == "1"
SCRIPT = Path(__file__).with_name("killed_daemon.py")
MADE_BEFORE = {
    "create": (),
    "squash": ("create",),
    "merge": ("create",),
    "rebase": ("create",),
    "train": ("create",),
    "train with checks": ("create",),
    "undo": ("create", "squash"),
    "undo after gc": ("create", "squash", "gc"),
    "update": ("create", "moved"),
    "discard": ("create",),
    "restore": ("create", "discard"),
    "make again": ("create", "discard", "gc"),
    "rewind": ("create", "more"),
    "gc": ("create", "discard"),
}
PROMPT = """\
cat .env made; echo own > own; git add own; git commit -qm own
echo staged > staged; git add staged; echo work > work; echo more >> plain.txt
"""


CHECKS = """\
[checks.one]
run = "cat made"
[checks.two]
run = "cat made"
"""
TEARDOWN = "echo begun >> {base}/log; read -r _ < {base}/gate; echo done >> {base}/log"


@attrs.frozen(kw_only=True)
class Place:
    """A home and a repository, which can be brought back to how they were."""

    base: Path
    environ: dict[str, str]
    end_all: Any

    @property
    def root(self) -> Path:
        return self.base / "repository"

    def save(self) -> None:
        self._copy(self.base, self.base.with_name("saved"))

    def bring_back(self) -> None:
        self.end_all(self.environ["AGENTLS_STATE_DIR"])
        self._copy(self.base.with_name("saved"), self.base)

    def _copy(self, source: Path, destination: Path) -> None:
        shutil.rmtree(destination, ignore_errors=True)
        subprocess.run(["cp", "-a", source, destination], check=True)


@pytest.fixture
def place(tmp_path: Path, home, git, end_all, monkeypatch) -> Place:
    base = tmp_path / "base"
    base.mkdir()
    environ = dict(home.environ)
    for name in ("STATE", "DATA", "CONFIG"):
        environ[f"AGENTLS_{name}_DIR"] = str(base / name.lower())
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    (base / "config").mkdir()
    (base / "config" / "config.toml").write_text("trash_days = 0\n")
    place = Place(base=base, environ=environ, end_all=end_all)
    place.root.mkdir()
    git(place.root, "init", "-q")
    (place.root / "plain.txt").write_text("plain\n")
    (place.root / ".env").write_text("SECRET=1\n")
    (place.root / ".gitignore").write_text(".env\n")
    (place.root / ".agentls.toml").write_text(
        'copy = [".env"]\nsetup = ["echo set up > made"]\n'
    )
    git(place.root, "add", ".")
    git(place.root, "commit", "-qm", "first")
    return place


@pytest.fixture
def killed_daemons(place: Place) -> Generator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, str(SCRIPT)],
        env={"PATH": place.environ["PATH"]},  # `end_all` mustn't end it
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


async def _settled(core: Core, *states: State) -> Task | None:
    """Wait until nothing is under way, and give the task if there is one."""
    for running in tuple(core.background._running):
        if running.get_name().startswith("finish"):
            await running
    await _until(
        core,
        lambda: all(one.state in states for one in core.book.tasks(discarded=True)),
    )
    found = core.book.tasks(discarded=True)
    return found[0] if found else None


async def _until(core: Core, true: Callable[[], bool]) -> None:
    """Wait until something is true after a change of the book."""
    reached = asyncio.Event()

    def look(_: object = None) -> None:
        if true():
            reached.set()

    with core.book.listening(look):
        look()
        async with asyncio.timeout(30):
            await reached.wait()


async def _prepare(place: Place, git, before: tuple[str, ...]) -> Task | None:
    """Do what comes before an operation, with a daemon that nobody kills."""
    async with open_core(Paths.of_this_process()) as core:
        repository = await find_repository(place.root)
        await core.trusting.decide(repository, "allowed", digests=None)
        task: Task | None = None
        for one in before:
            if one == "create":
                request = TaskRequest(prompt=PROMPT, folder=place.root, agent="shell")
                task = await core.creating.create(request, progress=silent)
                task = await _settled(core, State.REVIEW)
            assert task is not None
            if one == "squash":
                await core.merging.merge(
                    task.id, message=None, stop=False, progress=silent
                )
            elif one == "discard":
                await core.discarding.discard(task.id)
            elif one == "gc":
                await core.housekeeper.collect()
            elif one == "moved":  # the target
                (place.root / "moved").write_text("moved\n")
                git(place.root, "add", "moved")
                git(place.root, "commit", "-qm", "moved")
            elif one == "more":
                await core.tasks.send_prompt(task.id, "rm work; echo 2 > second")
                task = await _settled(core, State.REVIEW)
        return task


def _steps(total: int) -> Iterator[int]:
    """Say before which steps a daemon is killed; the last one ends by itself."""
    if FULL:
        return iter(range(1, total + 2))
    return iter((total * 2 // 3,))


async def _check(place: Place, git, *, operation: str, wanted: frozenset[str]) -> None:
    """Look at what the next daemon makes of it."""
    async with open_core(Paths.of_this_process()) as core:
        task = await _settled(core, State.REVIEW, State.MERGED, State.DISCARDED)
        assert not lost(place.root, wanted, environ=place.environ)
        if task is None:
            assert operation == "create"  # killed before it was kept
            return
        if task.state is State.DISCARDED:
            assert not task.worktree.exists()
            task = await core.discarding.restore(task.id)
        if not task.worktree.exists():  # cleared away, and the undo not begun
            task = (await core.undoing.undo(task.id, progress=silent)).task
        rewound = operation == "rewind" and not (task.worktree / "second").exists()
        assert (task.worktree / "work").exists() == (operation != "rewind" or rewound)
        assert (task.worktree / "plain.txt").read_text() == "plain\nmore\n"
        if operation not in {"gc", "make again", "undo after gc"}:
            assert (task.worktree / ".env").read_text() == "SECRET=1\n"
        if task.state is State.MERGED:
            assert git(place.root, "show", "HEAD:plain.txt") == "plain\nmore"
            await core.undoing.undo(task.id, progress=silent)
        assert git(place.root, "show", "HEAD:plain.txt") == "plain"
        await core.merging.merge(task.id, message=None, stop=False, progress=silent)
        assert git(place.root, "show", "HEAD:plain.txt") == "plain\nmore"
        assert git(place.root, "status", "--porcelain") == ""
    fsck(place.root, environ=place.environ)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("operation", MADE_BEFORE)
async def test_the_next_daemon_finishes_or_undoes_it(
    operation, place, killed_daemons, git, say
):
    if operation == "train with checks":
        config = place.base / "config" / "config.toml"
        config.write_text(config.read_text() + CHECKS)
    task = await _prepare(place, git, MADE_BEFORE[operation])
    place.save()
    wanted = kept(place.root, environ=place.environ)

    def run(step: int | None) -> dict[str, Any]:
        asked = {
            "operation": operation,
            "task": task.id if task else "",
            "root": str(place.root),
            "step": step,
            "environ": place.environ,
        }
        killed_daemons.stdin.write(json.dumps(asked) + "\n")
        killed_daemons.stdin.flush()
        return json.loads(killed_daemons.stdout.readline())

    total = run(None)["steps"]
    killed = 0
    for step in _steps(total):
        place.bring_back()
        answer = run(step)
        killed += answer.get("killed", False)
        try:
            await _check(place, git, operation=operation, wanted=wanted)
        except BaseException as error:
            error.add_note(f"{operation}, killed before step {step} of {total}")
            raise
    say(f"{operation}: killed at {killed} of {total} steps")
    assert killed


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("operation", ["squash, torn down", "discard, torn down"])
async def test_a_teardown_is_done_once_whenever_the_daemon_dies(
    operation, place, killed_daemons, git, say
):
    """Before each step, and while the script runs, which goes on without a daemon."""
    config = place.base / "config" / "config.toml"
    config.write_text(f"teardown = {json.dumps(TEARDOWN.format(base=place.base))}\n")
    task = await _prepare(place, git, ("create",))
    assert task is not None
    os.mkfifo(place.base / "gate")
    place.save()
    wanted = kept(place.root, environ=place.environ)

    def run(**when: Any) -> dict[str, Any]:
        asked = {
            "operation": operation,
            "task": task.id,
            "root": str(place.root),
            "step": None,
            "environ": place.environ,
        }
        killed_daemons.stdin.write(json.dumps(asked | when) + "\n")
        killed_daemons.stdin.flush()
        return json.loads(killed_daemons.stdout.readline())

    with _opened(place):
        total = run()["steps"]
    for step in _steps(total):
        place.bring_back()
        with _opened(place):
            run(step=step)
            await _check_teardown(place, git, operation=operation, wanted=wanted)
    place.bring_back()
    assert run(said="begun")["killed"]
    with _opened(place):
        await _check_teardown(place, git, operation=operation, wanted=wanted)
    say(f"{operation}: {total} steps")


@contextlib.contextmanager
def _opened(place: Place) -> Generator[None]:
    """Let the teardown go on, now or when it comes there."""
    gate = os.open(place.base / "gate", os.O_RDWR)
    os.write(gate, b"go\n")
    yield
    os.close(gate)


async def _check_teardown(
    place: Place, git, *, operation: str, wanted: frozenset[str]
) -> None:
    """Look at what the next daemon makes of it."""
    async with open_core(Paths.of_this_process()) as core:
        task = await _settled(core, State.REVIEW, State.MERGED, State.DISCARDED)
        assert task is not None
        if task.state is State.REVIEW:  # killed before it was noted
            if operation.startswith("discard"):
                await core.discarding.discard(task.id)
            else:
                await core.merging.merge(
                    task.id, message=None, stop=False, progress=silent
                )
        over = (Teardown.DONE, Teardown.FAILED)
        await _until(core, lambda: core.book.get(task.id).teardown in over)
        assert core.book.get(task.id).teardown is Teardown.DONE
        assert (place.base / "log").read_text() == "begun\ndone\n"
        assert not lost(place.root, wanted, environ=place.environ)
        if operation.startswith("discard"):
            assert not task.worktree.exists()
            task = await core.discarding.restore(task.id)
            assert (task.worktree / "plain.txt").read_text() == "plain\nmore\n"
        else:
            assert git(place.root, "show", "HEAD:plain.txt") == "plain\nmore"
    fsck(place.root, environ=place.environ)
