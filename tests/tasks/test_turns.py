"""Turns: begun by a prompt, ended at the agent's rest by a checkpoint."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

import agentls
from agentls.errors import StorageFull
from agentls.host import wait_gone
from agentls.model import SessionKind, State, Task, Turn, TurnSource
from agentls.review.checkpoint import Checkpointer
from agentls.sessions.folder import read_meta
from agentls.tasks.turns import TurnEnd

CONFIG = """\
[agents.again]
bin = "/bin/sh"
start = ["-c", "{prompt}"]
resume = ["-c", "{prompt}"]

[agents.talker]
bin = "/bin/sh"
start = ["SCRIPT", "{prompt}"]
done = "event"
typing = { while_working = true }

[agents.talker.payload]
prompt = "prompt"
message = "said"

[[agents.talker.events]]
when = { type = "begun" }
status = "working"

[[agents.talker.events]]
when = { type = "done" }
status = "done"
"""

# It works in `work` and says so; what it is told ends up there.
AGENT = """\
hook() {{ {python} -I {main} hook x "$1"; }}
echo "$1" > work
hook '{{"type":"done","said":"Did it."}}'
echo > {gate}
while read -r line; do
  hook '{{"type":"begun","prompt":"typed"}}'
  echo "$line" >> work
  hook '{{"type":"done","said":"Did more."}}'
  echo > {gate}
done
"""


@pytest.fixture(autouse=True)
def gate(paths, home) -> Path:
    """Define an agent that can be resumed, and one that tells by hooks.

    The second opens the gate that is given when it has told.
    """
    gate = home.path / "gate"
    os.mkfifo(gate)
    script = home.path / "agent.sh"
    main = Path(agentls.__file__).parent / "__main__.py"
    script.write_text(AGENT.format(python=sys.executable, main=main, gate=gate))
    paths.user_config.parent.mkdir(parents=True)
    paths.user_config.write_text(CONFIG.replace("SCRIPT", str(script)))
    return gate


async def _turns(daemon, task: Task) -> tuple[Turn, ...]:
    return await daemon.core.tasks._starter.turns.list(task)


async def _reasons(daemon, task: Task) -> list[tuple[str, int | None]]:
    taken = await daemon.core.checkpointing.list(task.id)
    return [(one.reason, one.turn) for one in taken[1]]


async def _hear(daemon, task: Task, gate: Path) -> None:
    """Do as a hook's poke does, when the agent has told all."""
    (session,) = daemon.core.book.sessions(task.id)
    await asyncio.to_thread(gate.read_text)
    await daemon.core.tasks.read_events(session.id)


async def test_a_turn_ends_with_a_checkpoint_that_the_task_is_measured_by(daemon):
    task = await daemon.done("echo one > new; echo more >> plain.txt")
    (turn,) = await _turns(daemon, task)
    assert (turn.number, turn.source) == (1, TurnSource.CREATE)
    assert turn.prompt == task.prompt
    assert turn.ended is not None
    assert await _reasons(daemon, task) == [("Turn 1", 1)]
    assert (task.files, task.added, task.deleted) == (2, 2, 0)


async def test_a_further_prompt_is_a_turn_of_its_own(daemon):
    task = await daemon.done("echo one > new", agent="again")
    await daemon.core.tasks.send_prompt(task.id, "echo two > new")
    task = await daemon.until(task.id, State.REVIEW)
    await daemon.core.tasks.resume(task.id, text="true")
    task = await daemon.until(task.id, State.REVIEW)
    turns = await _turns(daemon, task)
    assert [(one.source, one.prompt) for one in turns] == [
        ("create", "echo one > new"),
        ("prompt", "echo two > new"),
        ("resume", "true"),
    ]
    # The last one changed nothing.
    assert await _reasons(daemon, task) == [("Turn 1", 1), ("Turn 2", 2)]


async def test_an_agent_that_fails_or_is_stopped_ends_its_turn_too(daemon):
    failed = await daemon.create("echo x > new; exit 3")
    failed = await daemon.until(failed.id, State.FAILED)
    stopped = await daemon.create("echo x > new; echo ready > ready; sleep 1000")
    await daemon.core.tasks.stop(stopped.id)
    for task in (failed, stopped):
        (turn,) = await _turns(daemon, task)
        assert turn.ended is not None
        assert await _reasons(daemon, task) == [("Turn 1", 1)]


async def test_a_retry_is_a_turn(daemon):
    task = await daemon.create("test -e new || { echo > new; exit 1; }")
    await daemon.until(task.id, State.FAILED)
    await daemon.core.tasks.retry(task.id, progress=lambda _: None)
    await daemon.until(task.id, State.REVIEW)
    assert [one.source for one in await _turns(daemon, task)] == ["create", "retry"]


async def test_an_agent_that_lives_on_ends_its_turns_by_its_word(daemon, gate):
    task = await daemon.create("begin", agent="talker")
    await _hear(daemon, task, gate)
    task = daemon.core.book.get(task.id)
    assert task.state is State.REVIEW
    (turn,) = await _turns(daemon, task)
    assert (turn.said, turn.ended is not None) == ("Did it.", True)
    assert await _reasons(daemon, task) == [("Turn 1", 1)]

    task = await daemon.core.tasks.send_prompt(task.id, "more")
    assert task.state is State.WORKING
    await _hear(daemon, task, gate)
    turns = await _turns(daemon, task)
    assert [(one.source, one.prompt, one.said) for one in turns] == [
        ("create", "begin", "Did it."),
        ("prompt", "more", "Did more."),
    ]
    assert await _reasons(daemon, task) == [("Turn 1", 1), ("Turn 2", 2)]
    await daemon.core.tasks._starter.stop_agent(task)


async def test_what_was_typed_into_the_terminal_is_a_turn(daemon, gate):
    task = await daemon.create("begin", agent="talker")
    await _hear(daemon, task, gate)
    live = daemon.core.tasks._starter.runner.living(task, SessionKind.AGENT)
    await live.write(b"by hand\r")
    await _hear(daemon, task, gate)  # its begin and its end, heard at once
    turn = (await _turns(daemon, task))[1]
    assert (turn.source, turn.prompt) == ("terminal", "typed")
    assert await _reasons(daemon, task) == [("Turn 1", 1), ("Turn 2", 2)]
    await daemon.core.tasks._starter.stop_agent(task)


async def test_what_is_said_while_a_turn_lasts_belongs_to_it(daemon):
    task = await daemon.done("true")
    turns = daemon.core.tasks._starter.turns
    await turns.begin(task.id, prompt="one", source=TurnSource.PROMPT)
    await turns.begin(task.id, prompt="two", source=TurnSource.PROMPT)
    assert [one.prompt for one in await turns.list(task)] == ["true", "one\n\ntwo"]


async def test_a_turn_that_ended_while_no_daemon_ran_is_ended_by_the_next(
    start, tmp_path
):
    os.mkfifo(tmp_path / "gate")
    async with start() as daemon:
        task = await daemon.create(f"cat '{tmp_path}/gate'; echo x > new")
        (session,) = daemon.core.book.sessions(task.id)
        meta = read_meta(daemon.core.paths.sessions / session.id)
    (tmp_path / "gate").write_text("")
    assert wait_gone(meta.shim, seconds=20)
    async with start() as daemon:
        task = await daemon.until(task.id, State.REVIEW)
        (turn,) = await _turns(daemon, task)
        assert turn.ended is not None
        assert await _reasons(daemon, task) == [("Turn 1", 1)]
        assert task.files == 1


async def test_a_session_that_vanished_ends_its_turn_all_the_same(start):
    async with start() as daemon:
        task = await daemon.create("echo x > new; sleep 1000")
        (session,) = daemon.core.book.sessions(task.id)
        meta = read_meta(daemon.core.paths.sessions / session.id)
    os.kill(meta.shim.pid, signal.SIGKILL)
    assert wait_gone(meta.shim, seconds=20)
    assert wait_gone(meta.agent, seconds=20)
    async with start() as daemon:
        task = await daemon.until(task.id, State.INTERRUPTED)
        await daemon.operations_end()
        (turn,) = await _turns(daemon, task)
        assert turn.ended is not None
        assert await _reasons(daemon, task) == [("Turn 1", 1)]


async def test_a_turn_ends_also_when_no_checkpoint_can_be_taken(daemon, monkeypatch):
    async def full(*_, **__):
        raise StorageFull("The disk is full.")

    monkeypatch.setattr(Checkpointer, "take", full)
    task = await daemon.done("true")
    assert task.why == "No checkpoint could be taken: The disk is full."
    (turn,) = await _turns(daemon, task)
    assert turn.ended is not None


async def test_what_comes_after_a_turn_is_begun_before_a_person_is_called(daemon):
    ends: asyncio.Queue[TurnEnd] = asyncio.Queue()

    class After:
        async def wanted(self, end: TurnEnd) -> bool:
            return not end.stopped

        def begin(self, end: TurnEnd) -> None:
            assert daemon.core.book.get(end.task.id).state is State.CHECKING
            ends.put_nowait(end)

    daemon.core.tasks._starter.turns.after = After()
    task = await daemon.create("echo x > new")
    task = await daemon.until(task.id, State.CHECKING)
    end = await ends.get()
    assert (end.state, end.stopped, end.turn.number) == (State.REVIEW, False, 1)
    assert end.checkpoint.files == 1
    assert task.id not in daemon.core.book.untold


async def test_a_prompt_that_never_came_to_its_agent_is_no_turn(daemon, monkeypatch):
    task = await daemon.done("true", agent="again")
    starter = daemon.core.tasks._starter

    async def refuse(*_, **__):
        raise StorageFull("The disk is full.")

    monkeypatch.setattr(starter.runner, "start", refuse)
    with pytest.raises(StorageFull):
        await daemon.core.tasks.send_prompt(task.id, "more")
    assert len(await _turns(daemon, task)) == 1
