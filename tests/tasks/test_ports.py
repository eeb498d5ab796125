"""Ports that a task has to itself as long as it lives."""

import os
import re
import socket
from collections.abc import Callable, Iterator

import pytest

from agentls.errors import InvalidState
from agentls.model import Ports, State
from agentls.tasks.starting import silent

SHOW = "echo $AGENTLS_PORT_BASE $AGENTLS_PORTS > ports"


@pytest.fixture
def base() -> int:
    """Give a port from which on 200 are this process's: looking takes them too."""
    return 21000 + os.getpid() % 40 * 200


@pytest.fixture
def configure(paths) -> Callable[[str], None]:
    def write(text: str) -> None:
        paths.config.mkdir(exist_ok=True)
        paths.user_config.write_text(text)

    return write


@pytest.fixture(params=["127.0.0.1", "::1", "::"])
def busy(request) -> Iterator[Callable[[int], None]]:
    """Listen on ports at some address."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    opened: list[socket.socket] = []

    def listen(port: int) -> None:
        made = socket.socket(family, socket.SOCK_STREAM)
        opened.append(made)
        try:
            made.bind((request.param, port))
        except OSError as error:
            pytest.skip(f"{request.param}: {error}")
        made.listen()

    yield listen
    for one in opened:
        one.close()


async def test_each_task_is_told_its_own_ports(daemon):
    one, other = await daemon.done(SHOW), await daemon.done(SHOW)
    assert one.ports
    assert other.ports
    assert one.ports.count == other.ports.count == 10
    assert not one.ports.meets(other.ports)
    told = (one.worktree / "ports").read_text().split()
    assert told == [str(one.ports.first), *map(str, one.ports.numbers())]


async def test_what_somebody_listens_on_is_passed_over(start, configure, base, busy):
    configure(f'[ports]\nrange = "{base}-{base + 99}"\neach = 50\n')
    busy(base + 60)  # the block that the first task's number leads to
    async with start() as daemon:
        task = await daemon.done(SHOW)
    assert task.ports == Ports(first=base, count=50)


async def test_a_block_is_kept_by_the_next_daemon(start):
    async with start() as daemon:
        before = await daemon.done(SHOW)
    async with start() as daemon:
        assert daemon.core.book.get(before.id).ports == before.ports
        other = await daemon.done(SHOW)
    assert other.ports
    assert before.ports
    assert not other.ports.meets(before.ports)


async def test_a_merge_frees_them_and_where_none_is_left_it_is_said(
    start, configure, base
):
    configure(f'[ports]\nrange = "{base}-{base + 99}"\neach = 100\n')
    async with start() as daemon:
        first = await daemon.done("echo 1 > one")
        second = await daemon.create()
        failed = await daemon.until(second.id, State.FAILED)
        assert re.search(r"No 100 ports in a row are free", failed.why)
        assert "Merge or discard what is done" in failed.why
        await daemon.merge(first)
        retried = await daemon.core.tasks.retry(second.id, progress=silent)
        retried = await daemon.until(retried.id, State.REVIEW)
        assert retried.ports == first.ports


async def test_a_restored_task_has_its_ports_again(daemon):
    task = await daemon.done()
    await daemon.core.discarding.discard(task.id)
    restored = await daemon.core.discarding.restore(task.id)
    assert (restored.ports, restored.why) == (task.ports, "Restored.")


async def test_a_restored_task_whose_ports_are_taken_says_which_it_has(
    start, configure, base
):
    configure(f'[ports]\nrange = "{base}-{base + 199}"\neach = 100\n')
    async with start() as daemon:
        one, other = await daemon.done(), await daemon.done()
        await daemon.core.discarding.discard(one.id)
        third = await daemon.done()
        assert third.ports == one.ports
        await daemon.core.discarding.discard(other.id)
        restored = await daemon.core.discarding.restore(one.id)
        assert restored.ports == other.ports
        assert f"its own are {other.ports.first}-{other.ports.last} now" in restored.why


async def test_an_undone_merge_shares_no_ports_with_who_got_them(
    start, configure, base
):
    configure(f'[ports]\nrange = "{base}-{base + 99}"\neach = 100\n')
    async with start() as daemon:
        one = await daemon.done("echo 1 > one")
        await daemon.merge(one)
        other = await daemon.done()
        assert other.ports == one.ports
        await daemon.core.undoing.undo(one.id, progress=silent)
        assert daemon.core.book.get(one.id).ports is None
        with pytest.raises(InvalidState, match="No 100 ports"):
            await daemon.core.tasks.send_prompt(one.id, "true")
