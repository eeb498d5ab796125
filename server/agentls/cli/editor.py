"""A small editor without a screen: it speaks LSP to `agentls lsp` over stdio.

The demo uses it, so that what it shows is what an editor gets. One thread reads;
everything is handled in the thread that waits.
"""

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from agentls.errors import AgentlsError, Internal, kinds
from agentls.frames import BadFrame, encode, read_frame

__all__ = ["Editor"]

_ANSWER_TIMEOUT = 30.0
_EXIT_TIMEOUT = 10.0

Message = dict[str, Any]


class Editor:
    """One connection to a language server that it starts; a context manager.

    `hear(method, params)` is called for each notification while something is
    waited for.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        hear: Callable[[str, Message], None],
    ) -> None:
        self._hear = hear
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._answers: dict[int, Message] = {}
        self._last_id = 0
        self._ended = False
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # Ctrl-C is for the demo, which ends this then
        )
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        self._to_server = self._process.stdin
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), daemon=True
        )
        self._reader.start()

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    def initialize(self, folder: Path) -> None:
        """Shake hands, with one workspace folder."""
        uri = folder.as_uri()
        self.request(
            "initialize",
            {
                "processId": None,
                "clientInfo": {"name": "agentls demo"},
                "rootUri": uri,
                "workspaceFolders": [{"uri": uri, "name": folder.name}],
                "capabilities": {},
            },
        )
        self.notify("initialized", {})

    def execute(self, command: str, params: Message) -> Message:
        """Run one of the server's commands; raise the error that it answers."""
        return self.request(
            "workspace/executeCommand", {"command": command, "arguments": [params]}
        )

    def request(self, method: str, params: Message | None) -> Any:
        """Ask, and wait for the answer."""
        self._last_id += 1
        number = self._last_id
        self._send({"id": number, "method": method, "params": params})
        self.wait(
            lambda: number in self._answers,
            within=_ANSWER_TIMEOUT,
            what=f"the answer to {method}",
        )
        answer = self._answers.pop(number)
        if error := answer.get("error"):
            raise _error(error)
        return answer.get("result")

    def notify(self, method: str, params: Message | None) -> None:
        """Tell."""
        self._send({"method": method, "params": params})

    def wait(self, done: Callable[[], bool], *, within: float, what: str) -> None:
        """Handle messages until `done`; raise when that takes too long."""
        deadline = time.monotonic() + within
        while not done():
            if self._ended:
                raise Internal(f"The language server ended while {what} was awaited.")
            try:
                message = self._messages.get(
                    timeout=max(0.0, deadline - time.monotonic())
                )
            except queue.Empty:
                raise Internal(
                    f"Nothing came of {what} within {within:.0f} s."
                ) from None
            self._handle(message)

    def close(self) -> int:
        """Leave as an editor does; give the server's exit status."""
        self.request("shutdown", None)
        self.notify("exit", None)
        try:
            return self._process.wait(_EXIT_TIMEOUT)
        except subprocess.TimeoutExpired as error:
            raise Internal("The language server doesn't end.") from error

    def kill(self) -> None:
        """End the server, if it still runs, and free what is held."""
        self._process.kill()
        self._process.wait(_EXIT_TIMEOUT)
        self._reader.join(_EXIT_TIMEOUT)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _send(self, message: Message) -> None:
        sent = {"jsonrpc": "2.0"} | message
        if sent["params"] is None:
            del sent["params"]
        try:
            self._to_server.write(encode(json.dumps(sent).encode()))
            self._to_server.flush()
        except OSError as error:
            raise Internal(f"The language server is gone: {error}.") from error

    def _handle(self, message: Message | None) -> None:
        if message is None:
            self._ended = True
        elif "method" not in message:
            self._answers[message["id"]] = message
        elif "id" in message:  # a request: this editor can do nothing special
            self._send_answer(message["id"])
        else:
            self._hear(message["method"], message.get("params") or {})

    def _send_answer(self, number: Any) -> None:
        answer = {"jsonrpc": "2.0", "id": number, "result": None}
        self._to_server.write(encode(json.dumps(answer).encode()))
        self._to_server.flush()

    def _read(self, stream: IO[bytes]) -> None:
        try:
            while (body := read_frame(stream)) is not None:
                self._messages.put(json.loads(body))
        except (BadFrame, ValueError, OSError):
            pass  # told as the end, which it is
        finally:
            self._messages.put(None)


def _error(error: Message) -> AgentlsError:
    data: Message = error.get("data") or {}
    cls = kinds().get(data.get("kind", ""), Internal)
    return cls(error.get("message", ""), hint=data.get("hint", ""))
