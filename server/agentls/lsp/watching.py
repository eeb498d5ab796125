"""What a connection watches: sessions whose output streams to it.

Each watched session has one pump, an asyncio task that belongs to the core's
group and ends with the session, with `detach`, or with the connection.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

from agentls.core import Core
from agentls.errors import InvalidParams
from agentls.lsp import present
from agentls.lsp.protocol import (
    AttachParams,
    AttachResult,
    ControllerChangedParams,
    OutputParams,
    SessionEndedParams,
)
from agentls.lsp.registry import sends
from agentls.model import Session, SessionId
from agentls.sessions.viewer import Piece, Viewer

__all__ = ["Watching"]

_WINDOW_MIN = 4
"""Room for one character; less could never be streamed."""

_WINDOW_MAX = 16 << 20
"""Bytes on their way that a client may ask for; they wait in our memory."""

sends("agentls/output", OutputParams, "A piece of the log of an attached session.")
sends("agentls/sessionEnded", SessionEndedParams, "A session's program ended.")
sends(
    "agentls/controllerChanged",
    ControllerChangedParams,
    "The session that is attached here has another controller.",
)


class Watching:
    """The sessions that one connection is attached to."""

    def __init__(
        self,
        core: Core,
        *,
        send: Callable[[str, Any], None],
        drain: Callable[[], Awaitable[None]],
        after_answer: Callable[[Callable[[], None]], None],
    ) -> None:
        self._core = core
        self._send = send
        self._drain = drain
        self._after_answer = after_answer
        self._viewers: dict[SessionId, Viewer] = {}
        self._pumps: dict[SessionId, asyncio.Task[None]] = {}

    async def attach(self, session: Session, params: AttachParams) -> AttachResult:
        """Begin to stream a session, in place of an earlier attach to it.

        Raises `InvalidParams` for an offset that isn't in the log.
        """
        live = self._core.sessions.get(session.id)
        watched = await self._core.sessions.watch(session.id)
        await self._end_pump(session.id)
        controller = params.control and live is not None
        if live is not None and controller:
            self._core.controllers.take(session.id, self)
            if params.rows and params.cols:
                await live.resize(rows=params.rows, cols=params.cols)
        repaint = (
            await self._core.screens.repaint(session.id) if params.repaint else None
        )
        log = watched.log()
        first, size = await log.first_offset(), await log.size()
        offset = repaint.offset if repaint else params.offset
        offset = first if offset is None else offset
        if not first <= offset <= size:
            raise InvalidParams(
                f"Session {session.id} has no byte {offset}: its log holds bytes"
                f" {first} to {size}.",
                hint="Attach without an offset to begin at the first kept byte.",
            )
        window = max(_WINDOW_MIN, min(params.window, _WINDOW_MAX))
        viewer = Viewer(watched, offset=offset, window=window)
        self._viewers[session.id] = viewer
        # No output may reach the client before it knows what it attached to.
        self._after_answer(lambda: self._begin(session.id, viewer))
        rows, cols = live.grid if live else (0, 0)
        return AttachResult(
            session=session.id,
            offset=offset,
            first=first,
            size=size,
            rows=repaint.rows if repaint else rows,
            cols=repaint.cols if repaint else cols,
            live=live is not None,
            controller=controller,
            repaint=repaint and repaint.data.decode("utf-8", "replace"),
        )

    async def type_input(self, session: SessionId, data: bytes) -> None:
        """Type, if this client may."""
        live = self._core.sessions.get(session)
        if live and self._core.controllers.may_type(session, self):
            await live.write(data)

    async def resize(self, session: SessionId, *, rows: int, cols: int) -> None:
        """Resize, if this client may."""
        live = self._core.sessions.get(session)
        if live and self._core.controllers.may_type(session, self):
            await live.resize(rows=rows, cols=cols)

    def ack(self, session: SessionId, end: int) -> None:
        """Give room in the session's window."""
        if viewer := self._viewers.get(session):
            viewer.ack(end)

    async def end(self, session: SessionId) -> None:
        """Stream this session no more."""
        await self._end_pump(session)
        self._core.controllers.release(session, self)

    async def close(self) -> None:
        """Stream nothing any more."""
        for session in tuple(self._viewers):
            await self.end(session)
        self._core.controllers.release_all(self)

    def controller_changed(self, session: SessionId, *, you: bool) -> None:
        """Tell the client who may type now."""
        self._send(
            "agentls/controllerChanged",
            ControllerChangedParams(session=session, you=you),
        )

    def session_ended(self, session: Session) -> None:
        """Tell that a session ended, unless its pump will, after the last piece."""
        if session.id not in self._viewers:
            self._tell_end(session)

    def _begin(self, session: SessionId, viewer: Viewer) -> None:
        if self._viewers.get(session) is viewer:  # not detached meanwhile
            self._pumps[session] = self._core.spawn(
                self._pump(session, viewer), name=f"output of {session}"
            )

    async def _end_pump(self, session: SessionId) -> None:
        self._viewers.pop(session, None)
        if pump := self._pumps.pop(session, None):
            pump.cancel()
            await asyncio.wait([pump])

    async def _pump(self, name: SessionId, viewer: Viewer) -> None:
        async for piece in viewer:
            self._send("agentls/output", _output(name, piece))
            await self._drain()
        session = await self._core.tasks.ended_session(name)
        self._viewers.pop(name, None)
        self._pumps.pop(name, None)
        self._tell_end(session)

    def _tell_end(self, session: Session) -> None:
        self._send(
            "agentls/sessionEnded",
            SessionEndedParams(
                session=session.id,
                task=session.task,
                exit=present.exit_info(session.exit),
            ),
        )


def _output(session: SessionId, piece: Piece) -> OutputParams:
    text = encoded = None
    try:
        text = piece.data.decode()
    except UnicodeDecodeError:
        encoded = base64.b64encode(piece.data).decode("ascii")
    return OutputParams(
        session=session,
        offset=piece.offset,
        end=piece.end,
        text=text,
        base64=encoded,
        gap=piece.gap and piece.gap.reason,
    )
