"""One client's connection: a pygls server over one stream, sharing the core.

pygls does the protocol. What a daemon that serves many clients needs otherwise
stands here: our own reading loop, an `exit` that closes only this connection,
requests that belong to the core and not to the connection, cancelling that
really cancels, and errors told as `{kind, hint}`. It uses a few private names
of pygls 2.1; tests/lsp/test_pygls_names.py holds them.
"""

import asyncio
import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast

import attrs
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcServerNotInitialized
from pygls.protocol import LanguageServerProtocol, lsp_method

from agentls.core import Core
from agentls.errors import AgentlsError, InvalidParams
from agentls.frames import BadFrame, read_frame_async
from agentls.lsp import commands, documents, hints, lenses, odd_bytes, wire
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.tasks import ListTasksResult
from agentls.lsp.registry import COMMANDS, FROM_CLIENT, Notification
from agentls.lsp.server import Server

__all__ = ["serve"]

_LOG = logging.getLogger(__name__)

_ERROR_CODE = types.LSPErrorCodes.RequestFailed  # -32803: refused, not broken


async def serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, core: Core
) -> None:
    """Serve one client until it exits or its stream ends."""
    server = Server(core, writer, protocol_cls=_Protocol)
    _register(server)
    hinting = hints.register(server)
    with (
        core.book.listening(server.hear),
        core.forecasting.listening(server.hear_forecast),
        core.forecasting.listening(hinting.hear),
    ):
        try:
            while not server.exiting:
                body = await read_frame_async(reader)
                if body is None:
                    break
                cast("_Protocol", server.protocol).receive(body)
        except (BadFrame, ConnectionError) as error:
            _LOG.info("a client's stream broke: %s", error)
        finally:
            hinting.close()
            await server.close()


def _register(server: Server) -> None:
    for name, command in COMMANDS.items():
        server.protocol.fm.commands[name] = command.handler
    for method, known in FROM_CLIENT.items():
        handler = known.handler
        assert handler is not None  # noqa: S101 - the registry sets it for these

        async def handle(params: Any, handler: Any = handler) -> None:
            rest = handler(server, params)
            if rest is not None:
                await rest

        server.protocol.fm.features[method] = handle
    documents.register(server)
    lenses.register(server)


@attrs.frozen(kw_only=True)
class _Outcome:
    """What a handler came to; the task that ran it never fails its group."""

    result: Any = None
    error: Exception | None = None


class _Protocol(LanguageServerProtocol):
    """pygls' protocol, with the daemon's rules."""

    _server: Server  # pyright: ignore[reportIncompatibleVariableOverride] - narrower

    def receive(self, body: bytes) -> None:
        """Handle one message; answer even those that can't be read."""
        try:
            data: Any = self._read(body)
        except (ValueError, RecursionError) as error:  # broken, or nested too deep
            self._refuse(None, types.ErrorCodes.ParseError, f"Not JSON: {error}.")
            return
        if not isinstance(data, dict):
            self._refuse(None, types.ErrorCodes.InvalidRequest, "Not a JSON object.")
            return
        message = cast("dict[str, Any]", data)
        request_id = message.get("id") if "method" in message else None
        if not isinstance(request_id, int | str | None):
            self._refuse(None, types.ErrorCodes.InvalidRequest, "An odd id.")
            return
        if request_id is not None and self._shutdown:
            self._refuse(
                request_id, types.ErrorCodes.InvalidRequest, "The client has shut down."
            )
            return
        try:
            method = message.get("method")
            known = FROM_CLIENT.get(method) if isinstance(method, str) else None
            if known and request_id is None:
                self._hear(known, message.get("params"))
                return
            structured: Any = self.structure_message({"jsonrpc": "2.0"} | message)
            self.handle_message(structured)
        except RecursionError:
            self._refuse(
                request_id, types.ErrorCodes.InvalidRequest, "It is nested too deep."
            )
        except JsonRpcException as error:
            if request_id is not None:
                self._send_response(request_id, error=error.to_response_error())
        except InvalidParams as error:
            _LOG.info("a notification was ignored: %s", error)

    def _read(self, body: bytes) -> Any:
        data: Any = json.loads(body)
        return odd_bytes.restored(data) if self._server.odd_bytes_private else data

    def _serialize_message(self, data: Any) -> Any:
        shown: Any = super()._serialize_message(data)
        return odd_bytes.readable(shown) if self._server.odd_bytes_private else shown

    def _hear(self, known: Notification, params: Any) -> None:
        """Handle one of our own notifications at once: keys come this way."""
        if self._shutdown:
            return
        value = wire.structure(params, known.params, what=known.method)
        assert known.handler is not None  # noqa: S101 - the registry sets it for these
        try:
            rest = known.handler(self._server, value)
        except Exception as error:  # noqa: BLE001 - the edge: the connection goes on
            _log_error(error)
        else:
            if rest is not None:
                self._server.core.spawn(_heard(rest), name=known.method)

    def _refuse(self, request_id: Any, code: int, message: str) -> None:
        error = types.ResponseError(code=code, message=message)
        self._send_data(types.ResponseErrorMessage(id=request_id, error=error))

    # pygls' lru_cache on these two would hold closed connections.
    def get_message_type(self, method: str) -> type[Any] | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return wire.message_type(method)

    def get_result_type(self, method: str) -> type[Any] | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return wire.result_type(method)

    def _execute_handler(
        self,
        msg_id: Any,
        handler: Callable[..., Any],
        callback: Callable[[Any], None],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Run coroutines in the core's group: closing an editor cancels none."""
        if not inspect.iscoroutinefunction(handler):
            super()._execute_handler(msg_id, handler, callback, args, kwargs)
            return
        task = self._server.core.spawn(
            _outcome(handler(*(args or ()), **(kwargs or {}))), name=f"request {msg_id}"
        )
        self._request_futures[msg_id] = task  # pyright: ignore[reportArgumentType] - `$/cancelRequest` calls its cancel()
        task.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))
        task.add_done_callback(callback)

    def _send_handler_result(self, future: Any, *, msg_id: Any) -> None:
        self._request_futures.pop(msg_id, None)
        if future.cancelled():
            self._refuse(msg_id, types.LSPErrorCodes.RequestCancelled, "Cancelled.")
            return
        outcome = _settle(future)
        if outcome.error is not None:
            self._send_response(msg_id, error=_response_error(outcome.error))
        elif not (
            isinstance(outcome.result, ListTasksResult)
            and self._server.answer_list(msg_id, outcome.result)
        ):
            self._send_response(msg_id, result=outcome.result)
        self._server.answered(msg_id)

    def _check_handler_result(self, future: Any) -> None:
        if not future.cancelled() and (error := _settle(future).error):
            _log_error(error)

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - pygls' is a generator
        """Take no more requests; what runs goes on."""
        self._shutdown = True

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - pygls' is a generator
        """Close this connection and nothing else."""
        self._server.exiting = True

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # pyright: ignore[reportIncompatibleMethodOverride] - pygls' is a generator
        self, params: types.ExecuteCommandParams
    ) -> Any:
        """Run a command with its one JSON object."""
        if not self._server.greeted:  # else nobody knew whether an agent asks
            raise JsonRpcServerNotInitialized
        command = COMMANDS.get(params.command)
        if command is None:
            raise InvalidParams(
                f"There is no command {params.command!r}.",
                hint="docs/protocol.md lists the commands.",
            )
        given = params.arguments or [{}]
        if len(given) != 1:
            raise InvalidParams(f"{params.command} takes one JSON object.")
        value = wire.structure(given[0] or {}, command.params, what=params.command)
        if (delegate := self._server.delegate) is not None:
            await self._server.core.delegating.require(
                delegate,
                command.right,
                operation=params.command,
                task=getattr(value, "task", None),
            )
        progress = RequestProgress(self.progress, params.work_done_token)
        with progress:
            return await command.handler(self._server, value, progress)

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Any:
        """Answer with pygls' capabilities and those that it doesn't know."""
        result = yield from super().lsp_initialize(params)
        documents.advertise(result.capabilities)
        lenses.advertise(result.capabilities)
        self._server.initialized_by(params)
        return result


async def _outcome(handler: Coroutine[Any, Any, Any]) -> _Outcome:
    try:
        return _Outcome(result=await handler)
    except Exception as error:  # noqa: BLE001 - the edge: every error becomes an answer
        return _Outcome(error=error)


async def _heard(rest: Awaitable[None]) -> None:
    try:
        await rest
    except AgentlsError as error:
        _log_error(error)


def _settle(future: Any) -> _Outcome:
    try:
        result = future.result()
    except Exception as error:  # noqa: BLE001 - a synchronous handler's error
        return _Outcome(error=error)
    return result if isinstance(result, _Outcome) else _Outcome(result=result)


def _response_error(error: Exception) -> types.ResponseError:
    if isinstance(error, AgentlsError):
        return types.ResponseError(
            code=_ERROR_CODE,
            message=error.message,
            data={"kind": error.kind, "hint": error.hint},
        )
    if isinstance(error, JsonRpcException):
        return error.to_response_error()
    _log_error(error)
    return types.ResponseError(
        code=types.ErrorCodes.InternalError,
        message=f"A bug in agentls: {type(error).__name__}: {error}",
        data={"kind": "internal", "hint": "`agentls daemon logs` has its trace."},
    )


def _log_error(error: Exception) -> None:
    _LOG.error("%s", error, exc_info=error)


_ = commands  # importing it fills the registry
