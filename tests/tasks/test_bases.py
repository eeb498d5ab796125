"""Where a task can begin: a pull request of the remote, another task's state."""

from pathlib import Path

import pytest

from agentls.errors import GitFailed, InvalidParams, InvalidState
from agentls.model import BaseKind, State
from agentls.tasks.reviewing import Asked
from agentls.tasks.starting import silent


@pytest.fixture
def remote(repository: Path, git) -> Path:
    """Make a bare remote that has a pull request and a merge request."""
    bare = repository.parent / "remote.git"
    git(repository, "init", "-q", "--bare", str(bare))
    git(repository, "remote", "add", "origin", str(bare))
    git(repository, "push", "-q", "origin", "main")
    for ref in ("refs/pull/12/head", "refs/merge-requests/7/head"):
        git(repository, "switch", "-q", "--detach", "main")
        (repository / "proposed.txt").write_text(f"{ref}\n")
        git(repository, "add", ".")
        git(repository, "commit", "-qm", "proposed")
        git(repository, "push", "-q", "origin", f"HEAD:{ref}")
    git(repository, "switch", "-q", "main")
    git(repository, "reflog", "expire", "--expire=now", "--all")
    git(repository, "gc", "-q", "--prune=now")
    return bare


@pytest.mark.parametrize(
    ("number", "ref"), [(12, "refs/pull/12/head"), (7, "refs/merge-requests/7/head")]
)
async def test_a_task_begins_from_a_request_and_makes_no_reference_of_it(
    daemon, remote, repository, git, number, ref
):
    refs = git(repository, "for-each-ref")
    task = await daemon.done("echo more >> proposed.txt", base=f"pr:{number}")
    assert task.base.commit == git(remote, "rev-parse", ref)
    assert (task.worktree / "proposed.txt").read_text() == f"{ref}\nmore\n"
    change = await daemon.core.reviewing.changes(task.id, Asked())
    assert (change.added, change.deleted) == (1, 0)
    await daemon.core.discarding.discard(task.id)
    there = git(repository, "for-each-ref").splitlines()
    assert [one for one in there if "refs/agentls" not in one] == refs.splitlines()


async def test_a_request_that_is_not_there_creates_nothing(daemon, remote):
    with pytest.raises(InvalidParams, match="no pull or merge request 13"):
        await daemon.create(base="pr:13")
    with pytest.raises(InvalidParams, match="names no pull request"):
        await daemon.create(base="pr:main")
    remote.rename(remote.parent / "away.git")
    with pytest.raises(GitFailed, match=r"can't be reached.*Nothing was created"):
        await daemon.create(base="pr:12")
    assert daemon.core.book.tasks() == ()


async def test_without_a_remote_there_is_no_request(daemon):
    with pytest.raises(InvalidParams, match="no remote"):
        await daemon.create(base="pr:12")


async def test_what_another_task_committed_can_be_built_upon(daemon):
    first = await daemon.done("echo 1 > one.txt; git add .; git commit -qm one")
    second = await daemon.done("echo 2 > two.txt", base=f"task:{first.id}")
    assert second.base.kind is BaseKind.REF
    assert (second.worktree / "one.txt").read_text() == "1\n"
    change = await daemon.core.reviewing.changes(second.id, Asked())
    assert [file.display for file in change.files] == ["two.txt"]


async def test_what_another_task_left_open_is_no_part_of_the_second(daemon, repository):
    first = await daemon.done("echo 1 > one.txt")
    second = await daemon.done("echo 2 > two.txt", base=f"task:{first.id}")
    assert second.base.kind is BaseKind.WIP
    assert (second.worktree / "one.txt").read_text() == "1\n"
    with pytest.raises(InvalidState, match=f"stands on task {first.id}"):
        await daemon.merge(second)
    await daemon.core.merging.merge(
        second.id, message=None, stop=False, force=True, progress=silent
    )
    assert (repository / "two.txt").exists()
    assert not (repository / "one.txt").exists()
    await daemon.merge(first)
    assert (repository / "one.txt").exists()


async def test_a_discarded_task_is_a_base_as_well(daemon):
    first = await daemon.done("echo 1 > one.txt")
    await daemon.core.discarding.discard(first.id)
    second = await daemon.done("true", base=f"task:{first.id}")
    assert (second.worktree / "one.txt").read_text() == "1\n"
    assert daemon.core.book.get(first.id).state is State.DISCARDED
