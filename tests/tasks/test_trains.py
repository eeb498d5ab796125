"""Trains of real tasks: tried, checked in a worktree of their own, merged at once."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentls.errors import Conflict, DirtyCheckout, GitFailed, InvalidState
from agentls.model import CheckOutcome, Item, SessionKind, State, Task
from agentls.review import merging
from agentls.review.train import Train
from agentls.sessions.output import last_text
from agentls.store.tasks import load_journal
from agentls.tasks.request import TaskRequest
from agentls.tasks.starting import silent


@pytest.fixture
def configure(home: Any) -> Callable[[str], None]:
    def write(text: str) -> None:
        folder = Path(home.environ["AGENTLS_CONFIG_DIR"])
        folder.mkdir(exist_ok=True)
        (folder / "config.toml").write_text(text)

    return write


async def _run(daemon: Any, *tasks: Task, **asked: Any) -> Train:
    options = {"target": None, "check": False, "merge": False, "progress": silent}
    return await daemon.core.trains.run(
        daemon.root, tasks=[task.id for task in tasks] or None, **options | asked
    )


def _told(train: Train) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(car.task, car.outcome.value, car.against) for car in train.cars]


def _outcomes(train: Train) -> list[str]:
    return [car.outcome.value for car in train.cars]


def _train_sessions(daemon: Any) -> list[Any]:
    return [
        session
        for task in daemon.core.book.tasks(discarded=True)
        for session in daemon.core.book.sessions(task.id)
        if session.kind is SessionKind.TRAIN
    ]


async def _gone(daemon: Any, git: Callable[..., str], count: int) -> None:
    """Wait until only the checkouts of the user and of so many tasks are left."""
    async with asyncio.timeout(30):
        while (  # noqa: ASYNC110 - no event tells
            git(daemon.root, "worktree", "list").count("\n") != count
            or daemon.core.pool.spares()
        ):
            await asyncio.sleep(0.02)


async def _begun(daemon: Any) -> None:
    """Wait until a check of a train runs."""
    async with asyncio.timeout(30):
        while not any(  # noqa: ASYNC110 - no event tells
            daemon.core.sessions.get(one.id) for one in _train_sessions(daemon)
        ):
            await asyncio.sleep(0.02)


async def test_a_train_goes_on_without_what_conflicts(daemon: Any):
    one = await daemon.done("echo 1 > plain.txt")
    clash = await daemon.done("echo 2 > plain.txt")
    last = await daemon.done("echo 3 > new")
    assert _told(await _run(daemon, one, clash, last)) == [
        (one.id, "clean", ()),
        (clash.id, "conflicts", (one.id,)),
        (last.id, "clean", ()),
    ]
    train = await _run(daemon, clash, one)
    assert _told(train) == [
        (clash.id, "clean", ()),
        (one.id, "conflicts", (clash.id,)),
    ]
    assert train.cars[1].why == f"It conflicts with {clash.id} in plain.txt."
    for task in (one, last):  # as the train said
        await daemon.merge(task)
    train = await _run(daemon)
    assert _told(train) == [(clash.id, "conflicts", ())]
    assert train.cars[0].against_target


async def test_tasks_on_top_of_each_others_lines_go_in_as_the_train_says(daemon: Any):
    """Merged for real, in the same order, they come to the same."""
    lines = [f"line {number}\\n" for number in range(9)]
    await daemon.merge(await daemon.done(f"printf '{''.join(lines)}' > plain.txt"))
    tasks = [
        await daemon.done(f"sed -i '{at}s/$/ by {at}/' plain.txt")
        for at in (1, 2, 5, 7, 8)
    ]
    outcomes = _outcomes(await _run(daemon, *tasks))
    assert outcomes == ["clean", "conflicts", "clean", "clean", "conflicts"]
    for task, outcome in zip(tasks, outcomes, strict=True):
        if outcome == "clean":
            await daemon.merge(task)
        else:
            with pytest.raises(Conflict):
                await daemon.merge(task)


async def test_a_trial_changes_nothing_and_leaves_no_object(
    daemon: Any, git: Callable[..., str]
):
    await daemon.done("echo 1 > one")
    await daemon.done("echo 2 > two")

    def seen() -> tuple[str, ...]:
        asked = (["for-each-ref"], ["count-objects", "-v"], ["status", "--porcelain"])
        return tuple(git(daemon.root, *args) for args in asked)

    before = seen()
    assert _outcomes(await _run(daemon)) == ["clean", "clean"]
    assert seen() == before


async def test_all_are_merged_in_one_step_each_as_its_own_commit(
    daemon: Any, git: Callable[..., str]
):
    tasks = [await daemon.done(f"echo {n} > {n}", title=f"Task {n}") for n in "123"]
    before = git(daemon.root, "rev-parse", "main")
    train = await _run(daemon, *tasks, merge=True)
    assert train.merged
    assert train.checkout == daemon.root
    subjects = git(daemon.root, "log", "--format=%s", f"{before}..main")
    assert subjects.splitlines() == ["Task 3", "Task 2", "Task 1"]
    moves = git(daemon.root, "reflog", "--format=%gs", "main").splitlines()
    assert sum(move.startswith("agentls: merge") for move in moves) == 1
    assert git(daemon.root, "status", "--porcelain") == ""
    merged = [daemon.core.book.get(task.id) for task in tasks]
    assert {task.state for task in merged} == {State.MERGED}
    assert merged[0].merged_from == before
    for task in reversed(merged):  # each can be taken back, the last first
        await daemon.core.undoing.undo(task.id, progress=silent)
    assert git(daemon.root, "rev-parse", "main") == before


@pytest.mark.full
@pytest.mark.parametrize("strategy", ["squash", "merge", "rebase"])
async def test_commits_are_made_as_the_strategy_says_asked_of_hooks_and_boxes_ticked(
    daemon: Any,
    configure: Callable[[str], None],
    git: Callable[..., str],
    strategy: str,
):
    (daemon.root / "TODO.md").write_text("- [ ] First\n- [ ] Second\n")
    git(daemon.root, "add", ".")
    git(daemon.root, "commit", "-qm", "items")
    hook = daemon.root / ".git" / "hooks" / "commit-msg"
    hook.write_text("#!/bin/sh\necho 'Seen-by: hook' >> $1\n")
    hook.chmod(0o755)
    tasks: list[Task] = []
    for name in ("First", "Second"):
        script = f"echo 1 > {name}; git add .; git commit -qnm {name}; echo 2 >> {name}"
        task = await daemon.done(script, title=f"Task {name}")
        item = Item(path="TODO.md", text=name)
        tasks.append(await daemon.core.book.change(task.id, item=item))
    configure(f"merge.strategy = '{strategy}'\n")
    await daemon.trust()
    before = git(daemon.root, "rev-parse", "main")
    train = await _run(daemon, *tasks, merge=True)
    assert [car.why for car in train.cars] == ["", ""]
    assert train.merged
    todo = "- [x] First\n- [x] Second\n"
    assert (daemon.root / "TODO.md").read_text() == todo
    first, last = (daemon.core.book.get(task.id) for task in tasks)
    shown = git(daemon.root, "show", f"{first.merged_commit}:TODO.md")
    assert shown == "- [x] First\n- [ ] Second"
    assert (first.merged_from, last.merged_from) == (before, first.merged_commit)
    for task in (first, last):
        message = git(daemon.root, "log", "-1", "--format=%B", task.merged_commit)
        assert message.endswith("Seen-by: hook")
    assert git(daemon.root, "status", "--porcelain") == ""
    hook.write_text("#!/bin/sh\nexit 1\n")
    await daemon.core.undoing.undo(last.id, progress=silent)
    await daemon.trust()
    with pytest.raises(GitFailed, match="refused the merge"):
        await _run(daemon, merge=True)
    assert git(daemon.root, "rev-parse", "main") == first.merged_commit


async def test_checks_run_on_the_whole_in_a_worktree_that_goes_again(
    daemon: Any, configure: Callable[[str], None], git: Callable[..., str]
):
    one = await daemon.done("echo 1 > one")
    two = await daemon.done("echo 2 > two")
    configure(
        'setup = ["touch made"]\n'
        "[checks.tests]\nrun = 'cat one two made; pwd; echo $AGENTLS_WORKTREE'\n"
        "[checks.docs]\nrun = 'false'\npaths = 'docs/*'\n"
        "[checks.lint]\nrun = 'false'\nmode = 'inform'\n"
    )
    await daemon.trust()
    train = await _run(daemon, one, two, check=True)
    assert [(one.name, one.outcome) for one in train.checks] == [
        ("tests", CheckOutcome.PASSED),
        ("docs", CheckOutcome.SKIPPED),
    ]
    setup, tests = _train_sessions(daemon)
    assert (tests.task, tests.title) == (two.id, "tests (train of 2)")
    assert setup.title == "setup (train of 2)"
    text = last_text(daemon.core.paths.sessions / tests.id, size=1 << 16)
    *_, first, second, folder, own = text.split()
    assert (first, second, folder) == ("1", "2", own)
    assert folder not in {str(daemon.root), str(one.worktree), str(two.worktree)}
    present = daemon.core.tasks.session_of(task=two.id, session=None)
    assert present.kind is SessionKind.AGENT
    await _gone(daemon, git, 2)
    assert not Path(folder).exists()
    assert git(daemon.root, "status", "--porcelain") == ""


async def test_who_breaks_a_check_is_found_and_left_behind(
    daemon: Any, configure: Callable[[str], None]
):
    tasks = [await daemon.done(f"echo {n} > file-{n}") for n in range(6)]
    configure("[checks.tests]\nrun = '! test -e file-4'\n")
    train = await _run(daemon, *tasks, check=True)
    assert _outcomes(train) == ["clean"] * 4 + ["breaks", "clean"]
    assert train.cars[4].check == "tests"
    assert train.cars[4].why.startswith("With it, the check tests fails: `agentls logs")
    # All six, three to find it, and the five that are left.
    assert len(_train_sessions(daemon)) <= 1 + 4 + 1
    sessions = len(_train_sessions(daemon))
    merged = await _run(daemon, *tasks, check=True, merge=True)
    assert merged.merged
    assert len(_train_sessions(daemon)) == sessions  # what was checked is known
    assert not (daemon.root / "file-4").exists()
    assert (daemon.root / "file-5").exists()
    assert daemon.core.book.get(tasks[4].id).state is State.REVIEW


async def test_two_that_fail_only_together_leave_the_later_one_behind(
    daemon: Any, configure: Callable[[str], None]
):
    one, two, three = [await daemon.done(f"touch {n}") for n in "abc"]
    configure("[checks.tests]\nrun = '! test -e a || ! test -e b'\n")
    train = await _run(daemon, one, two, three, check=True)
    assert _outcomes(train) == ["clean", "breaks", "clean"]


async def test_a_target_that_fails_by_itself_blames_nobody(
    daemon: Any, configure: Callable[[str], None], git: Callable[..., str]
):
    task = await daemon.done("touch a")
    configure("[checks.tests]\nrun = 'false'\n")
    before = git(daemon.root, "rev-parse", "main")
    train = await _run(daemon, task, check=True, merge=True)
    assert _outcomes(train) == ["clean"]
    assert train.why.startswith("The check tests fails on main as it is")
    assert not train.merged
    assert git(daemon.root, "rev-parse", "main") == before


async def test_a_task_that_can_not_be_merged_says_why(
    daemon: Any, configure: Callable[[str], None]
):
    nothing = await daemon.done("true")
    configure("[checks.own]\nrun = 'false'\n")
    failed = await daemon.done("touch failed")
    configure("")
    good = await daemon.done("touch good")
    train = await _run(daemon, nothing, failed, good)
    assert _outcomes(train) == ["refused", "refused", "clean"]
    assert "has changed nothing" in train.cars[0].why
    assert "check own failed" in train.cars[1].why


async def test_of_a_race_only_one_goes_in(daemon: Any):
    request = TaskRequest(
        prompt="touch $AGENTLS_TASK", folder=daemon.root, agent="shell"
    )
    racers = await daemon.core.races.race(request, agents=(), tries=2)
    for task in racers:
        await daemon.until(task.id, State.REVIEW)
    train = await _run(daemon, *racers)
    assert _outcomes(train) == ["clean", "refused"]
    assert train.cars[1].why == f"Its race is won by {racers[0].id}, which goes in."


async def test_the_users_own_changes_stop_the_whole_train(
    daemon: Any, git: Callable[..., str]
):
    one, two = await daemon.done("touch a"), await daemon.done("echo 2 > plain.txt")
    (daemon.root / "plain.txt").write_text("mine\n")
    before = git(daemon.root, "rev-parse", "main")
    with pytest.raises(DirtyCheckout, match=r"plain\.txt"):
        await _run(daemon, one, two, merge=True)
    assert git(daemon.root, "rev-parse", "main") == before
    assert (daemon.root / "plain.txt").read_text() == "mine\n"
    assert daemon.core.book.get(one.id).state is State.REVIEW
    (daemon.root / "plain.txt").write_text("plain\n")
    assert (await _run(daemon, one, two, merge=True)).merged


async def test_work_that_changed_after_the_check_is_not_merged(
    daemon: Any, monkeypatch: pytest.MonkeyPatch, git: Callable[..., str]
):
    one, two = await daemon.done("touch a"), await daemon.done("touch b")
    before = git(daemon.root, "rev-parse", "main")
    whole = daemon.core.trains._merging
    merge = whole.merge

    async def late(*args: Any, **options: Any) -> Train:
        (two.worktree / "late").write_text("late\n")
        return await merge(*args, **options)

    monkeypatch.setattr(whole, "merge", late)
    with pytest.raises(InvalidState, match="it changed since"):
        await _run(daemon, one, two, merge=True)
    assert git(daemon.root, "rev-parse", "main") == before
    assert daemon.core.book.get(one.id).state is State.REVIEW


async def test_a_train_that_is_cancelled_ends_its_check_and_its_worktree(
    daemon: Any,
    configure: Callable[[str], None],
    git: Callable[..., str],
):
    task = await daemon.done("touch a")
    configure("[checks.tests]\nrun = 'sleep 600'\n")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(_run(daemon, task, check=True, merge=True))
        await _begun(daemon)
        running.cancel()
    (session,) = _train_sessions(daemon)
    assert not session.live
    await _gone(daemon, git, 1)
    assert daemon.core.book.get(task.id).state is State.REVIEW


async def test_a_task_can_go_on_while_the_train_that_it_is_in_is_checked(
    daemon: Any, configure: Callable[[str], None], tmp_path: Path
):
    task = await daemon.done("touch a")
    os.mkfifo(tmp_path / "gate")
    configure(f"[checks.tests]\nrun = 'cat {tmp_path}/gate'\n")

    async def refused() -> None:
        with pytest.raises(InvalidState, match="discarded"):
            await _run(daemon, task, check=True, merge=True)

    async with asyncio.TaskGroup() as group:
        group.create_task(refused())
        await _begun(daemon)
        await daemon.core.discarding.discard(task.id)
        (session,) = _train_sessions(daemon)
        assert session.live  # it isn't in the task's worktree
        (tmp_path / "gate").write_text("go on\n")


async def test_the_next_daemon_ends_what_a_train_left(
    start: Any, configure: Callable[[str], None], git: Callable[..., str]
):
    async with start() as daemon:
        task = await daemon.done("touch a")
        configure("[checks.tests]\nrun = 'sleep 600'\n")
        daemon.core.spawn(_run(daemon, task, check=True), name="train")
        await _begun(daemon)
    async with start() as daemon:
        await daemon.until_true(
            lambda: not any(one.live for one in _train_sessions(daemon))
        )
        await _gone(daemon, git, 1)
        assert daemon.core.book.get(task.id).state is State.REVIEW


@pytest.mark.full
@pytest.mark.parametrize("moved", [False, True])
async def test_the_next_daemon_finishes_or_undoes_the_merge(
    start: Any, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch, *, moved: bool
):
    """Cut off right before, or right after, the one step."""

    async with start() as daemon:
        tasks = [await daemon.done(f"echo {n} > {n}") for n in "123"]
        before = git(daemon.root, "rev-parse", "main")
        advance = merging.advance

        async def cut_off(*args: Any) -> Any:
            if moved:
                await advance(*args)
            raise asyncio.CancelledError

        monkeypatch.setattr(merging, "advance", cut_off)
        with pytest.raises(asyncio.CancelledError):
            await _run(daemon, *reversed(tasks), merge=True)
        monkeypatch.undo()
    async with start() as daemon:
        await daemon.operations_end()
        found = [daemon.core.book.get(task.id) for task in tasks]
        assert {task.state for task in found} == {
            State.MERGED if moved else State.REVIEW
        }
        if not moved:
            assert git(daemon.root, "rev-parse", "main") == before
            assert (await _run(daemon, *tasks, merge=True)).merged
        assert git(daemon.root, "status", "--porcelain") == ""
        assert sorted(git(daemon.root, "ls-files").split()) == [
            "1",
            "2",
            "3",
            "plain.txt",
        ]


async def test_a_task_discarded_before_the_next_daemon_came_to_it_is_merged(
    daemon: Any, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
):
    one, two = await daemon.done("echo 1 > 1"), await daemon.done("echo 2 > 2")
    advance = merging.advance

    async def cut_off(*args: Any) -> Any:
        await advance(*args)
        raise asyncio.CancelledError

    monkeypatch.setattr(merging, "advance", cut_off)
    with pytest.raises(asyncio.CancelledError):
        await _run(daemon, one, two, merge=True)
    await daemon.core.discarding.discard(two.id)
    read = daemon.core.book._database.read
    (note,) = [entry for entry in await read(load_journal) if entry.task == one.id]
    await daemon.core.trains.finish_train(one, note)
    assert daemon.core.book.get(one.id).state is State.MERGED
    assert daemon.core.book.get(two.id).state is State.DISCARDED
    restored = await daemon.core.discarding.restore(two.id)
    assert restored.state is State.MERGED
    assert restored.merged_commit == git(daemon.root, "rev-parse", "main")


async def test_nothing_ready_is_an_empty_train(daemon: Any):
    train = await _run(daemon, check=True, merge=True)
    assert (train.cars, train.merged) == ((), False)
