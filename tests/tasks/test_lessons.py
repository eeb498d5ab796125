"""What users of other orchestrators lost to delete, merge, stash and base.

Each case has a test, here or where the table says.
"""

import ast
import re
from pathlib import Path

import pytest

from agentls.model import State
from agentls.tasks.reviewing import Asked

TESTS = Path(__file__).parents[1]
HELD = {
    "delete destroyed work": (
        "tasks/test_lessons.py::test_work_is_kept_before_anything_is_removed",
        "git/test_worktrees.py::test_set_aside_and_back_keeps_every_byte",
        (
            "tasks/test_nothing_is_lost.py::"
            "test_nothing_is_lost_and_the_checkout_has_what_was_merged"
        ),
    ),
    "delete removed the main repository": (
        "git/test_worktrees.py::test_refuses_what_agentls_did_not_make",
        "tasks/test_lessons.py::test_only_a_worktree_of_ours_is_ever_put_away",
    ),
    "delete took the folder from under a living agent": (
        "tasks/test_lessons.py::test_an_agent_has_ended_before_its_folder_goes",
    ),
    "delete timed out on a large folder": (
        "tasks/test_lessons.py::test_a_discard_reads_nothing_that_git_ignores",
        (
            "tasks/test_clearing.py::"
            "test_what_a_daemon_was_about_to_remove_goes_with_the_next"
        ),
    ),
    "old worktrees filled the disk": (
        "tasks/test_clearing.py::test_only_old_worktrees_of_finished_tasks_are_due",
    ),
    "merge lost local changes": (
        "git/test_advance.py::test_changes_elsewhere_are_kept",
        "git/test_advance.py::test_what_is_in_the_way_is_named_and_kept",
    ),
    "merge did nothing where the target was checked out elsewhere": (
        "git/test_advance.py::test_a_linked_checkout_moves_with_its_branch",
        "git/test_advance.py::test_a_branch_that_nobody_has_is_swapped",
    ),
    "merge was done by half": (
        "tasks/test_killed.py::test_the_next_daemon_finishes_or_undoes_it",
        "git/test_advance.py::test_a_moved_target_is_refused_in_both_forms",
    ),
    "a stale base squashed other people's commits": (
        "tasks/test_lessons.py::test_a_squash_holds_nothing_of_others",
    ),
    "git stash hit the stash that all worktrees share": (
        "tasks/test_lessons.py::test_no_operation_touches_the_stash",
    ),
    "the agent ran in the user's checkout": (
        "tasks/test_lessons.py::test_without_a_worktree_no_agent_starts",
    ),
    "tasks vanished after a scan that failed": (
        "tasks/test_repairing.py::test_a_scan_that_fails_changes_nothing",
    ),
}


@pytest.mark.parametrize("case", HELD)
def test_each_case_has_its_tests(case):
    for named in HELD[case]:
        file, _, name = named.partition("::")
        tree = ast.parse((TESTS / file).read_text())
        kinds = ast.FunctionDef | ast.AsyncFunctionDef
        there = {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
        assert name in there, f"{named} isn't there"


async def test_work_is_kept_before_anything_is_removed(daemon, git, monkeypatch):
    task = await daemon.done(
        "echo c > committed; git add .; git commit -qm c; echo s > staged;"
        " git add staged; echo u > untracked; echo m >> plain.txt"
    )
    (task.worktree / "late").write_text("after the turn's own checkpoint\n")
    listed: list[str] = []

    def look(*_: object) -> None:
        listing = git(
            daemon.root, "ls-tree", "-r", "--name-only", f"refs/agentls/{task.id}"
        )
        listed.extend(listing.splitlines())
        raise AssertionError("it was kept, and nothing is removed yet")

    monkeypatch.setattr("agentls.git.worktrees.move_folder", look)
    with pytest.raises(AssertionError, match="it was kept"):
        await daemon.core.discarding.discard(task.id)
    assert set(listed) == {"committed", "late", "plain.txt", "staged", "untracked"}
    assert (task.worktree / "untracked").exists()
    assert git(daemon.root, "branch", "--list", task.branch)


async def test_only_a_worktree_of_ours_is_ever_put_away(daemon, repository, git):
    """Even if the book were wrong: git's own list decides, not a path."""
    task = await daemon.done("echo work > work")
    await daemon.core.book.change(task.id, worktree=repository)
    with pytest.raises(Exception, match="isn't a worktree that agentls made"):
        await daemon.core.discarding.discard(task.id)
    assert (repository / "plain.txt").exists()
    assert git(repository, "status", "--porcelain") == ""
    await daemon.core.book.change(task.id, worktree=task.worktree)
    await daemon.core.discarding.discard(task.id)


async def test_an_agent_has_ended_before_its_folder_goes(daemon, monkeypatch):
    task = await daemon.create("echo work > work; exec sleep 1000")
    await daemon.until(task.id, State.WORKING)
    live: list[bool] = []
    book = daemon.core.book

    async def look(*_: object, **__: object) -> None:
        live.extend(one.live for one in book.sessions(task.id))

    monkeypatch.setattr("agentls.review.discarding.set_aside", look)
    await daemon.core.discarding.discard(task.id)
    assert live == [False]


async def test_a_discard_reads_nothing_that_git_ignores(daemon, repository, git, paths):
    """A folder of any size is renamed: what is in it may not even be readable."""
    (repository / ".gitignore").write_text("node_modules/\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "ignore")
    task = await daemon.done("mkdir node_modules; echo x > node_modules/x")
    inode = (task.worktree / "node_modules" / "x").stat().st_ino
    await daemon.core.discarding.discard(task.id)
    moved = paths.trash / task.id / "node_modules" / "x"
    assert moved.stat().st_ino == inode


async def test_a_squash_holds_nothing_of_others(daemon, repository, git):
    task = await daemon.done("echo mine > mine")
    for name in ("theirs", "theirs too"):  # the target goes on meanwhile
        (repository / name).write_text("theirs\n")
        git(repository, "add", ".")
        git(repository, "commit", "-qm", name)
    git(repository, "branch", "-f", "unrelated", "HEAD^")
    shown = await daemon.core.reviewing.changes(task.id, Asked())
    assert [file.display for file in shown.files] == ["mine"]
    await daemon.merge(task)
    names = git(repository, "show", "--format=", "--name-only", "HEAD")
    assert names == "mine"


async def test_no_operation_touches_the_stash(daemon, repository, git):
    (repository / "plain.txt").write_text("the user's\n")
    git(repository, "stash")
    stash = git(repository, "rev-parse", "refs/stash")
    task = await daemon.done("echo work > work; echo more >> plain.txt")
    core = daemon.core
    await core.checkpointing.take(task.id)
    await core.discarding.discard(task.id)
    await core.discarding.restore(task.id)
    (repository / "moved").write_text("moved\n")
    git(repository, "add", "moved")
    git(repository, "commit", "-qm", "the target moves")
    await core.updating.update(
        task.id, resolve=None, stop=False, progress=lambda _: None
    )
    await core.rewinding.rewind(task.id, 1, stop=False, progress=lambda _: None)
    await daemon.merge(task)
    await core.undoing.undo(task.id, progress=lambda _: None)
    assert git(repository, "rev-parse", "refs/stash") == stash
    assert len(git(repository, "stash", "list").splitlines()) == 1
    git(repository, "stash", "pop")
    assert (repository / "plain.txt").read_text() == "the user's\n"


def test_no_git_call_is_a_stash_or_a_clean():
    """Nor is there a reset, checkout or clean of the user's own checkout by name."""
    server = TESTS.parent / "server" / "agentls"
    for file in server.rglob("*.py"):
        found = re.findall(r"""git\(\s*\*?\(?\s*"(stash|clean)""", file.read_text())
        assert not found, f"{file} calls git {found[0]}"


async def test_without_a_worktree_no_agent_starts(daemon, repository, paths, git):
    paths.worktrees.parent.mkdir(parents=True, exist_ok=True)
    paths.worktrees.write_text("in the way\n")
    before = git(repository, "status", "--porcelain"), git(repository, "rev-parse", "@")
    task = await daemon.create("echo here > here")
    assert task.state is State.FAILED
    assert task.prompt == "echo here > here"
    assert daemon.core.book.sessions(task.id) == ()
    assert not (repository / "here").exists()
    assert before == (
        git(repository, "status", "--porcelain"),
        git(repository, "rev-parse", "@"),
    )
