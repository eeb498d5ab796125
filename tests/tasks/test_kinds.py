"""Shallow, partial and sha256 repositories: all goes on in them, or says why not.

The user's own `git gc --prune=now` runs between any two operations.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agentls.errors import GitFailed
from agentls.model import Lines, State, Task
from agentls.review.outlook import Outcome
from agentls.tasks import updating
from agentls.tasks.commenting import Remark
from agentls.tasks.parts import Part
from agentls.tasks.reviewing import Asked
from agentls.tasks.starting import silent

pytestmark = pytest.mark.full

_TEXT = "".join(f"line {number}\n" for number in range(1, 31))
_WORK = """\
sed -i 's/line 3$/LINE 3/; s/line 12$/LINE 12/; s/line 20$/LINE 20/' text
git mv plain.txt moved; echo new > new; git add new; git commit -qm mine
"""


@pytest.fixture
def origin(repository: Path, git: Callable[..., str]) -> Path:
    """Give a repository with some history that clones may lack."""
    git(repository, "config", "uploadpack.allowFilter", "true")
    git(repository, "config", "uploadpack.allowAnySHA1InWant", "true")
    for text in ("first\n", "second\n", _TEXT):
        (repository / "text").write_text(text)
        git(repository, "add", ".")
        git(repository, "commit", "-qm", "text")
    git(repository, "switch", "-qc", "feature")
    (repository / "text").write_text(_TEXT.replace("line 28\n", "theirs\n"))
    (repository / "only here").write_text("only on the feature\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "feature")
    git(repository, "switch", "-q", "main")
    return repository


@pytest.fixture(params=["shallow", "partial", "sha256"])
def root(
    request: pytest.FixtureRequest,
    origin: Path,
    tmp_path: Path,
    git: Callable[..., str],
) -> Path:
    """Give the user's repository of that kind."""
    kind: str = request.param
    root = tmp_path / kind
    if kind == "sha256":
        git(tmp_path, "init", "-q", "--object-format=sha256", str(root))
        for name in ("text", "plain.txt"):
            (root / name).write_bytes((origin / name).read_bytes())
        git(root, "add", ".")
        git(root, "commit", "-qm", "first")
        return root
    option = {"shallow": "--depth=1", "partial": "--filter=blob:none"}[kind]
    git(tmp_path, "clone", "-q", option, "--no-single-branch", origin.as_uri(), kind)
    return root


class Day:
    """What a person does with one task, with a gc after each step."""

    def __init__(self, daemon: Any, task: Task, git: Callable[..., str]) -> None:
        self.core, self.id, self.root = daemon.core, task.id, task.repository
        self._git = git

    async def step(self, work: Awaitable[Any]) -> Any:
        done = await work
        self._git(self.root, "gc", "-q", "--prune=now")
        return done

    async def checkpoint(self) -> int:
        return (await self.step(self.core.checkpointing.take(self.id)))[1].number

    async def forecast(self) -> Outcome:
        (found,) = await self.step(self.core.forecasting.forecast(None, task=self.id))
        return found.target.outcome

    async def hunks(self) -> set[str]:
        shown = await self.step(self.core.reviewing.changes(self.id, Asked(hunks=True)))
        return {
            (one.added or one.path).decode().strip()
            for of in shown.hunks.values()
            for one in of
        }

    async def part(self, operation: Any, text: str) -> Any:
        shown = await self.core.reviewing.changes(self.id, Asked(hunks=True))
        wanted = tuple(
            one.id
            for of in shown.hunks.values()
            for one in of
            if text.encode() in one.added
        )
        more = {"message": None} if operation == self.core.accepting.take else {}
        return await self.step(
            operation(self.id, Part(hunks=wanted), stop=False, progress=silent, **more)
        )

    async def update(self) -> Any:
        return await self.step(
            self.core.updating.update(
                self.id, resolve=None, stop=False, progress=silent
            )
        )

    async def rewind(self, number: int) -> None:
        await self.step(
            self.core.rewinding.rewind(self.id, number, stop=False, progress=silent)
        )

    async def merge(self) -> Any:
        return await self.step(
            self.core.merging.merge(self.id, message=None, stop=False, progress=silent)
        )


async def test_every_operation_works_through_the_users_gc(
    daemon: Any, root: Path, git: Callable[..., str]
):
    git(root, "gc", "-q", "--prune=now")
    task = await daemon.done(_WORK, folder=root)
    day = Day(daemon, task, git)
    top = task.worktree
    (top / "late").write_text("late\n")
    saved = await day.checkpoint()
    assert await day.hunks() == {"LINE 3", "LINE 12", "LINE 20", "moved", "new", "late"}
    remark = Remark(text="Why?", path=b"text", lines=Lines(first=12, last=12))
    await day.step(day.core.commenting.add(day.id, remark))
    assert await day.forecast() is Outcome.CLEAN

    (root / "text").write_text(_TEXT.replace("line 1\n", "zero\nline 1\n"))
    git(root, "commit", "-qam", "the target goes on")
    assert (await day.update()).outcome is updating.Outcome.UPDATED
    _, (comment,) = await day.step(day.core.commenting.listed(day.id))
    assert comment.lines == Lines(first=13, last=13)

    await day.part(day.core.refusing.refuse, "LINE 20")
    taken = await day.part(day.core.accepting.take, "LINE 3")
    assert taken.updated
    assert "LINE 3\n" in (root / "text").read_text()
    assert await day.hunks() == {"LINE 12", "moved", "new", "late"}

    last = await day.checkpoint()
    await day.rewind(saved)
    assert await day.hunks() == {"LINE 3", "LINE 12", "LINE 20", "moved", "new", "late"}
    await day.rewind(last)
    await day.step(day.core.discarding.discard(day.id))
    await day.step(day.core.discarding.restore(day.id))
    assert await day.hunks() == {"LINE 12", "moved", "new", "late"}

    before = git(root, "rev-parse", "main")
    await day.merge()
    await day.step(day.core.undoing.undo(day.id, progress=silent))
    assert git(root, "rev-parse", "main") == before
    await day.merge()
    assert daemon.core.book.get(day.id).state is State.MERGED
    assert (root / "late").read_text() == "late\n"
    assert not (root / "plain.txt").exists()
    assert git(root, "status", "--porcelain") == ""
    git(root, "fsck", "--strict")


@pytest.fixture
async def away(
    daemon: Any, origin: Path, tmp_path: Path, git: Callable[..., str]
) -> tuple[Day, Path, Path]:
    """Give a task of a partial clone whose target's files are still on the remote."""
    root = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--filter=blob:none", origin.as_uri(), "clone")
    git(root, "branch", "-q", "feature", "origin/feature")
    task = await daemon.done(_WORK, folder=root, target="feature")
    elsewhere = origin.with_name("elsewhere")
    origin.rename(elsewhere)
    return Day(daemon, task, git), origin, elsewhere


async def test_what_lacks_a_file_says_so_while_the_remote_is_away(
    away: tuple[Day, Path, Path], git: Callable[..., str]
):
    day, origin, elsewhere = away
    core, root = day.core, day.root
    before = git(root, "rev-parse", "feature")
    assert await day.forecast() is Outcome.UNKNOWN
    for refused in (
        lambda: core.merging.preview(day.id, message=None, strategy=None),
        day.merge,
        day.update,
        lambda: day.part(core.accepting.take, "LINE 3"),
    ):
        with pytest.raises(GitFailed, match="partial clone, and the remote"):
            await refused()
        assert core.book.get(day.id).state is State.REVIEW
    assert git(root, "rev-parse", "feature") == before
    # What needs nothing of it goes on.
    await day.part(core.refusing.refuse, "LINE 20")
    saved = await day.checkpoint()
    await day.rewind(1)
    await day.rewind(saved)
    await day.step(core.discarding.discard(day.id))
    await day.step(core.discarding.restore(day.id))
    assert await day.hunks() == {"LINE 3", "LINE 12", "moved", "new"}
    elsewhere.rename(origin)
    await day.update()
    assert await day.forecast() is Outcome.CLEAN
    await day.merge()
    text = git(root, "show", "feature:text")
    assert "LINE 3" in text
    assert "theirs" in text
    assert git(root, "show", "feature:only here") == "only on the feature"


async def test_a_task_that_can_not_be_prepared_is_kept_until_the_remote_is_back(
    daemon: Any, away: tuple[Day, Path, Path]
):
    day, origin, elsewhere = away
    task = await daemon.create("cat text > copy", folder=day.root, base="feature")
    task = await daemon.until(task.id, State.FAILED)
    assert "partial clone, and the remote" in task.why
    elsewhere.rename(origin)
    await daemon.core.tasks.retry(task.id, progress=silent)
    await daemon.until(task.id, State.REVIEW)
    assert "theirs" in (task.worktree / "copy").read_text()
