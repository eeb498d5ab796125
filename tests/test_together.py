"""Two pieces of work at once: both end, and errors come as they are."""

import asyncio

import pytest

from agentls.together import together


async def _give(value: str) -> str:
    return value


async def _fail(why: str) -> str:
    raise ValueError(why)


async def test_both_results_are_given_in_their_order():
    assert await together(_give("a"), _give("b")) == ("a", "b")


async def test_the_first_error_is_raised_as_it_is_when_both_are_over():
    gate, ended = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        await gate.wait()
        ended.set()

    with pytest.raises(ValueError, match="one"):
        await together(_fail("one"), _fail("other"))
    asyncio.get_running_loop().call_soon(gate.set)
    with pytest.raises(ValueError, match="other"):
        await together(slow(), _fail("other"))
    assert ended.is_set()


async def test_a_cancellation_ends_both():
    begun, ended = asyncio.Event(), []

    async def work(name: str) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(together(work("one"), work("other")))
        await begun.wait()
        task.cancel()
    assert sorted(ended) == ["one", "other"]
