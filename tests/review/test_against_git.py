"""Each strategy beside git's own porcelain, in a real clone: the same, every time.

`AGENTLS_TEST_FULL=1` draws 210 histories for each strategy, and 40 of the project's.
"""

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

from agentls.errors import InvalidState
from agentls.git.repository import find_repository
from agentls.model import (
    AgentName,
    Base,
    BaseKind,
    CommitId,
    State,
    Strategy,
    Task,
    TaskId,
)
from agentls.review.drafts import Wish, WorkConflicts, complete
from agentls.review.strategies import combine
from agentls.review.work import Work
from stories import Branches, tell

FULL = bool(os.environ.get("AGENTLS_TEST_FULL"))
DRAWN = 210 if FULL else 8
REAL = 40 if FULL else 4
PROJECT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _user(home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "GIT_CONFIG_NOSYSTEM"):
        monkeypatch.setenv(name, home.environ[name])


@attrs.frozen(kw_only=True)
class Outcome:
    """What came of a merge, in git's words or in ours."""

    tree: str | None = None
    log: tuple[str, ...] = ()
    """Of the commits that the target got: author, date and message."""
    conflicts: frozenset[bytes] = frozenset()


@pytest.mark.timeout(1800 if FULL else 120)
@pytest.mark.parametrize("strategy", list(Strategy))
async def test_drawn_histories_come_out_as_by_git(
    tmp_path: Path, strategy: Strategy, say: Callable[[str], None]
):
    merged = conflicts = refused = 0
    for seed in range(DRAWN):
        root = tmp_path / f"r{seed}"
        root.mkdir()
        _git(root, "init", "-q")
        branches = tell(root, seed)
        told = await _compare(root, branches, strategy, name=f"seed {seed}")
        merged += told == "merged"
        conflicts += told == "conflict"
        refused += told == "refused"
    assert merged
    assert conflicts
    say(f"{strategy}: {merged} merged, {conflicts} conflicts, {refused} refused")


@pytest.mark.timeout(1800 if FULL else 120)
@pytest.mark.parametrize("strategy", list(Strategy))
async def test_the_projects_own_history_comes_out_as_by_git(
    tmp_path: Path, strategy: Strategy, say: Callable[[str], None]
):
    """A few commits as an agent's, beside a squash of those and later ones."""
    root = tmp_path / "clone"
    if not (PROJECT / ".git").exists():
        pytest.skip("the project is no repository here")
    _git(tmp_path, "clone", "-q", "--no-checkout", str(PROJECT), str(root))
    commits = _git(root, "rev-list", "--first-parent", "HEAD").split()
    if len(commits) < 20:
        pytest.skip("the project's history is cut off here")
    ends = []
    for number in range(REAL):
        at, own_count = number * (len(commits) - 8) // REAL, 1 + number % 2
        later, own = commits[at], commits[at + 1 + number % 3]
        start = commits[at + 1 + number % 3 + own_count]
        target = _git(root, "commit-tree", f"{later}^{{tree}}", "-p", start, "-m", "x")
        told = await _compare(
            root,
            Branches(
                target=CommitId(target),
                head=CommitId(own),
                tip=CommitId(own),
                merges=False,
            ),
            strategy,
            name=f"{start[:8]}..{own[:8]}",
        )
        ends.append(told)
    say(f"{strategy}: {', '.join(f'{ends.count(e)} {e}' for e in sorted(set(ends)))}")


async def _compare(
    root: Path, branches: Branches, strategy: Strategy, *, name: str
) -> str:
    theirs = _by_git(root, branches, strategy)
    try:
        ours = await _by_us(root, branches, strategy)
    except InvalidState:
        assert strategy is Strategy.REBASE, name
        assert branches.merges, name
        assert theirs != _by_git(root, branches, Strategy.SQUASH), name
        return "refused"
    if ours.conflicts or theirs.conflicts:
        assert ours.conflicts == theirs.conflicts, name
        return "conflict"
    assert ours == theirs, name
    return "merged"


async def _by_us(root: Path, branches: Branches, strategy: Strategy) -> Outcome:
    repository = await find_repository(root)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    start = CommitId(_git(root, "merge-base", branches.target, branches.tip))
    task = Task(
        id=TaskId("b2c3"),
        number=1,
        repository=root,
        title="Title",
        prompt="Prompt",
        agent=AgentName("shell"),
        base=Base(kind=BaseKind.REF, name="main", commit=start),
        target="main",
        branch="side",
        worktree=root,
        state=State.REVIEW,
        created=moment,
        changed=moment,
        rev=1,
    )
    work = Work(
        target=branches.target,
        base=start,
        head=branches.head,
        tree=_git(root, "rev-parse", f"{branches.tip}^{{tree}}"),
        tip=branches.tip,
        parents=(branches.head,),
        only_since_base=False,
    )
    wish = Wish(strategy=strategy, template="{title}")
    try:
        draft = await combine(repository, task, work, wish=wish)
    except WorkConflicts as error:
        return Outcome(conflicts=frozenset(map(_path, error.found.files)))
    commit = await complete(repository, task, draft, wish=wish)
    tree = _git(root, "rev-parse", f"{commit}^{{tree}}")
    assert tree == draft.tree
    if strategy is not Strategy.REBASE:
        return Outcome(tree=tree)
    above = branches.tip != branches.head and draft.message is not None
    return Outcome(tree=tree, log=_log(root, branches.target, commit + "^" * above))


def _by_git(root: Path, branches: Branches, strategy: Strategy) -> Outcome:
    clone = root.with_name(f"{root.name}-{strategy}")
    if not clone.exists():
        _git(root.parent, "clone", "-q", "--no-checkout", str(root), str(clone))
        _git(clone, "config", "core.autocrlf", "false")
    for commit in (branches.target, branches.head, branches.tip):
        _git(clone, "fetch", "-q", str(root), commit)
    on, other = branches.target, branches.tip
    args: tuple[str, ...] = ("merge", "--no-ff", "--no-edit", "-q", other)
    if strategy is Strategy.SQUASH:
        args = ("merge", "--squash", "-q", other)
    if strategy is Strategy.REBASE:
        on, args = branches.tip, ("rebase", "-q", branches.target)
    _git(clone, "checkout", "-q", "-f", "--detach", on)
    done = subprocess.run(
        ("git", *args), cwd=clone, capture_output=True, check=False, timeout=60
    )
    unmerged = _raw(clone, "ls-files", "-u", "-z").split(b"\0")[:-1]
    if done.returncode:
        assert unmerged, done.stderr
        if strategy is Strategy.REBASE:
            _git(clone, "rebase", "--abort")
        _git(clone, "reset", "-q", "--hard", on)
        _git(clone, "clean", "-qfdx")
        return Outcome(
            conflicts=frozenset(_path(line.partition(b"\t")[2]) for line in unmerged)
        )
    assert not unmerged
    tree = _git(clone, "write-tree")
    if strategy is not Strategy.REBASE:
        return Outcome(tree=tree)
    rest = branches.tip != branches.head
    log = _log(clone, branches.target, "HEAD")
    last = _log(clone, branches.tip + "^", branches.tip)
    return Outcome(tree=tree, log=log[1:] if rest and log[:1] == last else log)


def _path(path: bytes) -> bytes:
    """Give a path without the name of a side, that it has where a folder stands."""
    return path.partition(b"~")[0]


def _log(root: Path, since: str, tip: str) -> tuple[str, ...]:
    form = "--format=%an <%ae> %ad %B%x00"
    return tuple(
        one.strip()
        for one in _git(root, "log", form, "--date=raw", f"{since}..{tip}").split("\0")
        if one.strip()
    )


def _git(root: Path, *args: str) -> str:
    return _raw(root, *args).decode("utf-8", "surrogateescape").strip()


def _raw(root: Path, *args: str) -> bytes:
    done = subprocess.run(
        ("git", *args), cwd=root, capture_output=True, check=False, timeout=60
    )
    assert not done.returncode, (args, done.stderr)
    return done.stdout
