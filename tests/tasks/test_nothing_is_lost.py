"""Whatever agents, the user and agentls do in whatever order, nothing is lost.

`AGENTLS_TEST_FULL=1` draws 120 sequences, else a few.
"""

import asyncio
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agentls.assembly import open_core
from agentls.core import Core
from agentls.errors import AgentlsError
from agentls.model import HunkId, Resolve, State, Strategy, Task, TaskId
from agentls.paths import Paths
from agentls.tasks.parts import Part
from agentls.tasks.request import TaskRequest
from agentls.tasks.reviewing import Asked
from agentls.tasks.starting import silent
from keeping import fsck, lost

FULL = os.environ.get("AGENTLS_TEST_FULL") == "1"
TASKS = 2
NAMES = ("a.txt", "b.txt", "sub/c.txt", "sub/deep/d.txt", "new 1", "lög\n2", "out.log")

Files = Mapping[str, tuple[str, bytes]]
"""What a folder holds: by path the kind and mode, and the content."""

edits = st.tuples(
    st.sampled_from(
        ("write", "append", "delete", "rename", "chmod", "link", "folder", "empty")
    ),
    st.integers(0, len(NAMES) - 1),
    st.integers(0, 9),
)
agent_git = st.sampled_from(
    (
        ("add", "-A"),
        ("commit", "-qam", "some"),
        ("commit", "-q", "--allow-empty", "-m", "empty"),
        ("commit", "-q", "--amend", "--allow-empty", "-m", "amended"),
        ("reset", "-q", "--hard", "HEAD^"),
        ("reset", "-q", "--soft", "HEAD^"),
        ("reset", "-q"),
        ("rm", "-q", "-r", "--cached", "."),
        ("stash",),
        ("stash", "pop"),
        ("switch", "-q", "-c", "other"),
        ("switch", "-q", "-"),
        ("switch", "-q", "--detach"),
        ("checkout", "-q", "--", "."),
        ("branch", "-D", "other"),
        ("merge", "-q", "main"),
        ("rebase", "-q", "main"),
    )
)
user_git = st.sampled_from(
    (
        ("add", "-A"),
        ("commit", "-qam", "the user's"),
        ("commit", "-q", "--allow-empty", "-m", "the user's empty one"),
        ("switch", "-q", "-c", "elsewhere"),
        ("switch", "-q", "main"),
        ("gc", "-q", "--prune=now"),
        ("worktree", "prune"),
    )
)
EDITS = {"agent edits", "agent's git", "user edits", "user's git"}
which = st.integers(0, TASKS - 1)
operations = st.one_of(
    st.tuples(st.just("agent edits"), which, edits),
    st.tuples(st.just("agent's git"), which, agent_git),
    st.tuples(st.just("user edits"), st.just(0), edits),
    st.tuples(st.just("user's git"), st.just(0), user_git),
    st.tuples(st.just("checkpoint"), which, st.none()),
    st.tuples(st.just("merge"), which, st.sampled_from(tuple(Strategy))),
    st.tuples(st.just("undo"), which, st.none()),
    st.tuples(st.just("update"), which, st.sampled_from((None, Resolve.EDITOR))),
    st.tuples(st.just("abort"), which, st.none()),
    st.tuples(st.just("discard"), which, st.none()),
    st.tuples(st.just("restore"), which, st.none()),
    st.tuples(st.just("rewind"), which, st.integers(1, 6)),
    st.tuples(st.just("take"), which, st.integers(0, 9)),
    st.tuples(st.just("refuse"), which, st.integers(0, 9)),
    st.tuples(st.just("gc"), st.just(0), st.none()),
    st.tuples(st.just("restart"), st.just(0), st.none()),
)


@attrs.define
class World:
    """A repository with its user, its tasks, and all that was ever in them."""

    base: Path
    environ: dict[str, str]
    core: Core | None = None
    tasks: list[TaskId] = attrs.Factory(list)
    wanted: set[str] = attrs.Factory(set)
    """The objects that must never be lost."""
    put_away: dict[TaskId, Files] = attrs.Factory(dict)
    """What the worktrees of discarded tasks held."""
    cleared: set[TaskId] = attrs.Factory(set)
    done: list[str] = attrs.Factory(list)

    @property
    def root(self) -> Path:
        return self.base / "repository"

    def git(self, folder: Path, *args: str) -> str | None:
        """Run somebody's git; None when it refuses."""
        done = subprocess.run(
            ["git", *args],
            cwd=folder,
            env=self.environ,
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return None if done.returncode else done.stdout.decode().strip()

    def edit(self, folder: Path, kind: str, name: str, number: int) -> None:
        """Edit a file as somebody would who looks at nothing."""
        path = folder / name
        with suppress(OSError):
            match kind:
                case "write" | "append":
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with path.open("a" if kind == "append" else "w") as file:
                        file.write(f"line {number}\n" * (number + 1))
                case "delete":
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
                case "rename":
                    path.rename(folder / f"moved {number}")
                case "chmod":
                    path.chmod(path.stat().st_mode ^ stat.S_IXUSR)
                case "link":
                    path.unlink(missing_ok=True)
                    path.symlink_to(f"../{number}")
                case "folder":  # where a file was
                    path.unlink()
                    path.mkdir()
                    (path / "inside").write_text(f"inside {number}\n")
                case "empty":
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(b"")

    def remember(self, *revisions: str) -> None:
        """Note all that a commit reaches as never to be lost."""
        listing = self.git(self.root, "rev-list", "--objects", *revisions, "--")
        assert listing is not None, f"{revisions} are gone already"
        self.wanted |= {line.split(" ")[0] for line in listing.splitlines()}


def look(folder: Path) -> Files:
    """Read what a folder holds, without git's own."""
    found: dict[str, tuple[str, bytes]] = {}
    for top, folders, names in os.walk(folder):
        if Path(top) == folder and ".git" in folders:
            folders.remove(".git")
        for name in (*names, *folders):
            path = Path(top) / name
            if path == folder / ".git":
                continue
            if path.is_symlink():
                content = ("link", os.fsencode(path.readlink()))
            elif path.is_file():
                executable = bool(path.stat().st_mode & stat.S_IXUSR)
                content = ("x" if executable else "file", path.read_bytes())
            else:
                continue
            found[path.relative_to(folder).as_posix()] = content
    return found


def kept_by_git(files: Files) -> Files:
    return {path: one for path, one in files.items() if not path.endswith(".log")}


@attrs.frozen(kw_only=True)
class Checkout:
    """The user's checkout at a moment."""

    files: Files
    head: str | None
    branch: str | None
    staged: str | None
    refs: str | None

    @classmethod
    def of(cls, world: World) -> "Checkout":
        # Not refs/stash: an agent's own `git stash` writes it for all worktrees.
        refs = "refs/heads/main", "refs/heads/elsewhere", "refs/tags"
        return cls(
            files=look(world.root),
            head=world.git(world.root, "rev-parse", "HEAD"),
            branch=world.git(world.root, "symbolic-ref", "-q", "HEAD"),
            staged=world.git(world.root, "ls-files", "-s"),
            refs=world.git(world.root, "for-each-ref", *refs),
        )

    def check(self, world: World, before: "Checkout", *, moved: bool) -> None:
        """Check that it differs from before by what was merged and by no more."""
        if not moved:
            assert self == before
            return
        assert self.branch == before.branch
        changed: set[str] = set()
        if self.head != before.head:
            listing = world.git(
                world.root,
                *("diff", "--name-only", "-z", "--no-renames"),
                *(before.head or "", self.head or ""),
            )
            changed = set((listing or "").split("\0"))
        for path in {*self.files, *before.files}:
            now = self.files.get(path)
            if path not in changed:
                assert now == before.files.get(path), f"{path} changed"
        if changed:
            unlike = world.git(world.root, "diff", "--name-only", "--", *changed)
            assert unlike in {"", None}


def edit(world: World, task: Task, operation: str, value: Any) -> None:
    """Do what an agent or the user does, past agentls."""
    match operation:
        case "agent edits":
            kind, name, number = value
            if task.worktree.exists():
                world.edit(task.worktree, kind, NAMES[name], number)
        case "agent's git":
            if task.worktree.exists():
                world.git(task.worktree, *value)
                world.git(task.worktree, "rebase", "--abort")
                world.git(task.worktree, "merge", "--abort")
                world.remember(world.git(task.worktree, "rev-parse", "HEAD") or "")
        case "user edits":
            kind, name, number = value
            world.edit(world.root, kind, NAMES[name], number)
        case _:
            world.git(world.root, *value)
            world.remember("HEAD")


async def act(world: World, core: Core, task: TaskId, what: str, value: Any) -> None:
    """Have agentls do something with a task's work; a refusal is an answer, too."""
    match what:
        case "checkpoint":
            await core.checkpointing.take(task)
        case "merge":
            await core.merging.merge(
                task, message=None, stop=False, progress=silent, strategy=value
            )
        case "update":
            await core.updating.update(task, resolve=value, stop=False, progress=silent)
        case "abort":
            await core.updating.abort(task, stop=False)
        case "undo":
            await core.undoing.undo(task, progress=silent)
        case "take" | "refuse":
            part = await a_hunk(core, task, value)
            if what == "take":
                await core.accepting.take(
                    task, part, message=None, stop=False, progress=silent
                )
            else:
                await core.refusing.refuse(task, part, stop=False, progress=silent)
        case "rewind":
            await core.rewinding.rewind(task, value, stop=False, progress=silent)
        case _:
            await shelve(world, core, task, what)


async def a_hunk(core: Core, task: TaskId, number: int) -> Part:
    """Choose some hunk of the present change; one that isn't there if there is none."""
    shown = await core.reviewing.changes(task, Asked(hunks=True))
    ids = [hunk.id for of in (shown.hunks or {}).values() for hunk in of]
    return Part(hunks=(ids[number % len(ids)] if ids else HunkId("none"),))


async def shelve(world: World, core: Core, task_id: TaskId, what: str) -> None:
    """Put a task away, bring it back, or empty the trash."""
    task = core.book.get(task_id)
    match what:
        case "discard":
            files = look(task.worktree)
            await core.discarding.discard(task.id)
            assert not task.worktree.exists()
            world.put_away[task.id] = files
            world.cleared.discard(task.id)
        case "restore":
            restored = await core.discarding.restore(task.id)
            assert restored.state in {State.REVIEW, State.MERGED}
            files, now = world.put_away[task.id], look(task.worktree)
            if task.id in world.cleared:
                files, now = kept_by_git(files), kept_by_git(now)
            if files:  # of one that gc had cleared before, it is made again
                assert now == files
        case "gc":
            held = {one.id: look(one.worktree) for one in core.book.tasks()}
            for item in await core.housekeeper.collect():
                if not item.why:
                    world.cleared.add(item.task)
                    if item.task in held:
                        world.put_away[item.task] = held[item.task]
        case _:
            raise AssertionError(what)


async def note(world: World) -> None:
    """Note what the checkpoints hold, and that it is all still there."""
    assert world.core is not None
    for task in world.tasks:
        saved = await world.core.checkpointing.list(task)
        if saved[1]:
            world.remember(*(one.commit for one in saved[1]))
    assert not lost(world.root, world.wanted, environ=world.environ)


@asynccontextmanager
async def daemon(world: World) -> AsyncGenerator[Core]:
    async with (
        asyncio.timeout(100),
        open_core(Paths.from_environ(world.environ, uid=os.getuid())) as core,
    ):
        world.core = core
        yield core


async def begin(world: World) -> None:
    async with daemon(world) as core:
        for number in range(TASKS):
            task = await core.creating.create(
                TaskRequest(
                    prompt=f"echo {number} > by{number}",
                    folder=world.root,
                    agent="shell",
                ),
                progress=silent,
            )
            await core.tasks.ended_session(core.book.sessions(task.id)[-1].id)
            async with core.tasks._starter.locks[task.id]:
                pass
            world.tasks.append(task.id)
        await note(world)


async def live(world: World, sequence: list[tuple[str, int, Any]]) -> None:
    """Do the whole sequence, and look at everything after each step."""
    await begin(world)
    todo = list(sequence)
    while todo:
        async with daemon(world) as core:
            while todo:
                operation, index, value = todo.pop(0)
                if operation == "restart":
                    break
                before = Checkout.of(world)
                refused = False
                try:
                    task = core.book.get(world.tasks[index])
                    if operation in EDITS:
                        edit(world, task, operation, value)
                    else:
                        await act(world, core, task.id, operation, value)
                except AgentlsError:
                    refused = True
                world.done.append(operation + " (refused)" * refused)
                if not operation.startswith("user"):
                    moved = operation in {"merge", "undo", "take"} and not refused
                    Checkout.of(world).check(world, before, moved=moved)
                await note(world)
    async with daemon(world):
        await note(world)
    fsck(world.root, environ=world.environ)


@pytest.fixture
def make_world(tmp_path: Path, home, monkeypatch, end_all) -> Callable[[], World]:
    for name in ("HOME", "SHELL", "GIT_CONFIG_NOSYSTEM"):
        monkeypatch.setenv(name, home.environ[name])
    made: list[World] = []

    def make() -> World:
        for one in made:
            end_all(one.environ["AGENTLS_STATE_DIR"])
            shutil.rmtree(one.base)
        made.clear()
        base = Path(tempfile.mkdtemp(dir=tmp_path))
        environ = dict(home.environ)
        for name in ("STATE", "DATA", "CONFIG"):
            environ[f"AGENTLS_{name}_DIR"] = str(base / name.lower())
        (base / "config").mkdir()
        (base / "config" / "config.toml").write_text("trash_days = 0\n")
        world = World(base=base, environ=environ)
        made.append(world)
        world.root.mkdir()
        world.git(world.root, "init", "-q")
        for name in NAMES[:4]:
            world.edit(world.root, "write", name, len(name) % 7)
        (world.root / ".gitignore").write_text("*.log\n")
        world.git(world.root, "add", ".")
        world.git(world.root, "commit", "-qm", "first")
        return world

    yield make
    for one in made:
        end_all(one.environ["AGENTLS_STATE_DIR"])


@pytest.mark.timeout(3600)
def test_nothing_is_lost_and_the_checkout_has_what_was_merged(make_world, say):
    counts: dict[str, int] = {}

    @settings(
        max_examples=120 if FULL else 3,
        deadline=None,
        database=None,
        derandomize=not FULL,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )
    @given(st.lists(operations, min_size=12, max_size=30))
    def run(sequence: list[tuple[str, int, Any]]) -> None:
        world = make_world()
        asyncio.run(live(world, sequence))
        for one in world.done:
            counts[one] = counts.get(one, 0) + 1
        counts["sequences"] = counts.get("sequences", 0) + 1

    run()
    say(", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
