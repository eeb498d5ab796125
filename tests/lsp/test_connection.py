"""The rules of a connection, over real streams, with a core that does little."""

import asyncio
import gc
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agentls.assembly import open_core
from agentls.frames import encode, read_frame_async
from agentls.lsp.connection import serve
from agentls.lsp.server import Server
from agentls.model import TaskId
from agentls.paths import Paths
from agentls.tasks.book import Removed


class Peer:
    """The client's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.reader = reader
        self.writer = writer

    def send(self, **message: Any) -> None:
        self.raw(json.dumps({"jsonrpc": "2.0"} | message).encode())

    def raw(self, body: bytes) -> None:
        self.writer.write(encode(body))

    async def receive(self) -> Any:
        async with asyncio.timeout(10):
            body = await read_frame_async(self.reader)
        return None if body is None else json.loads(body)

    async def ask(self, method: str, params: Any = None, *, request_id: int = 1) -> Any:
        self.send(id=request_id, method=method, params=params)
        while True:
            answer = await self.receive()
            if answer is None or answer.get("id") == request_id:
                return answer

    async def initialize(self) -> Any:
        answer = await self.ask(
            "initialize",
            {"processId": None, "rootUri": None, "capabilities": {}},
            request_id=0,
        )
        self.send(method="initialized", params={})
        return answer["result"]


@pytest.fixture
async def connect(tmp_path: Path) -> AsyncGenerator[Any]:
    """Open connections to one core, each served as the daemon does."""
    paths = Paths(
        state=tmp_path / "state",
        data=tmp_path / "data",
        config=tmp_path / "config",
        runtime=(tmp_path / "run",),
    )
    address = str(tmp_path / "s")

    @asynccontextmanager
    async def serving() -> AsyncGenerator[Any]:
        async with open_core(paths) as core:

            async def one(reader, writer):
                await serve(reader, writer, core=core)

            async with await asyncio.start_unix_server(one, address):
                yield core

    peers: list[Peer] = []

    async def open_one() -> Peer:
        peers.append(Peer(*await asyncio.open_unix_connection(address)))
        return peers[-1]

    async with serving() as core:
        open_one.core = core
        yield open_one
        for peer in peers:
            peer.writer.close()
            await peer.writer.wait_closed()


async def test_capabilities_name_every_command_and_our_documents(connect):
    peer = await connect()
    capabilities = (await peer.initialize())["capabilities"]
    assert "agentls.createTask" in capabilities["executeCommandProvider"]["commands"]
    assert capabilities["workspace"]["textDocumentContent"] == {"schemes": ["agentls"]}
    assert capabilities["textDocumentSync"]["change"] == 1  # full: see bridge.py


async def test_what_cannot_be_read_is_answered_and_the_connection_goes_on(connect):
    peer = await connect()
    peer.raw(b"{")
    assert (await peer.receive())["error"]["code"] == -32700
    peer.raw(b"[]")
    assert (await peer.receive())["error"]["code"] == -32600
    answer = await peer.ask("initialize", {"capabilities": 5})
    assert answer["error"]["code"] in {-32602, -32603}
    answer = await peer.ask("no/such/method", {})
    assert answer["error"]["code"] == -32601
    await peer.initialize()


async def test_who_has_not_said_who_it_is_is_done_nothing_for(connect):
    peer = await connect()
    ask = {"command": "agentls.listTasks"}
    answer = await peer.ask("workspace/executeCommand", ask)
    assert answer["error"]["code"] == -32002
    await peer.initialize()
    answer = await peer.ask("workspace/executeCommand", ask)
    assert answer["result"]["tasks"] == []


async def test_lower_case_headers_and_user_data_with_a_key_jsonrpc(connect):
    peer = await connect()
    await peer.initialize()
    body = json.dumps(
        {
            "jsonrpc": "2.0",
            "id": 7,
            "method": "workspace/executeCommand",
            "params": {"command": "agentls.getTask", "arguments": [{"jsonrpc": "x"}]},
        }
    ).encode()
    peer.writer.write(b"content-length: %d\r\n\r\n%b" % (len(body), body))
    answer = await peer.receive()
    assert answer["id"] == 7
    assert answer["error"]["data"]["kind"] == "invalidParams"


async def test_exit_closes_this_connection_alone(connect):
    one, two = await connect(), await connect()
    await one.initialize()
    await two.initialize()
    assert (await one.ask("shutdown"))["result"] is None
    answer = await one.ask("workspace/executeCommand", {"command": "agentls.listTasks"})
    assert answer["error"]["code"] == -32600
    one.send(method="exit")
    assert await one.receive() is None
    answer = await two.ask("workspace/executeCommand", {"command": "agentls.listTasks"})
    assert answer["result"]["tasks"] == []


async def test_a_stream_that_is_no_lsp_is_closed(connect):
    peer = await connect()
    peer.writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert await peer.reader.read() == b""


async def test_a_refusal_has_kind_and_hint(connect):
    peer = await connect()
    await peer.initialize()
    answer = await peer.ask(
        "workspace/executeCommand",
        {"command": "agentls.getTask", "arguments": [{"task": "zzzz"}]},
    )
    assert answer["error"]["code"] == -32803
    assert answer["error"]["data"]["kind"] == "unknownTask"
    assert answer["error"]["data"]["hint"]


async def test_a_notification_that_is_wrong_is_ignored(connect):
    peer = await connect()
    await peer.initialize()
    peer.send(method="agentls/input", params={"session": 5})
    peer.send(method="agentls/ack", params=None)
    peer.send(method="agentls/resize", params={"session": "x", "rows": 1, "cols": 1})
    peer.send(method="agentls/nothing", params={})
    answer = await peer.ask(
        "workspace/executeCommand", {"command": "agentls.listTasks"}
    )
    assert answer["result"]["rev"] == 0


async def test_a_hooks_poke_needs_no_initialize(connect):
    peer = await connect()
    peer.send(method="agentls/hookEvent", params={"session": "b2c3-1"})
    assert (await peer.initialize())["serverInfo"]["name"] == "agentls"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"id":1,"method":"x","params":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"id":[1],"method":"shutdown"}',
        b'{"id":{},"method":"workspace/executeCommand","params":{}}',
        b'{"id":1,"method":5}',
    ],
)
async def test_what_is_odd_is_refused_and_the_connection_goes_on(connect, body):
    peer = await connect()
    await peer.initialize()
    peer.raw(body)
    assert "error" in await peer.receive()
    answer = await peer.ask(
        "workspace/executeCommand", {"command": "agentls.listTasks"}, request_id=2
    )
    assert answer["result"]["tasks"] == []


@pytest.mark.parametrize(
    "uri",
    [
        "agentls://[",
        "agentls:/\ud800/base/x",
        "agentls:/zz/base/a%00b",
        "agentls:/../../base/x",
        "agentls:/zz/base",
        "agentls:",
        "file:///etc/passwd",
    ],
)
async def test_a_hostile_document_is_refused(connect, uri):
    peer = await connect()
    await peer.initialize()
    answer = await peer.ask("workspace/textDocumentContent", {"uri": uri})
    assert answer["error"]["data"]["kind"] == "invalidParams"


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("/tmp/\ud800", "invalidParams"),
        ("file://[", "invalidParams"),
        ("file://host/x", "invalidParams"),
        ("file:///" + "x" * 5000, "notARepository"),
        ("/x" * 5000, "notARepository"),
        ("file:///no/such/%ff", "notARepository"),
    ],
)
async def test_a_hostile_uri_is_refused(connect, uri, kind):
    peer = await connect()
    await peer.initialize()
    answer = await peer.ask(
        "workspace/executeCommand",
        {"command": "agentls.listTasks", "arguments": [{"uri": uri}]},
    )
    assert answer["error"]["data"]["kind"] == kind


async def test_a_closed_connection_is_let_go(connect):
    def servers() -> int:
        gc.collect()
        return sum(isinstance(one, Server) for one in gc.get_objects())

    before = servers()
    for _ in range(5):
        peer = await connect()
        await peer.initialize()
        await peer.ask("workspace/executeCommand", {"command": "agentls.listTasks"})
        peer.send(method="agentls/input", params={"session": "none", "text": "x"})
        peer.send(method="exit")
        assert await peer.receive() is None
        peer.writer.close()
    async with asyncio.timeout(10):
        while servers() > before:  # noqa: ASYNC110 - nothing tells of a collection
            await asyncio.sleep(0.01)


async def test_nothing_is_sent_before_the_client_was_greeted(connect):
    early, other = await connect(), await connect()
    await other.initialize()
    connect.core.book._tell(Removed(task=TaskId("b2c3"), rev=7))
    assert (await other.receive())["method"] == "agentls/taskRemoved"
    early.send(
        id=0,
        method="initialize",
        params={"processId": None, "rootUri": None, "capabilities": {}},
    )
    assert (await early.receive())["id"] == 0
