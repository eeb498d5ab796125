"""What was cut by hand is found and told, and mended where it's safe."""

import shutil

import pytest

from agentls.model import State
from agentls.tasks.repairing import Kind


async def found(daemon) -> list[Kind]:
    return [one.kind for one in await daemon.core.repairing.look()]


async def mended(daemon, folder=None) -> list[Kind]:
    return [one.kind for one in await daemon.core.repairing.mend(folder) if one.mended]


@pytest.fixture
async def task(daemon):
    return await daemon.done(
        "echo 1 > one; git add one; git commit -qm one; echo 2 > two"
    )


async def works(daemon, task, git) -> None:
    """The worktree is whole, and can be merged."""
    assert await found(daemon) == []
    assert (task.worktree / "one").read_text() == "1\n"
    assert (task.worktree / "two").read_text() == "2\n"
    assert git(task.worktree, "branch", "--show-current") == task.branch
    assert git(task.worktree, "status", "--porcelain") == "?? two"
    await daemon.merge(task)
    assert git(daemon.root, "show", "HEAD:two") == "2"


async def test_all_is_well_is_found_of_a_task_that_nobody_touched(daemon, task):
    assert task.worktree.is_dir()
    assert await found(daemon) == []


async def test_a_removed_folder(daemon, task, git):
    shutil.rmtree(task.worktree)
    assert await found(daemon) == [Kind.FOLDER_GONE]
    assert not task.worktree.exists()
    assert await mended(daemon) == [Kind.FOLDER_GONE]
    assert "ignores" in daemon.core.book.get(task.id).why
    await works(daemon, task, git)


async def test_a_worktree_removed_by_git(daemon, task, git):
    git(daemon.root, "worktree", "remove", "-f", "-f", str(task.worktree))
    git(daemon.root, "branch", "-D", task.branch)
    assert await found(daemon) == [Kind.FOLDER_GONE]
    assert await mended(daemon) == [Kind.FOLDER_GONE]
    await works(daemon, task, git)


async def test_an_entry_that_git_pruned(daemon, task, git):
    git(daemon.root, "worktree", "unlock", str(task.worktree))
    assert await found(daemon) == [Kind.UNLOCKED]
    (task.worktree / ".git").unlink()
    git(daemon.root, "worktree", "prune", "--expire=now")
    assert await found(daemon) == [Kind.ENTRY_GONE]
    assert await mended(daemon) == [Kind.ENTRY_GONE]
    await works(daemon, task, git)


async def test_a_lock_that_was_taken_off(daemon, task, git):
    git(daemon.root, "worktree", "unlock", str(task.worktree))
    assert await mended(daemon) == [Kind.UNLOCKED]
    await works(daemon, task, git)


@pytest.mark.parametrize("how", ["removed", "led away", "a link"])
async def test_a_link_that_leads_nowhere_or_away(daemon, task, git, tmp_path, how):
    link = task.worktree / ".git"
    link.unlink()
    elsewhere = tmp_path / "precious"
    elsewhere.write_text("kept\n")
    if how == "led away":
        link.write_text(f"gitdir: {tmp_path}\n")
    elif how == "a link":
        link.symlink_to(elsewhere)
    assert await found(daemon) == [Kind.LINK_GONE]
    assert await mended(daemon) == [Kind.LINK_GONE]
    assert elsewhere.read_text() == "kept\n"
    await works(daemon, task, git)


async def test_a_deleted_branch(daemon, task, git):
    git(daemon.root, "update-ref", "-d", f"refs/heads/{task.branch}")
    assert await found(daemon) == [Kind.BRANCH_GONE]
    assert await mended(daemon) == [Kind.BRANCH_GONE]
    await works(daemon, task, git)


async def test_another_branch_is_told_and_left(daemon, task, git):
    git(task.worktree, "switch", "-q", "-c", "another")
    (trouble,) = await daemon.core.repairing.look()
    assert (trouble.kind, trouble.harmless) == (Kind.ELSEWHERE, True)
    assert await mended(daemon) == []
    assert git(task.worktree, "branch", "--show-current") == "another"


@pytest.mark.parametrize("pruned", [False, True])
async def test_a_deleted_hidden_reference(daemon, task, git, pruned):
    git(daemon.root, "update-ref", "-d", f"refs/agentls/{task.id}")
    if pruned:
        git(daemon.root, "gc", "-q", "--prune=now")
    assert await found(daemon) == [Kind.NOT_KEPT]
    assert await mended(daemon) == [Kind.NOT_KEPT]
    await works(daemon, task, git)


async def test_a_moved_repository_is_followed_when_the_user_says_where(
    daemon, task, git
):
    moved = daemon.root.with_name("renamed")
    daemon.root.rename(moved)
    assert await found(daemon) == [Kind.REPOSITORY_GONE]
    assert await mended(daemon) == []
    assert daemon.core.book.get(task.id).repository == daemon.root
    other = daemon.root.with_name("other")
    git(moved, "clone", "-q", str(moved), str(other))
    assert await mended(daemon, other) == []
    assert await mended(daemon, moved) == [Kind.REPOSITORY_GONE]
    assert await found(daemon) == []
    assert git(task.worktree, "status", "--porcelain") == "?? two"
    await daemon.merge(task)
    assert git(moved, "show", "HEAD:two") == "2"


async def test_a_scan_that_fails_changes_nothing(daemon, task, monkeypatch):
    """A disk that isn't mounted, a git that hangs: no task is another after it."""
    before = daemon.core.book.get(task.id)
    hidden = daemon.root.with_name("hidden")
    daemon.root.rename(hidden)
    await daemon.core.repairing.look_at_start()
    assert daemon.core.book.get(task.id) == before
    hidden.rename(daemon.root)
    monkeypatch.setenv("PATH", "/nowhere")
    assert await found(daemon) == []
    assert daemon.core.book.get(task.id) == before


async def test_nothing_is_mended_under_a_living_agent(daemon):
    task = await daemon.create("cat")
    await daemon.until(task.id, State.WORKING)
    (task.worktree / ".git").unlink()
    (trouble,) = await daemon.core.repairing.mend(None)
    assert not trouble.mended
    assert "stop" in trouble.hint
    await daemon.core.tasks.stop(task.id)


async def test_the_doctor_tells_and_repairs(daemon, task):
    shutil.rmtree(task.worktree)

    def of_task(findings):
        return [one for one in findings if one.name == f"task {task.id}"]

    (finding,) = of_task(await daemon.core.doctor(None))
    assert not finding.ok
    assert "--repair" in finding.hint
    (finding,) = of_task(await daemon.core.doctor(None, repair=True))
    assert finding.ok
    assert of_task(await daemon.core.doctor(None)) == []
