"""What tasks use of the machine, and the order of the queue."""

import asyncio
import sys

from agentls.model import State

_HOG = (
    f"setsid {sys.executable} -c '"
    'import time; held = bytearray(64 << 20); print("held", flush=1); time.sleep(600)'
    "' & env -i sleep 600 & echo begun; read _"
)


async def test_all_processes_that_began_in_a_session_count_wherever_they_went(
    daemon, monkeypatch
):
    monkeypatch.setattr("agentls.sessions.load._FRESH", 0.0)
    small = await daemon.create("echo 12345; read _")
    large = await daemon.create(_HOG)
    await daemon.until(large.id, State.WORKING)
    for task, output in ((large, "begun\r\nheld\r\n"), (small, "12345\r\n")):
        session = daemon.core.book.sessions(task.id)[-1].id
        watched, size = await daemon.core.sessions.watch(session), 0
        async with asyncio.timeout(30):
            while size < len(output):
                size = await watched.grown(size)
    found = await daemon.core.load.look()
    load = {daemon.core.book.session(one.session).task: one for one in found.sessions}
    # The shell; and beside it one that left its terminal, one without its environment.
    assert (load[small.id].processes, load[large.id].processes) == (1, 3)
    assert load[small.id].memory < 32 << 20
    assert 64 << 20 < load[large.id].memory < 200 << 20
    assert load[small.id].output == len("12345\r\n")
    await daemon.core.tasks.stop(large.id)
    await daemon.core.tasks.stop(small.id)


async def test_who_asks_at_the_same_moment_gets_the_same_look(daemon, monkeypatch):
    monkeypatch.setattr("agentls.sessions.load._FRESH", 60.0)
    first, second = await asyncio.gather(
        daemon.core.load.look(), daemon.core.load.look()
    )
    assert first is second


async def test_the_queue_is_told_in_the_order_in_which_it_begins(daemon):
    await daemon.core.queueing.pause()
    first, second, third = [await daemon.create() for _ in range(3)]
    after = await daemon.create(after=(first.id,))
    await daemon.core.queueing.set_priority(third.id, 5)
    assert daemon.core.queueing.order() == (third.id, first.id, second.id, after.id)
