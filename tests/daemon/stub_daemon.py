"""A daemon whose core and connections are stand-ins: tests run it as a process.

It takes the arguments of `agentls daemon run`. Each connection speaks LSP: it
keeps the open documents, and has commands that show what it holds or that
misbehave on purpose.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import attrs

from agentls.daemon import instance, main
from agentls.errors import StorageFull
from agentls.frames import encode, read_frame_async
from agentls.paths import Paths


@attrs.define(kw_only=True)
class StubCore:
    idle: bool = True
    idle_exit: float = 600.0
    connections: int = 0


@contextlib.asynccontextmanager
async def open_stub_core(paths: Paths) -> AsyncGenerator[StubCore]:
    if os.environ.get("AGENTLS_STUB_FAILS"):
        raise StorageFull("The disk is full.", hint="Make room.")
    yield StubCore(idle=not os.environ.get("AGENTLS_STUB_BUSY"))
    if seconds := os.environ.get("AGENTLS_STUB_CLOSES_IN"):
        await asyncio.sleep(float(seconds))
    paths.state.joinpath("core-closed").touch()


class Connection:
    def __init__(self, writer: asyncio.StreamWriter, core: StubCore) -> None:
        self.writer = writer
        self.core = core
        self.initialize: Any = None
        self.initialized = False
        self.documents: dict[str, Any] = {}
        self.history: list[str] = []
        self.answers: list[Any] = []

    def send(self, **message: Any) -> None:
        # In the order of keys that pygls writes: the bridge looks at the end.
        body = {**message, "jsonrpc": "2.0"}
        self.writer.write(encode(json.dumps(body).encode()))

    def handle(self, message: Any) -> bool:  # noqa: C901 - one case a method
        method, params = message.get("method"), message.get("params")
        if method is None:
            self.answers.append(message)
            return True
        self.history.append(method)
        match method:
            case "initialize":
                self.initialize = params
                self.send(id=message["id"], result={"serverInfo": {"pid": os.getpid()}})
            case "initialized":
                self.initialized = True
            case "textDocument/didOpen":
                document = params["textDocument"]
                self.documents[document["uri"]] = document
            case "textDocument/didChange":
                document = self.documents[params["textDocument"]["uri"]]
                document["version"] = params["textDocument"]["version"]
                document["text"] = params["contentChanges"][-1]["text"]
            case "textDocument/didClose":
                del self.documents[params["textDocument"]["uri"]]
            case "shutdown":
                self.send(id=message["id"], result=None)
            case "exit":
                return False
            case "workspace/executeCommand":
                self.execute(message["id"], params)
            case _ if "id" in message:
                error = {"code": -32601, "message": f"no {method}"}
                self.send(id=message["id"], error=error)
            case _:
                pass
        return True

    def execute(self, request: Any, params: Any) -> None:  # noqa: C901, PLR0912 - one case a command
        argument = (params.get("arguments") or [{}])[0]
        match params["command"]:
            case "stub.state":
                result = {
                    "pid": os.getpid(),
                    "initialize": self.initialize,
                    "initialized": self.initialized,
                    "documents": self.documents,
                    "history": self.history,
                    "answers": self.answers,
                    "environ": dict(os.environ),
                    "cwd": str(Path.cwd()),
                    "sid": os.getsid(0),
                }
                self.send(id=request, result=result)
            case "stub.echo":
                self.send(id=request, result=argument)
            case "stub.hang":
                token = params.get("workDoneToken")
                if token is not None:
                    value = {"kind": "begin", "title": "hanging"}
                    progress = {"token": token, "value": value}
                    self.send(params=progress, method="$/progress")
            case "stub.ask":
                self.send(
                    id=argument["id"], params={}, method="window/showMessageRequest"
                )
                self.send(id=request, result=None)
            case "stub.flood":
                for number in range(argument["count"]):
                    params = {"n": number, "text": argument["text"]}
                    self.send(params=params, method="agentls/output")
                self.send(id=request, result=argument["count"])
            case "stub.progress":
                for kind in ("begin", "end"):
                    value = {"kind": kind, "title": "t"}
                    progress = {"token": params["workDoneToken"], "value": value}
                    self.send(params=progress, method="$/progress")
                self.send(id=request, result=None)
            case "stub.die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "stub.fail":
                data = {"kind": argument["kind"], "hint": "do this"}
                error = {"code": -32803, "message": "it failed", "data": data}
                self.send(id=request, error=error)
            case "stub.bug":
                raise RuntimeError("on purpose")
            case command:
                error = {"code": -32602, "message": f"no command {command}"}
                self.send(id=request, error=error)


async def serve_stub(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, core: StubCore
) -> None:
    connection = Connection(writer, core)
    while (body := await read_frame_async(reader)) is not None:
        if not connection.handle(json.loads(body)):
            break
        await writer.drain()


if __name__ == "__main__":
    if version := os.environ.get("AGENTLS_STUB_VERSION"):
        instance.__version__ = version
    if seconds := os.environ.get("AGENTLS_STUB_SAFE_POINT"):
        timing = main.Timing(safe_point=float(seconds))
        main.Timing.from_environ = lambda _: timing
    sys.exit(main.main(sys.argv[1:], open_core=open_stub_core, serve=serve_stub))
