import asyncio
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from agentls.daemon.listener import Listener
from agentls.paths import Paths

DEADLINE = 20


@pytest.fixture
def folders(user: Any):
    user.paths.make_private()
    return user.paths


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
    while data := await reader.read(100):
        writer.write(data)


async def test_another_user_is_refused(
    folders: Paths, caplog: pytest.LogCaptureFixture
):
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        listener = Listener(
            folders, serve=echo, group=group, uid_of=lambda _: os.getuid() + 1
        )
        reader, writer = await asyncio.open_unix_connection(await listener.open())
        assert await reader.read() == b""
        assert listener.connected == 0
        writer.close()
        listener.close()
    assert f"user {os.getuid() + 1} was refused" in caplog.text


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_real_other_user_is_refused(folders: Paths):
    # The folder alone would keep it out, so it is opened for this test.
    async def run():
        async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
            listener = Listener(folders, serve=echo, group=group)
            address = await listener.open()
            child = os.fork()
            if child == 0:
                outcome = 1
                try:
                    connection = socket.socket(socket.AF_UNIX)
                    folder = os.open(Path(address).parent, os.O_PATH)
                    os.setresuid(65534, 65534, 65534)
                    connection.connect(f"/proc/self/fd/{folder}/daemon.sock")
                    outcome = 0 if connection.recv(1) == b"" else 2
                except PermissionError:
                    outcome = 3
                finally:
                    os._exit(outcome)
            done = asyncio.get_running_loop().run_in_executor(
                None, os.waitpid, child, 0
            )
            _, status = await done
            listener.close()
            return os.waitstatus_to_exitcode(status)

    address_is_closed_to_others = 3
    assert asyncio.run(run()) in {0, address_is_closed_to_others}


async def test_the_same_user_is_served_and_counted(folders: Paths):
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        listener = Listener(folders, serve=echo, group=group)
        reader, writer = await asyncio.open_unix_connection(await listener.open())
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        assert listener.connected == 1
        writer.close()
        listener.close()
        listener.close_connections()
    assert listener.connected == 0


async def test_binding_again_keeps_connections_and_takes_new_ones(folders: Paths):
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        listener = Listener(folders, serve=echo, group=group)
        first = await listener.open()
        old_reader, old_writer = await asyncio.open_unix_connection(first)
        old_writer.write(b"a")
        assert await old_reader.readexactly(1) == b"a"
        assert listener.reachable
        Path(first).unlink()
        assert not listener.reachable
        second = await listener.open()
        assert listener.reachable
        reader, writer = await asyncio.open_unix_connection(second)
        for where in ((old_reader, old_writer), (reader, writer)):
            where[1].write(b"b")
            assert await where[0].readexactly(1) == b"b"
            where[1].close()
        listener.close()
        assert not listener.reachable
        listener.close_connections()


async def test_a_socket_that_is_somebody_elses_is_left_at_the_end(folders: Paths):
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        listener = Listener(folders, serve=echo, group=group)
        address = await listener.open()
        Path(address).unlink()
        with socket.socket(socket.AF_UNIX) as successor:
            successor.bind(address)
            listener.close()
            assert Path(address).exists()
