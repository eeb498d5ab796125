"""A small blocking client of the daemon, for the command line and the hook.

It speaks the same protocol as an editor. One thread, no queue: messages are read
while somebody waits for one. Standard library only.
"""

import contextlib
import json
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self, cast

from agentls import __version__
from agentls.connect import CONNECT_SECONDS, NoDaemon, Starter, connect, find
from agentls.errors import AgentlsError, DaemonRestarted, Internal, kinds
from agentls.frames import FrameSplitter, encode
from agentls.paths import Paths
from agentls.spawn import start_daemon

__all__ = [
    "CLIENT_ENVIRONMENT",
    "Client",
    "Notification",
    "client_environment",
    "delegate_of",
]

CLIENT_ENVIRONMENT = ("SSH_AUTH_SOCK", "DISPLAY", "WAYLAND_DISPLAY", "LANG")
"""What agents get of the asking client's environment."""

_ANSWER_SECONDS = 60.0
_PIECE = 256 << 10
_METHOD_NOT_FOUND = -32601
_GREETINGS = 3
"""A daemon may end between accepting us and answering; then the next is asked."""

Answers = Mapping[str, Callable[[Any], Any]]
"""For each method that the server may ask: what to answer to its parameters."""


class Notification(NamedTuple):
    """What the server says unasked."""

    method: str
    params: Any


def client_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Pick what agents need of a client's environment."""
    return {name: environ[name] for name in CLIENT_ENVIRONMENT if name in environ}


def delegate_of(environ: Mapping[str, str]) -> dict[str, str] | None:
    """Say which agent's session a process runs in; None for a person's."""
    session = environ.get("AGENTLS_SESSION")
    return {"session": session} if session else None


class Client:
    """One connection, initialized; a context that closes it at its end."""

    def __init__(self, connection: socket.socket, *, answers: Answers) -> None:
        self._socket = connection
        self._answers = answers
        self._splitter = FrameSplitter()
        self._messages: deque[dict[str, Any]] = deque()
        self._notifications: deque[Notification] = deque()
        self._last_id = 0

    @classmethod
    def open(
        cls,
        paths: Paths,
        *,
        start: bool = True,
        environ: Mapping[str, str] = os.environ,
        seconds: float = CONNECT_SECONDS,
        answers: Answers | None = None,
        starter: Starter = start_daemon,
        delegate: Mapping[str, str] | None = None,
    ) -> Self:
        """Connect and initialize; start a daemon if none runs, unless not `start`.

        `delegate` says which agent asks, as `delegate_of` does for what runs in a
        session; without one it is a person.

        Raises `NoDaemon` when there is none, another `AgentlsError` when it can't
        be started.
        """
        end = time.monotonic() + seconds
        for attempt in range(1, _GREETINGS + 1):
            left = max(0.1, end - time.monotonic())
            if start:
                connection = connect(
                    paths, seconds=left, environ=environ, starter=starter
                )
            elif (found := find(paths)) is None:
                raise NoDaemon(
                    "No agentls daemon runs.", hint="Any `agentls` command starts one."
                )
            else:
                connection = found
            client = cls(connection, answers=answers or {})
            try:
                client._greet(
                    environ,
                    delegate=delegate_of(environ) if delegate is None else delegate,
                    seconds=left,
                )
            except DaemonRestarted:
                client.close()
                if attempt == _GREETINGS:
                    raise
            except BaseException:
                client.close()
                raise
            else:
                return client
        raise AssertionError  # the last attempt returns or raises

    def execute(
        self,
        command: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        seconds: float = _ANSWER_SECONDS,
        progress: Callable[[str], None] | None = None,
    ) -> Any:
        """Run a command of the server and give its result.

        `progress` is called with each message about how far it is. Raises the
        error that the server answered; see `request` for the others.
        """
        params: dict[str, Any] = {"command": command}
        if arguments is not None:
            params["arguments"] = [dict(arguments)]
        if progress is not None:
            params["workDoneToken"] = f"work-{self._last_id + 1}"
        return self.request(
            "workspace/executeCommand", params, seconds=seconds, progress=progress
        )

    def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        seconds: float = _ANSWER_SECONDS,
        progress: Callable[[str], None] | None = None,
    ) -> Any:
        """Send a request and give the result of its answer.

        Raises the server's error as its class; `DaemonRestarted` when the daemon
        ended before it answered; `Internal` when it doesn't answer in time. When
        interrupted (Ctrl-C) the request is cancelled.
        """
        end = time.monotonic() + seconds
        self._last_id += 1
        request = self._last_id
        token = params.get("workDoneToken") if params else None
        self._send({"id": request, "method": method, "params": params}, until=end)
        try:
            while (message := self._receive(until=end)) is not None:
                if "method" not in message and message.get("id") == request:
                    return _result(message)
                self._attend(message, token=token, progress=progress)
        except KeyboardInterrupt:
            self._cancel(request)
            raise
        raise Internal(
            f"The daemon didn't answer {method} within {seconds:g} seconds; it may"
            " still be at it.",
            hint="`agentls daemon logs` shows what it does.",
        )

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self._send(
            {"method": method, "params": params},
            until=time.monotonic() + _ANSWER_SECONDS,
        )

    def notifications(self, *, seconds: float | None = None) -> Iterator[Notification]:
        """Give what the server says, those of earlier waits first.

        Ends when nothing comes for `seconds` (never, if None). Raises
        `DaemonRestarted` when the daemon ends.
        """
        while True:
            while self._notifications:
                yield self._notifications.popleft()
            until = None if seconds is None else time.monotonic() + seconds
            message = self._receive(until=until)
            if message is None:
                return
            self._attend(message)

    def fileno(self) -> int:
        """Give the socket's descriptor, for `select`; messages may also wait here."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the connection; what it asked for goes on in the daemon."""
        self._socket.close()

    def __enter__(self) -> Self:
        """Give this client."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _greet(
        self,
        environ: Mapping[str, str],
        *,
        delegate: Mapping[str, str] | None,
        seconds: float,
    ) -> None:
        options: dict[str, Any] = {"environment": client_environment(environ)}
        if delegate is not None:
            options["delegate"] = dict(delegate)
        params = {
            "processId": os.getpid(),
            "clientInfo": {"name": "agentls cli", "version": __version__},
            "rootUri": None,
            "capabilities": {"window": {"workDoneProgress": True}},
            "initializationOptions": options,
        }
        self.request("initialize", params, seconds=seconds)
        self.notify("initialized", {})

    def _attend(
        self,
        message: dict[str, Any],
        *,
        token: Any = None,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        """Deal with a message that isn't the answer that is waited for."""
        method: Any = message.get("method")
        params: Any = message.get("params")
        if method is None:
            return  # a late answer to a request that timed out
        if "id" in message:
            self._answer(message["id"], str(method), params)
        elif method == "$/progress" and token is not None and params["token"] == token:
            text = params["value"].get("message") or params["value"].get("title")
            if progress and text:
                progress(text)
        else:
            self._notifications.append(Notification(str(method), params))

    def _answer(self, request: Any, method: str, params: Any) -> None:
        end = time.monotonic() + _ANSWER_SECONDS
        if (answer := self._answers.get(method)) is not None:
            self._send({"id": request, "result": answer(params)}, until=end)
            return
        error = {
            "code": _METHOD_NOT_FOUND,
            "message": f"The agentls command line doesn't know {method}.",
        }
        self._send({"id": request, "error": error}, until=end)

    def _cancel(self, request: int) -> None:
        with contextlib.suppress(AgentlsError):  # gone, and the request with it
            self._send(
                {"method": "$/cancelRequest", "params": {"id": request}},
                until=time.monotonic() + 1,
            )

    def _send(self, message: dict[str, Any], *, until: float) -> None:
        body = json.dumps({"jsonrpc": "2.0", **_without_null_params(message)}).encode()
        self._socket.settimeout(max(0.1, until - time.monotonic()))
        try:
            self._socket.sendall(encode(body))
        except TimeoutError as error:
            raise Internal(
                "The daemon takes no more messages.",
                hint="See `agentls daemon logs`; `agentls daemon stop --force` ends"
                " it and harms no agent.",
            ) from error
        except OSError as error:
            raise _gone() from error

    def _receive(self, *, until: float | None) -> dict[str, Any] | None:
        """Give the next message, None when none comes in time."""
        while not self._messages:
            # With no time left too: a process that was stopped must see what came.
            left = None if until is None else max(0.0, until - time.monotonic())
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(_PIECE)
            except (TimeoutError, BlockingIOError):
                return None
            except OSError as error:
                raise _gone() from error
            if not data:
                raise _gone()
            for frame in self._splitter.feed(data):
                self._messages.append(_parse(frame.body))
        return self._messages.popleft()


def _parse(body: bytes) -> dict[str, Any]:
    try:
        message: Any = json.loads(body)
    except ValueError as error:
        raise Internal(f"The daemon sent what isn't JSON: {error}.") from error
    if not isinstance(message, dict):
        raise Internal("The daemon sent a message that is no JSON object.")
    return cast("dict[str, Any]", message)


def _result(message: dict[str, Any]) -> Any:
    error: Any = message.get("error")
    if error is None:
        return message.get("result")
    data: Any = error.get("data")
    known = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
    raised = kinds().get(str(known.get("kind")), Internal)
    raise raised(str(error.get("message", error)), hint=str(known.get("hint", "")))


def _without_null_params(message: dict[str, Any]) -> dict[str, Any]:
    """JSON-RPC knows absent params and structured ones, but no null."""
    return {
        key: value
        for key, value in message.items()
        if key != "params" or value is not None
    }


def _gone() -> DaemonRestarted:
    return DaemonRestarted(
        "The daemon ended before it answered; whether it did what was asked isn't"
        " known.",
        hint="Look with `agentls ls` and ask again if needed; `agentls daemon logs`"
        " says why it ended.",
    )
