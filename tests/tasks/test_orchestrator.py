"""The operations of clients: real git, real sessions, a core in this process."""

import asyncio
import os

import pytest

from agentls.errors import AgentlsError, GitFailed, NotARepository, StorageFull
from agentls.model import SessionKind, State
from agentls.review import discarding, merging
from agentls.sessions.sessions import Sessions
from agentls.tasks import preparing
from agentls.tasks.book import TaskBook
from agentls.tasks.reviewing import Asked
from agentls.tasks.starting import silent


async def test_a_create_that_is_cancelled_at_its_first_step_leaves_nothing(
    daemon, git, repository
):
    cancelled = daemon.core.spawn(daemon.create("true"), name="a create")
    while not daemon.core.book._writing.locked():
        assert not cancelled.done()
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert daemon.core.book.tasks(discarded=True) == ()
    assert git(repository, "branch", "--list", "agentls/*") == ""
    assert len(git(repository, "worktree", "list").splitlines()) == 1


async def test_a_create_that_is_cancelled_twice_is_undone_all_the_same(
    daemon, git, repository
):
    (repository / ".agentls.toml").write_text('setup = ["exec sleep 1000"]\n')
    await daemon.trust()
    cancelled = daemon.core.spawn(daemon.create("true"), name="a create")
    await daemon.until_true(
        lambda: any(
            daemon.core.book.sessions(task.id) for task in daemon.core.book.tasks()
        )
    )
    cancelled.cancel()
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    await daemon.until_true(lambda: not daemon.core.book.tasks(discarded=True))
    assert git(repository, "branch", "--list", "agentls/*") == ""
    assert git(repository, "for-each-ref", "refs/agentls") == ""
    assert len(git(repository, "worktree", "list").splitlines()) == 1


async def test_a_daemon_starts_beside_a_repository_that_is_gone(
    start, repository, tmp_path
):
    os.mkfifo(tmp_path / "gate")
    async with start() as daemon:
        task = await daemon.create(f"cat '{tmp_path}/gate'")
    moved = tmp_path / "moved"
    repository.rename(moved)
    async with start() as daemon:
        assert daemon.core.book.get(task.id).state is State.WORKING
        with pytest.raises(NotARepository):
            await daemon.core.reviewing.changes(task.id, Asked())
    moved.rename(repository)
    async with start() as daemon:
        await asyncio.to_thread((tmp_path / "gate").write_text, "end\n")
        await daemon.until(task.id, State.REVIEW)


@pytest.mark.parametrize("text", ["targte = 5\n", 'setup = ["echo other"]\n'])
async def test_a_config_that_is_wrong_or_undecided_holds_no_work_back(
    start, repository, text
):
    async with start() as daemon:
        task = await daemon.done("echo work > work")
        other = await daemon.done("echo other > other")
        (repository / ".agentls.toml").write_text(text)
    async with start() as daemon:
        tasks = daemon.core.tasks
        change = await daemon.core.reviewing.changes(task.id, Asked())
        assert [file.path for file in change.files] == [b"work"]
        await daemon.core.discarding.discard(task.id)
        await daemon.core.discarding.restore(task.id)
        await daemon.merge(task)
        assert (repository / "work").exists()
        with pytest.raises(AgentlsError):
            await daemon.create("true")
        with pytest.raises(AgentlsError):
            await tasks.send_prompt(other.id, "echo more")
        assert daemon.core.book.get(other.id).state is State.REVIEW


async def test_a_task_that_somebody_else_stops_is_not_undone_by_its_creator(
    daemon, repository
):
    (repository / ".agentls.toml").write_text('setup = ["exec sleep 1000"]\n')
    await daemon.trust()
    create = daemon.core.spawn(daemon.create("echo precious"), name="a create")
    await daemon.until_true(
        lambda: any(
            daemon.core.book.sessions(task.id) for task in daemon.core.book.tasks()
        )
    )
    (task,) = daemon.core.book.tasks()
    stopped = await daemon.core.tasks.stop(task.id)
    assert (stopped.state, stopped.prompt) == (State.FAILED, "echo precious")
    created = await create
    assert created is not None
    assert daemon.core.book.get(created.id).state is State.FAILED


async def test_a_preparation_that_ends_by_a_bug_gives_its_place_back(
    daemon, monkeypatch
):
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(preparing, "make_worktree", broken)
    task = await daemon.create("true")
    failed = await daemon.until(task.id, State.FAILED)
    assert "bug" in failed.why
    monkeypatch.undo()
    await daemon.core.tasks.retry(task.id, progress=silent)
    await daemon.until(task.id, State.REVIEW)


async def _cancel_in(daemon, monkeypatch, work, *, owner, name: str) -> None:
    """Run an operation, and cancel it twice while it is in a function."""
    original, begun = getattr(owner, name), asyncio.Event()

    async def slow(*args: object, **kwargs: object) -> object:
        begun.set()
        for _ in range(20):
            await asyncio.sleep(0)
        return await original(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, slow)
        running = daemon.core.spawn(work, name="cancelled")
        async with asyncio.timeout(20):
            await begun.wait()
        running.cancel()
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()


@pytest.mark.parametrize("name", ["advance", "note", "finish"])
async def test_a_merge_that_is_cancelled_too_late_is_merged(
    daemon, git, repository, monkeypatch, name
):
    task = await daemon.done("echo work > work")
    owner = merging if name == "advance" else TaskBook
    await _cancel_in(daemon, monkeypatch, daemon.merge(task), owner=owner, name=name)
    merged = daemon.core.book.get(task.id)
    assert merged.state is State.MERGED
    assert git(repository, "rev-parse", "HEAD") == merged.merged_commit
    assert git(repository, "status", "--porcelain") == ""


async def test_a_merge_that_is_cancelled_before_changes_nothing(
    daemon, git, repository, monkeypatch
):
    task = await daemon.done("echo work > work")
    head = git(repository, "rev-parse", "HEAD")
    await _cancel_in(
        daemon, monkeypatch, daemon.merge(task), owner=merging, name="plan_merge"
    )
    assert daemon.core.book.get(task.id).state is State.REVIEW
    assert git(repository, "rev-parse", "HEAD") == head
    await daemon.merge(task)


async def test_a_discard_and_a_restore_that_are_cancelled_are_whole(
    daemon, monkeypatch
):
    task = await daemon.done("echo work > work")
    discard = daemon.core.discarding.discard(task.id)
    await _cancel_in(daemon, monkeypatch, discard, owner=discarding, name="set_aside")
    assert daemon.core.book.get(task.id).state is State.DISCARDED
    assert not task.worktree.exists()
    restore = daemon.core.discarding.restore(task.id)
    await _cancel_in(daemon, monkeypatch, restore, owner=discarding, name="bring_back")
    assert daemon.core.book.get(task.id).state is State.REVIEW
    assert (task.worktree / "work").read_text() == "work\n"


async def test_a_discard_that_fails_is_not_done_by_the_next_daemon(start, monkeypatch):
    async def broken(*_: object, **__: object) -> None:
        raise GitFailed("It can't be moved.")

    async with start() as daemon:
        task = await daemon.done("echo work > work")
        with monkeypatch.context() as patched:
            patched.setattr(discarding, "set_aside", broken)
            with pytest.raises(GitFailed):
                await daemon.core.discarding.discard(task.id)
        assert daemon.core.book.get(task.id).state is State.REVIEW
    async with start() as daemon:
        await daemon.operations_end()
        assert daemon.core.book.get(task.id).state is State.REVIEW
        assert (task.worktree / "work").exists()


async def test_a_prompt_that_reached_nobody_leaves_no_trace_for_the_next_daemon(
    start, monkeypatch
):
    async def broken(*_: object, **__: object) -> None:
        raise StorageFull("No room for a session.")

    async with start() as daemon:
        task = await daemon.done("echo work > work")
        with monkeypatch.context() as patched:
            patched.setattr(Sessions, "start", broken)
            with pytest.raises(StorageFull):
                await daemon.core.tasks.send_prompt(task.id, "echo more > more")
        assert daemon.core.book.get(task.id).state is State.REVIEW
    async with start() as daemon:
        await daemon.operations_end()
        found = daemon.core.book.get(task.id)
        assert (found.state, found.why) == (State.REVIEW, "")


async def test_two_retries_at_once_prepare_it_once(daemon, repository, tmp_path):
    (repository / ".agentls.toml").write_text(f'setup = ["test -e {tmp_path}/ok"]\n')
    await daemon.trust()
    task = await daemon.create("echo once >> once")
    assert task.state is State.FAILED
    (task.worktree / "note").write_text("a person looked here\n")
    (tmp_path / "ok").touch()
    await asyncio.gather(
        *(daemon.core.tasks.retry(task.id, progress=silent) for _ in range(2)),
        return_exceptions=True,
    )
    await daemon.until(task.id, State.REVIEW)
    assert [s.kind for s in daemon.core.book.sessions(task.id)] == [
        SessionKind.SETUP,
        SessionKind.SETUP,
        SessionKind.AGENT,
    ]
    assert (task.worktree / "once").read_text() == "once\n"


async def test_what_a_person_left_in_a_failed_preparation_is_kept(
    daemon, repository, git, tmp_path
):
    (repository / ".agentls.toml").write_text(f'setup = ["test -e {tmp_path}/ok"]\n')
    await daemon.trust()
    task = await daemon.create("true")
    (task.worktree / "note").write_text("a person looked here\n")
    (tmp_path / "ok").touch()
    await daemon.core.tasks.retry(task.id, progress=silent)
    await daemon.until(task.id, State.REVIEW)
    history = git(repository, "log", "--format=%H", f"refs/agentls/{task.id}")
    kept = [
        commit
        for commit in history.splitlines()
        if "note" in git(repository, "ls-tree", "--name-only", commit).splitlines()
    ]
    assert kept
    assert not (task.worktree / "note").exists()


async def test_a_branch_that_somebody_made_meanwhile_is_left_alone(
    daemon, git, repository
):
    await daemon.core.queueing.pause()
    task = await daemon.create(branch="wanted")
    theirs = repository.with_name("theirs")
    git(repository, "worktree", "add", "-q", "-b", "wanted", str(theirs))
    await daemon.core.queueing.resume()
    await daemon.until(task.id, State.FAILED)
    retried = await daemon.core.tasks.retry(task.id, progress=silent)
    assert retried.state is State.FAILED
    assert "wanted" in retried.why
    assert git(theirs, "branch", "--show-current") == "wanted"


async def test_a_branch_that_is_checked_out_elsewhere_stays_at_a_discard(
    daemon, git, repository
):
    task = await daemon.done(
        "git switch -q --detach; echo work > work; git add work; git commit -qm work"
    )
    git(repository, "switch", "-q", task.branch)
    discarded = await daemon.core.discarding.discard(task.id)
    assert discarded.state is State.DISCARDED
    assert git(repository, "branch", "--show-current") == task.branch
    restored = await daemon.core.discarding.restore(task.id)
    assert (restored.worktree / "work").exists()
    assert git(restored.worktree, "branch", "--show-current") == ""
    assert git(restored.worktree, "log", "-1", "--format=%s") == "work"


async def test_a_task_that_was_discarded_is_not_begun_by_a_place_it_was_given(daemon):
    task = await daemon.done("true")
    discarded = await daemon.core.discarding.discard(task.id)
    daemon.core.tasks._starter.begin(discarded)
    assert (await daemon.core.tasks._starter.prepared(task.id)) == discarded


async def test_a_program_that_ends_before_its_prompt_was_typed_is_told(daemon, home):
    (home.path / "config").mkdir()
    (home.path / "config" / "config.toml").write_text(
        '[agents.brief]\ncommand = ["true"]\n'
    )
    for _ in range(5):
        task = await daemon.create("typed", agent="brief")
        await daemon.until(task.id, State.REVIEW, State.FAILED)
