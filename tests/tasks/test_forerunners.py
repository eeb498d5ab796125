"""Tasks that begin after others were merged."""

import pytest

from agentls.errors import InvalidParams, InvalidState
from agentls.model import GroupKind, State
from agentls.tasks.request import TaskRequest
from agentls.tasks.starting import silent


async def test_it_begins_when_all_are_merged_and_from_the_target_then(daemon):
    one = await daemon.done("echo 1 > one")
    two = await daemon.done("echo 2 > two")
    waits = await daemon.create("cat one two > both", after=(one.id, two.id[:3]))
    assert (waits.state, waits.after) == (State.QUEUED, (one.id, two.id))
    await daemon.merge(one)
    assert daemon.core.book.get(waits.id).state is State.QUEUED
    merged = await daemon.merge(two)
    done = await daemon.until(waits.id, State.REVIEW)
    assert (done.worktree / "both").read_text() == "1\n2\n"
    assert (done.base.commit, done.files) == (merged.commit, 1)


async def test_what_won_t_come_is_told_and_a_person_decides(daemon):
    first = await daemon.create("false")
    await daemon.until(first.id, State.FAILED)
    waits = await daemon.create("true", after=(first.id,))
    said = f"Task {first.id}, which must be merged first, failed: start this one all"
    await daemon.until_true(lambda: daemon.core.book.get(waits.id).why.startswith(said))
    assert waits.id in daemon.core.book.untold
    await daemon.core.tasks.send_prompt(first.id, "echo 1 > one")
    await daemon.until(first.id, State.REVIEW)
    await daemon.until_true(lambda: "Begins when" in daemon.core.book.get(waits.id).why)
    await daemon.core.discarding.discard(first.id)
    await daemon.until_true(lambda: "discarded" in daemon.core.book.get(waits.id).why)
    await daemon.core.queueing.start(waits.id, progress=silent)
    await daemon.until(waits.id, State.REVIEW)


async def test_one_that_was_cleared_away_after_its_merge_counts_as_merged(daemon):
    one = await daemon.done("echo 1 > one")
    await daemon.merge(one)
    await daemon.core.discarding.discard(one.id)
    waits = await daemon.create("true", after=(one.id,))
    await daemon.until(waits.id, State.REVIEW)


async def test_a_circle_is_refused_by_name(daemon):
    one = await daemon.done("true")
    two = await daemon.create("true", after=(one.id,))
    three = await daemon.create("true", after=(two.id,))
    with pytest.raises(InvalidParams) as refused:
        await daemon.core.queueing.set_after(two.id, [three.id])
    assert f"{two.id} after {three.id} after {two.id}" in str(refused.value)
    assert daemon.core.book.get(two.id).after == (one.id,)
    with pytest.raises(InvalidState, match="ready for review"):
        await daemon.core.queueing.set_after(one.id, [three.id])
    await daemon.core.queueing.set_after(three.id, [])
    await daemon.until(three.id, State.REVIEW)


async def test_a_circle_of_tasks_that_are_made_together_is_refused(daemon):
    request = TaskRequest(prompt="true", folder=daemon.root, agent="shell")
    with pytest.raises(InvalidParams, match="number 1 after number 2 after"):
        await daemon.core.creating.create_all(
            [request, request], kind=GroupKind.BATCH, waits=[{1}, {0}]
        )
    assert daemon.core.book.tasks() == ()


async def test_it_can_t_wait_for_what_would_not_be_in_its_target(daemon, git):
    git(daemon.root, "branch", "other")
    elsewhere = await daemon.done("true", target="other")
    with pytest.raises(InvalidParams, match="merges into other"):
        await daemon.create("true", after=(elsewhere.id,))
    one = await daemon.done("true")
    with pytest.raises(InvalidParams, match="waits for others begins from"):
        await daemon.create("true", after=(one.id,), base="HEAD~0")


async def test_the_next_daemon_knows_and_tells_what_happened_meanwhile(start):
    async with start() as daemon:
        one = await daemon.create("sleep 600")
        waits = await daemon.create("true", after=(one.id,))
    async with start() as daemon:
        assert daemon.core.book.get(waits.id).after == (one.id,)
        await daemon.core.tasks.stop(one.id)
        await daemon.core.discarding.discard(one.id)
        await daemon.until_true(
            lambda: "discarded" in daemon.core.book.get(waits.id).why
        )
