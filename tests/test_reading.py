import asyncio
import socket

from agentls.reading import read_small


async def test_no_more_than_64_kb_is_read_at_a_time():
    here, there = socket.socketpair()
    got: list[int] = []
    over = asyncio.Event()

    class Counting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            read_small(transport)

        def data_received(self, data: bytes) -> None:
            got.append(len(data))

        def connection_lost(self, _error: Exception | None) -> None:
            over.set()

    there.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    there.sendall(bytes(100_000))
    there.close()
    await asyncio.get_running_loop().connect_accepted_socket(Counting, here)
    async with asyncio.timeout(10):
        await over.wait()
    assert sum(got) == 100_000
    assert max(got) <= 64 << 10


def test_a_loop_that_does_not_tell_is_left_alone():
    transport = asyncio.BaseTransport()
    read_small(transport)
    assert not hasattr(transport, "max_size")
