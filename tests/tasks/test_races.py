"""Races: several tasks for one prompt, of which one is merged."""

import asyncio

import pytest

from agentls.errors import InvalidParams
from agentls.model import GroupKind, State
from agentls.tasks.request import TaskRequest
from agentls.tasks.reviewing import Asked
from agentls.tasks.starting import silent

PLAIN = """
[agents.plain]
command = ["sh", "-c", "echo $0 > by; $1", "plain", "{prompt}"]
"""


async def _race(daemon, prompt="echo $$ > pid", **asked):
    request = TaskRequest(prompt=prompt, folder=daemon.root, agent="shell")
    given = {"agents": (), "tries": 2} | asked
    return await daemon.core.races.race(request, **given)


async def test_merging_one_discards_the_rest_and_the_undo_brings_them_back(daemon):
    one, two, three = await _race(daemon, tries=3)
    assert one.group == two.group == three.group
    assert one.group.kind is GroupKind.RACE
    for task in (one, two, three):
        await daemon.until(task.id, State.REVIEW)
    await daemon.merge(two)
    for task in (one, three):
        gone = await daemon.until(task.id, State.DISCARDED)
        assert gone.lost_to == two.id
        assert not gone.worktree.exists()
    await daemon.core.undoing.undo(two.id, progress=silent)
    for task in (one, three):
        back = await daemon.until(task.id, State.REVIEW)
        assert (back.worktree / "pid").exists()
    await daemon.until_true(
        lambda: all(task.lost_to is None for task in daemon.core.book.tasks())
    )


async def test_one_that_still_works_is_stopped_and_kept(daemon):
    one, two = await _race(daemon, "echo kept > file; test -e go || sleep 600")
    (await daemon.until(one.id, State.WORKING)).worktree.joinpath("go").touch()
    await daemon.core.tasks.stop(one.id)
    await daemon.merge(await daemon.until(one.id, State.REVIEW))
    await daemon.until(two.id, State.DISCARDED)
    await daemon.core.discarding.restore(two.id)
    assert (two.worktree / "file").read_text() == "kept\n"


async def test_what_lost_is_not_offered_for_review(daemon):
    one, two = await _race(daemon)
    for task in (one, two):
        await daemon.until(task.id, State.REVIEW)
    held = daemon.core.tasks._starter.locks[two.id]
    async with held:  # it can't be discarded yet
        merged = await daemon.merge(one)
        assert (await daemon.core.ordering.after(merged.task)).task is None
    await daemon.until(two.id, State.DISCARDED)


async def test_one_that_a_person_restores_stays(daemon):
    one, two = await _race(daemon)
    for task in (one, two):
        await daemon.until(task.id, State.REVIEW)
    await daemon.merge(one)
    await daemon.until(two.id, State.DISCARDED)
    await daemon.core.discarding.restore(two.id)
    other = await daemon.done("echo x > x")  # something happens, and time passes
    await daemon.core.discarding.discard(other.id)
    assert daemon.core.book.get(two.id).state is State.REVIEW


async def test_a_daemon_that_is_killed_in_between_leaves_it_to_the_next(start):
    async with start() as daemon:
        one, two = await _race(daemon)
        for task in (one, two):
            await daemon.until(task.id, State.REVIEW)
        held = daemon.core.tasks._starter.locks[two.id]
        await held.acquire()  # the discard can't begin
        await daemon.merge(one)
    async with start() as daemon:
        assert (await daemon.until(two.id, State.DISCARDED)).lost_to == one.id


async def test_each_agent_may_be_named_and_tried_several_times(daemon):
    (daemon.root / ".agentls.local.toml").write_text(PLAIN)
    await daemon.trust()
    tasks = await _race(daemon, "true", agents=("shell", "plain"), tries=2)
    assert [task.agent for task in tasks] == ["shell", "shell", "plain", "plain"]
    assert len({task.branch for task in tasks}) == len(tasks)


@pytest.mark.parametrize(
    ("agents", "tries"), [(("shell",), 1), (("shell",), 21), ((), 0)]
)
async def test_less_than_two_are_no_race(daemon, agents, tries):
    with pytest.raises(InvalidParams):
        await _race(daemon, agents=agents, tries=tries)
    assert daemon.core.book.tasks() == ()


async def test_their_work_is_compared_like_any_change(daemon):
    one, two = await asyncio.gather(
        daemon.done("echo one > file; echo same > same"),
        daemon.done("echo two > file; echo same > same"),
    )
    shown = await daemon.core.reviewing.changes(
        two.id, Asked(old=f"task:{one.id}", patch=True)
    )
    assert [file.path for file in shown.files] == [b"file"]
    assert b"-one\n+two\n" in shown.patch
