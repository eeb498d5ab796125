"""Checks run when an agent is done, stand in the way if wanted, and outlive daemons."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentls.core import Core
from agentls.errors import InvalidParams, InvalidState, StorageFull
from agentls.model import CheckOutcome, SessionKind, State, Task
from agentls.sessions.folder import read_exit
from agentls.sessions.output import last_text
from agentls.store.checks import CheckRun, load_runs
from agentls.tasks import checking as checking_module
from agentls.tasks.starting import silent


@pytest.fixture
def configure(home) -> Callable[[str], None]:
    def write(text: str) -> None:
        folder = Path(home.environ["AGENTLS_CONFIG_DIR"])
        folder.mkdir(exist_ok=True)
        (folder / "config.toml").write_text(text)

    return write


def _check(name: str, run: str, more: str = "") -> str:
    return f"[checks.{name}]\nrun = {run!r}\n{more}\n"


def _outcomes(task: Task) -> dict[str, str]:
    return {one.name: one.outcome.value for one in task.checks}


async def _run(daemon: Any, task: Task, *names: str) -> Task:
    return await daemon.core.checking.run(task.id, names=names or None, progress=silent)


def _output(core: Core, session: str | None) -> str:
    assert session is not None
    return last_text(core.paths.sessions / session, size=1 << 16)


async def _comes_true(true: Callable[[], bool]) -> None:
    """Wait until something is true of files that another process writes."""
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.02)


async def _runs(daemon: Any, task: Task) -> tuple[CheckRun, ...]:
    database = daemon.core.checking._runs._database
    return await database.read(lambda db: load_runs(db, task.id))


async def _begun(daemon: Any, task: Task) -> None:
    """Wait until a check runs, and that is in the store."""
    async with asyncio.timeout(30):
        while not await _runs(daemon, task):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.02)


async def test_checks_run_in_the_worktree_before_a_person_is_called(daemon, configure):
    configure(
        _check("tests", "test -f done && echo $AGENTLS_CHECK in $PWD")
        + _check("lint", "exit 3", 'mode = "inform"')
    )
    states: list[State] = []
    with daemon.core.book.listening(
        lambda event: states.append(event.state) if isinstance(event, Task) else None
    ):
        task = await daemon.done("touch done")
    assert State.CHECKING in states
    assert daemon.core.book.untold == {task.id}
    assert _outcomes(task) == {"tests": "passed", "lint": "failed"}
    assert task.why == ""
    first, second = task.checks
    assert first.seconds is not None
    assert f"tests in {task.worktree}" in _output(daemon.core, first.session)
    session = daemon.core.book.session(second.session)
    assert (session.kind, session.title) == (SessionKind.CHECK, "lint")
    present = daemon.core.tasks.session_of(task=task.id, session=None)
    assert present.kind is SessionKind.AGENT


async def test_a_check_that_failed_is_told_and_stands_in_the_way(daemon, configure):
    configure(_check("tests", "echo no; false"))
    task = await daemon.done("touch done")
    assert task.why == "Its check tests failed."
    _, preview = await daemon.core.merging.preview(task.id, message=None, strategy=None)
    assert preview.why_not == "Its check tests failed."
    with pytest.raises(InvalidState, match="check tests failed"):
        await daemon.merge(task)
    assert daemon.core.book.get(task.id).state is State.REVIEW
    merged = await daemon.core.merging.merge(
        task.id, message=None, stop=False, force=True, progress=silent
    )
    assert merged.task.state is State.MERGED


async def test_a_check_that_takes_too_long_is_stopped(daemon, configure):
    configure(_check("slow", "sleep 600", "timeout = 1"))
    task = await daemon.done("touch done")
    assert _outcomes(task) == {"slow": "timedOut"}
    assert task.why == "Its check slow took too long."
    assert not any(session.live for session in daemon.core.book.sessions(task.id))


async def test_a_check_runs_only_when_one_of_its_paths_was_changed(daemon, configure):
    configure(
        _check("python", "true", 'paths = "*.py"')
        + _check("docs", "false", 'paths = ["docs/*", "*.md"]')
    )
    task = await daemon.done("mkdir -p a && touch a/b.py")
    assert _outcomes(task) == {"python": "passed", "docs": "skipped"}


async def test_nothing_is_checked_twice(daemon, configure, tmp_path):
    configure(_check("count", f"echo x >> {tmp_path}/runs"))
    task = await daemon.done("touch done")
    await daemon.core.tasks.send_prompt(task.id, "true")
    task = await daemon.until(task.id, State.REVIEW)
    assert (tmp_path / "runs").read_text() == "x\n"
    await daemon.core.tasks.send_prompt(task.id, "touch more")
    await daemon.until_true(
        lambda: (
            daemon.core.book.get(task.id).state is State.REVIEW
            and (tmp_path / "runs").read_text() == "x\nx\n"
        )
    )


async def test_what_is_known_of_another_state_is_forgotten(daemon, configure):
    configure(_check("tests", "false"))
    task = await daemon.done("touch done")
    assert _outcomes(task) == {"tests": "failed"}
    await daemon.core.tasks.send_prompt(task.id, "touch more; sleep 600")
    await _comes_true((task.worktree / "more").exists)
    task = await daemon.core.tasks.stop(task.id)
    assert (task.checks, task.why) == ((), "Stopped.")


async def test_a_task_that_changed_nothing_is_not_checked(daemon, configure):
    configure(_check("tests", "false"))
    task = await daemon.done("true")
    assert (task.checks, task.why) == ((), "")


async def test_checks_run_on_demand_all_or_by_name(daemon, configure, tmp_path):
    task = await daemon.done("touch done")
    with pytest.raises(InvalidState, match="no checks"):
        await _run(daemon, task)
    configure(
        _check("one", f"echo 1 >> {tmp_path}/runs")
        + _check("two", f"echo 2 >> {tmp_path}/runs; test -f mended")
    )
    task = await _run(daemon, task)
    assert _outcomes(task) == {"one": "passed", "two": "failed"}
    (task.worktree / "mended").touch()
    task = await _run(daemon, task, "two")
    assert _outcomes(task) == {"one": "passed", "two": "passed"}
    assert (task.state, task.why) == (State.REVIEW, "")
    assert (tmp_path / "runs").read_text() == "1\n2\n2\n"
    with pytest.raises(InvalidParams, match="no check 'three'"):
        await _run(daemon, task, "three")
    runs = await _runs(daemon, task)
    assert [(run.name, run.outcome) for run in runs] == [
        ("one", CheckOutcome.PASSED),
        ("two", CheckOutcome.FAILED),
        ("two", CheckOutcome.PASSED),
    ]
    assert len({run.checkpoint for run in runs}) == 2


async def test_the_work_of_an_agent_that_failed_can_be_checked(daemon, configure):
    task = await daemon.create("touch done; exit 3")
    task = await daemon.until(task.id, State.FAILED)
    configure(_check("tests", "test -f done"))
    task = await _run(daemon, task)
    assert (task.state, _outcomes(task)) == (State.REVIEW, {"tests": "passed"})
    assert task.why == "Its agent ended with exit status 3."


@pytest.fixture
async def checking(daemon, configure, tmp_path) -> Task:
    """Give a task whose check runs and doesn't end by itself."""
    configure(_check("slow", f"echo x >> {tmp_path}/runs; sleep 600"))
    task = await daemon.create("touch done")
    await daemon.until_true(lambda: _is_running(daemon.core, task))
    return daemon.core.book.get(task.id)


def _is_running(core: Core, task: Task) -> bool:
    checks = core.book.get(task.id).checks
    sessions = core.book.sessions(task.id)
    return any(
        one.outcome is CheckOutcome.RUNNING
        and any(session.id == one.session and session.live for session in sessions)
        for one in checks
    )


async def test_a_stop_ends_the_checks(daemon, checking):
    task = await daemon.core.tasks.stop(checking.id)
    assert (task.state, task.why) == (State.REVIEW, "Its checks were stopped.")
    assert _outcomes(task) == {"slow": "stopped"}
    assert not any(session.live for session in daemon.core.book.sessions(task.id))
    merged = await daemon.merge(task)
    assert merged.task.state is State.MERGED


async def test_a_prompt_ends_the_checks_and_the_agent_goes_on(daemon, checking):
    task = await daemon.core.tasks.send_prompt(checking.id, "sleep 600")
    assert task.state is State.WORKING
    assert _outcomes(task) == {"slow": "stopped"}
    await daemon.core.tasks.stop(task.id)


async def test_an_agent_that_goes_on_by_itself_ends_the_checks(daemon, configure):
    """It lives on at rest, and a person told it more in its terminal."""
    configure(
        _check("slow", "sleep 600")
        + """[agents.resting]
command = ["sh", "-c", "touch done; sleep 600", "{prompt}"]
done = "event"
events = [
  { when = { type = "done" }, status = "done" },
  { when = { type = "begun" }, status = "working" },
]
"""
    )
    task = await daemon.create("Do it", agent="resting")
    await _comes_true((task.worktree / "done").exists)
    (session,) = daemon.core.book.sessions(task.id)
    events = daemon.core.paths.state / "events" / session.id

    async def say(what: str) -> None:
        record = {"time": time.time(), "event": "x", "payload": {"type": what}}
        with events.open("a") as file:
            file.write(json.dumps(record) + "\n")
        await daemon.core.tasks.read_events(session.id)

    await say("done")
    await _begun(daemon, task)
    assert daemon.core.book.get(task.id).state is State.CHECKING
    assert daemon.core.book.session(session.id).live
    await say("done")
    assert daemon.core.book.get(task.id).state is State.CHECKING
    await say("begun")
    task = daemon.core.book.get(task.id)
    assert (task.state, _outcomes(task)) == (State.WORKING, {"slow": "stopped"})
    live = [one.id for one in daemon.core.book.sessions(task.id) if one.live]
    assert live == [session.id]
    await daemon.core.tasks.stop(task.id)


async def test_a_discard_ends_the_checks(daemon, checking):
    task = await daemon.core.discarding.discard(checking.id)
    assert task.state is State.DISCARDED
    assert not any(session.live for session in daemon.core.book.sessions(task.id))


async def test_a_merge_waits_for_the_checks_or_stops_them(daemon, checking):
    with pytest.raises(InvalidState, match="checking"):
        await daemon.merge(checking)
    assert (await daemon.merge(checking, stop=True)).task.state is State.MERGED


async def test_a_cancelled_request_ends_the_checks(daemon, configure):
    task = await daemon.done("touch done")
    configure(_check("slow", "sleep 600"))
    async with asyncio.TaskGroup() as group:
        request = group.create_task(_run(daemon, task))
        await _begun(daemon, task)
        request.cancel()
    task = daemon.core.book.get(task.id)
    assert (task.state, _outcomes(task)) == (State.REVIEW, {"slow": "stopped"})


async def test_the_next_daemon_waits_for_a_check_that_runs(start, configure, tmp_path):
    gate = tmp_path / "gate"
    configure(
        _check(
            "slow",
            f"echo x >> {tmp_path}/runs; until [ -e {gate} ]; do sleep 0.05; done",
        )
        + _check("next", f"echo y >> {tmp_path}/runs")
    )
    async with start() as daemon:
        task = await daemon.create("touch done")
        await _begun(daemon, task)
    gate.touch()
    async with start() as daemon:
        task = await daemon.until(task.id, State.REVIEW)
        assert _outcomes(task) == {"slow": "passed", "next": "passed"}
        assert (tmp_path / "runs").read_text() == "x\ny\n"


async def test_a_check_that_ended_while_no_daemon_ran_is_not_run_again(
    start, configure, tmp_path
):
    gate, over = tmp_path / "gate", tmp_path / "over"
    configure(
        _check(
            "slow",
            f"until [ -e {gate} ]; do sleep 0.05; done; touch {over}; false",
        )
    )
    async with start() as daemon:
        task = await daemon.create("touch done")
        await _begun(daemon, task)
        session = daemon.core.book.get(task.id).checks[0].session
        folder = daemon.core.paths.sessions / session
    gate.touch()
    await _comes_true(lambda: read_exit(folder) is not None)
    assert over.exists()
    async with start() as daemon:
        task = await daemon.until(task.id, State.REVIEW)
        assert _outcomes(task) == {"slow": "failed"}
        assert task.why == "Its check slow failed."


async def test_a_check_that_never_began_is_begun_by_the_next_daemon(
    start, configure, monkeypatch
):
    configure(_check("tests", "true"))
    async with start() as daemon:
        task = await daemon.create("until [ -e go ]; do sleep 0.05; done")
        with monkeypatch.context() as patched:
            begun = asyncio.Event()

            async def never(*_: Any, **__: Any) -> None:
                begun.set()
                await asyncio.Event().wait()

            patched.setattr(daemon.core.sessions, "start", never)
            (task.worktree / "go").touch()
            await begun.wait()
            daemon.core.tasks._starter.closing = True
            await daemon.core.background.__aexit__(None, None, None)
    async with start() as daemon:
        task = await daemon.until(task.id, State.REVIEW)
        assert _outcomes(task) == {"tests": "passed"}


async def test_what_a_repository_wants_to_check_needs_trust(daemon):
    """The config that an agent finds at its end is what counts, if it is trusted."""
    task = await daemon.create("touch done; until [ -e go ]; do sleep 0.05; done")
    (daemon.root / ".agentls.toml").write_text(_check("evil", "touch evil"))
    (task.worktree / "go").touch()
    task = await daemon.until(task.id, State.REVIEW)
    assert "could not be run" in task.why
    assert "evil" in task.why
    assert not (task.worktree / "evil").exists()
    await daemon.trust()
    assert _outcomes(await _run(daemon, task)) == {"evil": "passed"}


async def test_a_full_disk_at_the_end_only_delays_it(daemon, configure, monkeypatch):
    configure(_check("tests", "true"))
    change_if = daemon.core.book.change_if
    full = [True]

    async def change(*args: Any, **changes: Any) -> Task:
        if State.CHECKING in args[1] and full:
            full.pop()
            raise StorageFull("The disk is full.")
        return await change_if(*args, **changes)

    monkeypatch.setattr(daemon.core.book, "change_if", change)
    monkeypatch.setattr(checking_module, "ROOM_SECONDS", 0.01)
    task = await daemon.done("touch done")
    assert not full
    assert _outcomes(task) == {"tests": "passed"}


async def test_a_check_that_cannot_be_started_is_told(daemon, configure, monkeypatch):
    configure(_check("tests", "true"))
    task = await daemon.done("touch done")
    (task.worktree / "more").touch()

    async def start(*_: Any, **__: Any) -> None:
        raise InvalidState("No terminal could be had.")

    monkeypatch.setattr(daemon.core.sessions, "start", start)
    task = await _run(daemon, task)
    assert _outcomes(task) == {"tests": "lost"}
    assert "No terminal could be had." in task.why
