"""Going on with a conversation: what is said, and what is refused."""

import os
import signal

import pytest

from agentls.errors import InvalidState
from agentls.model import State
from agentls.sessions.folder import read_meta
from agentls.tasks.resuming import GO_ON

# The prompt is what `sh` is told to do; a resumed one says so first.
AGENTS = r"""
[agents.latest]
title = "Latest"
bin = "/bin/sh"
start = ["-c", "{prompt}"]
resume = ["-c", "echo \"resumed: $0\" >> resumed", "{prompt}"]

[agents.learner]
title = "Learner"
bin = "/bin/sh"
start = ["-c", "{prompt}"]
resume = ["-c", "true", "{session_id}"]
conversation = "learned"
"""


@pytest.fixture(autouse=True)
def agents(paths) -> None:
    paths.user_config.parent.mkdir(parents=True)
    paths.user_config.write_text(AGENTS)


def _kill_shim(paths, session) -> None:
    meta = read_meta(paths.sessions / session.id)
    assert meta is not None
    os.kill(meta.shim.pid, signal.SIGKILL)


async def test_an_interrupted_task_goes_on_where_it_was(daemon, paths):
    task = await daemon.create("echo before; sleep 1000", agent="latest")
    (session,) = daemon.core.book.sessions(task.id)
    _kill_shim(paths, session)
    interrupted = await daemon.until(task.id, State.INTERRUPTED)
    assert "vanished" in interrupted.why
    resumed = await daemon.core.tasks.resume(task.id, text=None)
    assert (resumed.id, resumed.worktree) == (task.id, task.worktree)
    await daemon.until(task.id, State.REVIEW)
    assert (task.worktree / "resumed").read_text() == f"resumed: {GO_ON}\n"


async def test_a_task_that_ended_goes_on_with_what_is_said(daemon):
    task = await daemon.done("true", agent="latest")
    await daemon.core.tasks.resume(task.id, text="one more")
    await daemon.until(task.id, State.REVIEW)
    assert (task.worktree / "resumed").read_text() == "resumed: one more\n"


@pytest.mark.parametrize(
    ("agent", "says"),
    [("shell", "can't go on with a conversation"), ("learner", "isn't known")],
)
async def test_where_no_conversation_can_be_resumed_nothing_is_begun(
    daemon, agent, says
):
    task = await daemon.done("true", agent=agent)
    with pytest.raises(InvalidState) as refused:
        await daemon.core.tasks.resume(task.id, text=None)
    assert says in refused.value.message
    assert f"agentls retry {task.id}" in refused.value.hint
    assert len(daemon.core.book.sessions(task.id)) == 1
    assert daemon.core.book.get(task.id).state is State.REVIEW


async def test_an_agent_that_never_ran_is_not_resumed(daemon, repository):
    (repository / ".agentls.toml").write_text('setup = ["false"]\n')
    await daemon.trust()
    task = await daemon.create("true", agent="latest")
    assert task.state is State.FAILED
    with pytest.raises(InvalidState, match="never ran"):
        await daemon.core.tasks.resume(task.id, text=None)


async def test_an_agent_that_works_is_not_resumed(daemon):
    task = await daemon.create("sleep 1000", agent="latest")
    with pytest.raises(InvalidState, match="is working"):
        await daemon.core.tasks.resume(task.id, text=None)
    await daemon.core.tasks.stop(task.id)
