"""`notify`: each state that needs a person is told once, and holds nothing up."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agentls.host import identity_of, is_alive
from agentls.model import State
from agentls.sessions.folder import read_meta
from agentls.tasks import telling
from agentls.tasks.telling import TellTiming, filled

# Tells by a named pipe, so that a test waits for it and doesn't look again and again.
NOTIFY = """
import json, os, sys
told = {
    "argv": sys.argv[2:],
    "cwd": os.getcwd(),
    "environ": {n: v for n, v in os.environ.items() if n.startswith("AGENTLS_")},
}
with open(sys.argv[1], "a") as pipe:
    pipe.write(json.dumps(told) + "\\n")
"""


class Told:
    """What the user's command was told, in its order."""

    def __init__(self, folder: Path, write_config: Callable[[str], None]) -> None:
        self.pipe = folder / "told"
        self.script = folder / "notify.py"
        self.script.write_text(NOTIFY)
        self._write_config = write_config
        os.mkfifo(self.pipe)
        self._fd = os.open(self.pipe, os.O_RDWR | os.O_NONBLOCK)
        self._text = b""

    def configure(self, *arguments: str) -> None:
        argv = [sys.executable, str(self.script), str(self.pipe), *arguments]
        self._write_config(f"notify = {json.dumps(argv)}\n")

    async def next(self) -> dict:
        """Wait for what is told next."""
        loop = asyncio.get_running_loop()
        while b"\n" not in self._text:
            readable = asyncio.Event()
            loop.add_reader(self._fd, readable.set)
            async with asyncio.timeout(20):
                await readable.wait()
            loop.remove_reader(self._fd)
            self._text += os.read(self._fd, 65536)
        line, _, self._text = self._text.partition(b"\n")
        return json.loads(line)

    def nothing(self) -> bool:
        with contextlib.suppress(BlockingIOError):
            self._text += os.read(self._fd, 65536)
        return not self._text


@pytest.fixture
def configure(paths) -> Callable[[str], None]:
    def write(text: str) -> None:
        paths.user_config.parent.mkdir(parents=True, exist_ok=True)
        paths.user_config.write_text(text)

    return write


@pytest.fixture
def told(tmp_path: Path, configure) -> Told:
    return Told(tmp_path, configure)


def _pairs(told: dict) -> tuple[str, str]:
    return told["environ"]["AGENTLS_STATE"], told["environ"]["AGENTLS_WHY"]


async def test_a_command_is_told_which_task_and_why(daemon, told):
    told.configure("{task}", "it is {state}: {title} {} {{why}}", "--{agent}")
    task = await daemon.done("true", title='An "odd"\ttitle {why} \u200b')
    heard = await told.next()
    assert heard["argv"] == [
        task.id,
        'it is review: An "odd" title {why} {} {}',
        "--shell",
    ]
    assert heard["cwd"] == os.environ["HOME"]
    environ = heard["environ"]
    assert environ["AGENTLS_TASK"] == task.id
    assert environ["AGENTLS_STATE"] == "review"
    assert environ["AGENTLS_TITLE"] == 'An "odd" title {why}'
    assert environ["AGENTLS_WHY"] == ""
    assert environ["AGENTLS_AGENT"] == "shell"
    assert environ["AGENTLS_WORKTREE"] == str(task.worktree)
    assert environ["AGENTLS_REPOSITORY"] == str(task.repository)


async def test_failed_and_interrupted_are_told_and_what_a_person_did_is_not(
    daemon, told, paths
):
    told.configure()
    await daemon.create("exit 3")
    assert _pairs(await told.next()) == (
        "failed",
        "Its agent ended with exit status 3.",
    )
    lost = await daemon.create("sleep 1000")
    meta = read_meta(paths.sessions / daemon.core.book.sessions(lost.id)[0].id)
    os.kill(meta.shim.pid, signal.SIGKILL)
    assert (await told.next())["environ"]["AGENTLS_STATE"] == "interrupted"
    stopped = await daemon.create("sleep 1000")
    await daemon.core.tasks.stop(stopped.id)
    await daemon.core.discarding.discard(stopped.id)
    await daemon.core.discarding.restore(stopped.id)
    assert daemon.core.book.untold == frozenset()
    other = await daemon.done("true")
    assert (await told.next())["environ"]["AGENTLS_TASK"] == other.id


async def test_nothing_is_told_twice_and_nothing_that_came_without_a_daemon_is_missed(
    start, told, tmp_path
):
    told.configure()
    os.mkfifo(tmp_path / "gate")
    async with start() as daemon:
        first = await daemon.done("true")
        assert (await told.next())["environ"]["AGENTLS_TASK"] == first.id
        second = await daemon.create(f"cat '{tmp_path}/gate'")
    # No daemon runs: the agent ends all the same.
    fd = await asyncio.to_thread(os.open, tmp_path / "gate", os.O_WRONLY)
    os.close(fd)
    async with start() as daemon:
        await daemon.until(second.id, State.REVIEW)
        assert (await told.next())["environ"]["AGENTLS_TASK"] == second.id
    async with start() as daemon:
        third = await daemon.done("true")
        assert (await told.next())["environ"]["AGENTLS_TASK"] == third.id
    assert told.nothing()


async def test_what_a_killed_daemon_came_not_to_tell_the_next_one_tells(
    start, told, monkeypatch
):
    told.configure()
    with monkeypatch.context() as patched:
        patched.setattr(telling.Teller, "hear", lambda *_: None)
        async with start() as daemon:
            task = await daemon.done("true")
            assert daemon.core.book.untold == {task.id}
    async with start():
        assert (await told.next())["environ"]["AGENTLS_TASK"] == task.id
    assert told.nothing()


async def test_a_state_that_has_passed_is_not_told(start, told, monkeypatch):
    told.configure()
    with monkeypatch.context() as patched:
        patched.setattr(telling.Teller, "hear", lambda *_: None)
        async with start() as daemon:
            task = await daemon.done("echo work > work")
            await daemon.merge(task)
    async with start() as daemon:
        assert daemon.core.book.untold == frozenset()
        other = await daemon.done("true")
        assert (await told.next())["environ"]["AGENTLS_TASK"] == other.id
    assert told.nothing()


async def test_a_command_that_hangs_is_ended_with_its_children(
    daemon, configure, tmp_path
):
    daemon.core.teller._timing = TellTiming(within=0.5)
    os.mkfifo(tmp_path / "pids")
    script = f"sleep 1000 & echo $$ $! > '{tmp_path}/pids'; wait"
    configure(f"notify = {json.dumps(['sh', '-c', script])}\n")
    task = await daemon.done("true")
    text = await asyncio.to_thread((tmp_path / "pids").read_text)
    await daemon.done("true")  # nothing waits for the command
    processes = [identity_of(int(pid)) for pid in text.split()]
    deadline = time.monotonic() + 20
    while any(one is not None and is_alive(one) for one in processes):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    while not daemon.core.teller.problem:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    assert "took longer than 0.5 s" in daemon.core.teller.problem
    assert daemon.core.book.get(task.id).state is State.REVIEW


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["/nowhere/at-all"], "can't be started"),
        (["sh", "-c", "echo so and so >&2; exit 3"], "sh ended with 3: so and so"),
        (["sh", "-c", "kill -9 $$"], "was ended by signal 9"),
    ],
)
async def test_a_command_that_fails_is_told_by_the_doctor_and_the_log(
    daemon, configure, caplog, argv, says
):
    configure(f"notify = {json.dumps(argv)}\n")
    task = await daemon.done("true")
    deadline = time.monotonic() + 20
    while not daemon.core.teller.problem:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    assert says in daemon.core.teller.problem
    assert says in caplog.text
    found = {one.name: one for one in await daemon.core.doctor(None)}
    assert not found["notify"].ok
    assert found["notify"].hint
    assert daemon.core.book.get(task.id).state is State.REVIEW


async def test_a_command_that_runs_is_ended_when_the_daemon_ends(
    start, configure, tmp_path
):
    os.mkfifo(tmp_path / "pid")
    script = f"echo $$ > '{tmp_path}/pid'; exec sleep 1000"
    configure(f"notify = {json.dumps(['sh', '-c', script])}\n")
    async with start() as daemon:
        daemon.core.teller._timing = TellTiming(at_the_end=0.1)
        await daemon.done("true")
        pid = int(await asyncio.to_thread((tmp_path / "pid").read_text))
        process = identity_of(pid)
        assert process is not None
    assert not is_alive(process)


async def test_a_storm_of_changes_is_told_a_few_at_a_time(daemon, told, monkeypatch):
    told.configure()
    running, most = 0, 0
    run = telling.Teller._run

    def counting(self, argv, environment):
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return run(self, argv, environment)
        finally:
            running -= 1

    monkeypatch.setattr(telling.Teller, "_run", counting)
    async with asyncio.TaskGroup() as group:
        done = [group.create_task(daemon.done("true")) for _ in range(8)]
    ids = {(await told.next())["environ"]["AGENTLS_TASK"] for _ in range(8)}
    assert ids == {one.result().id for one in done}
    assert most <= 4
    assert told.nothing()


def test_braces_in_a_value_stay_as_they_are():
    assert filled(("{title}", "{x}"), {"title": "{why}", "why": "no"}) == (
        "{why}",
        "{x}",
    )
