"""What a connection watches: sessions whose output streams to it.

Each watched session has one pump, an asyncio task that belongs to the core's
group and ends with the session, with `detach`, or with the connection.
"""

import asyncio
import base64
import contextlib
import functools
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from agentls.core import Core
from agentls.errors import InvalidParams, InvalidState, SessionEnded
from agentls.lsp import present
from agentls.lsp.protocol.sessions import (
    AttachParams,
    AttachResult,
    ControllerChangedParams,
    OutputParams,
    ResizedParams,
    SessionEndedParams,
)
from agentls.lsp.registry import sends
from agentls.model import Session, SessionId
from agentls.sessions.live import LiveSession, Watched
from agentls.sessions.log import OutputGone
from agentls.sessions.session_screen import Repaint
from agentls.sessions.terminal_answers import TerminalAnswers
from agentls.sessions.viewer import Piece, Viewer

__all__ = ["Watching"]

_WINDOW_MIN = 4
"""Room for one character; less could never be streamed."""

_GRID_MAX = 2000
"""Rows or columns: more than any screen shows, and little enough to be drawn."""

_OLD = "old"
"""Why output is a gap that the log no longer holds."""

_WINDOW_MAX = 16 << 20
"""Bytes on their way that a client may ask for; they wait in our memory."""

_MUCH = 1 << 14
"""Bytes of a piece of output that is a flood's, and lets an echo pass."""

_WAY_SECONDS = 0.005
"""A flood lets this much time pass after a piece while somebody types elsewhere."""

_LAG = 1 << 20
"""Bytes that a terminal lags behind before it is given the screen instead."""

_LAG_LOOK_SECONDS = 0.1
"""How often it is looked whether a terminal lags."""

sends("agentls/output", OutputParams, "A piece of the log of an attached session.")
sends("agentls/sessionEnded", SessionEndedParams, "A session's program ended.")
sends(
    "agentls/controllerChanged",
    ControllerChangedParams,
    "The session that is attached here has another controller.",
)
sends(
    "agentls/resized",
    ResizedParams,
    "The terminal of a session that is attached here has another size.",
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
        self._closed = False
        self._streams: dict[SessionId, _Stream] = {}
        self._pumps: dict[SessionId, asyncio.Task[None]] = {}
        self._attaching: list[SessionId] = []
        self._ended: dict[SessionId, Session] = {}
        """Those that ended while they were attached to."""

    async def attach(self, session: Session, params: AttachParams) -> AttachResult:
        """Begin to stream a session, in place of an earlier attach to it.

        Raises `InvalidParams` for an offset that isn't in the log, or a size that no
        terminal has; an earlier attach goes on then.
        """
        self._attaching.append(session.id)
        try:
            return await self._attach(session, params)
        finally:
            self._attaching.remove(session.id)
            if session.id not in self._attaching:
                ended = self._ended.pop(session.id, None)
                if ended is not None and session.id not in self._streams:
                    self._tell_end(ended)

    async def _attach(self, session: Session, params: AttachParams) -> AttachResult:
        watched = await self._core.sessions.watch(session.id)
        live = self._core.sessions.get(session.id)
        log = watched.log()
        first, size = await log.first_offset(), await log.size()
        kept = params.offset is not None and first <= params.offset <= size
        if params.offset is not None and not params.repaint:
            _check_offset(session.id, params.offset, first=first, size=size)
        if params.rows and params.cols:
            _check_grid(rows=params.rows, cols=params.cols)
        await self._end_pump(session.id)
        self._require_open()
        self._core.controllers.join(session.id, self)
        controller = params.control and live is not None
        if live is not None and controller:
            self._core.controllers.take(session.id, self)
            if params.rows and params.cols:
                with contextlib.suppress(SessionEnded):  # its log can be seen still
                    # Drawn in the size before, it would not fit the client's terminal.
                    await live.take_size(rows=params.rows, cols=params.cols)
        draw = functools.partial(self._core.screens.repaint, session.id)
        repaint = await draw() if params.repaint and not kept else None
        first, size = await log.first_offset(), await log.size()
        if repaint is not None:
            offset = repaint.offset
        else:
            offset = first if params.offset is None else params.offset
        _check_offset(session.id, offset, first=first, size=size)
        self._require_open()
        window = max(_WINDOW_MIN, min(params.window, _WINDOW_MAX))
        stream = _Stream(
            watched,
            offset=offset,
            window=window,
            repaint=draw if params.repaint else None,
        )
        self._streams[session.id] = stream
        # No output may reach the client before it knows what it attached to.
        self._after_answer(lambda: self._begin(session.id, stream))
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
        """Type, if this client may; its terminal's own answers are left out."""
        typed = self._typed(session, data)
        if typed and (live := self._controlled(session)):
            self._core.controllers.typed(session, now=_now())
            await live.write(typed)

    def type_at_once(self, session: SessionId, data: bytes) -> bool:
        """Type as `type_input`; False, with nothing done, if one has to wait."""
        live = self._core.sessions.get(session)
        link = live.link_now() if live else None
        if live is not None and link is None:
            return False
        typed = self._typed(session, data)
        if link is not None and typed and self._controlled(session):
            self._core.controllers.typed(session, now=_now())
            link.type(typed)
        return True

    def resize_at_once(self, session: SessionId, *, rows: int, cols: int) -> bool:
        """Resize as `resize`; False, with nothing done, if one has to wait."""
        _check_grid(rows=rows, cols=cols)
        live = self._controlled(session)
        if live is not None:
            link = live.link_now()
            if link is None:
                return False
            link.resize(rows=rows, cols=cols)
        return True

    async def resize(self, session: SessionId, *, rows: int, cols: int) -> None:
        """Resize, if this client may; raises `InvalidParams` for an odd size."""
        _check_grid(rows=rows, cols=cols)
        if live := self._controlled(session):
            await live.resize(rows=rows, cols=cols)

    def ack(self, session: SessionId, end: int) -> None:
        """Give room in the session's window."""
        if stream := self._streams.get(session):
            stream.viewer.ack(end)

    async def end(self, session: SessionId) -> None:
        """Stream this session no more."""
        await self._end_pump(session)
        self._core.controllers.leave(session, self)

    async def close(self) -> None:
        """Stream nothing any more, also to requests that are still under way."""
        self._closed = True
        for session in tuple(self._streams):
            await self.end(session)
        self._core.controllers.leave_all(self)

    def controller_changed(self, session: SessionId, *, you: bool, held: bool) -> None:
        """Tell the client who may type now."""
        self._send(
            "agentls/controllerChanged",
            ControllerChangedParams(session=session, you=you, held=held),
        )

    def resized(self, session: SessionId, *, rows: int, cols: int) -> None:
        """Tell the client the terminal's size; its own must be the same."""
        self._send(
            "agentls/resized", ResizedParams(session=session, rows=rows, cols=cols)
        )

    def session_ended(self, session: Session) -> None:
        """Tell that a session ended, unless its pump will, after the last piece.

        One that is being attached to has its pump in a moment: told of now, its end
        would come before its output.
        """
        if session.id in self._attaching:
            self._ended[session.id] = session
        elif session.id not in self._streams:
            self._tell_end(session)

    def _typed(self, session: SessionId, data: bytes) -> bytes:
        """Leave out what the client's terminal answered, if we answer ourselves."""
        if not self._core.screens.answers(session):
            return data
        stream = self._streams.get(session)
        return (stream.answers if stream else TerminalAnswers()).leave_out(data)

    def _require_open(self) -> None:
        if self._closed:
            raise InvalidState("The connection is closed; nobody could watch.")

    def _controlled(self, session: SessionId) -> LiveSession | None:
        """Give the session if it lives and this client may type into it."""
        live = self._core.sessions.get(session)
        if self._closed or live is None:
            return None
        return live if self._core.controllers.may_type(session, self) else None

    def _begin(self, session: SessionId, stream: "_Stream") -> None:
        if self._streams.get(session) is not stream:
            return  # detached meanwhile, or attached anew
        if before := self._pumps.get(session):
            before.cancel()
        self._pumps[session] = self._core.spawn(
            self._pump(session, stream), name=f"output of {session}"
        )

    async def _end_pump(self, session: SessionId) -> None:
        self._streams.pop(session, None)
        if pump := self._pumps.pop(session, None):
            pump.cancel()
            await asyncio.wait([pump])

    async def _pump(self, name: SessionId, stream: "_Stream") -> None:
        try:
            async for output in stream.pieces(name):
                self._send("agentls/output", output)
                await self._drain()
                much = output.end - output.offset >= _MUCH
                if much and self._core.controllers.gives_way(name, now=_now()):
                    await asyncio.sleep(_WAY_SECONDS)
        except ConnectionError:
            return  # the client went; its connection closes
        session = await self._core.tasks.ended_session(name)
        self._streams.pop(name, None)
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


class _Stream:
    """A session's output from an offset on, as the protocol shows it.

    With `repaint` it goes to a terminal: one that lags far behind is given the
    screen as it is now, in place of megabytes that nobody could read.
    """

    def __init__(
        self,
        watched: Watched,
        *,
        offset: int,
        window: int,
        repaint: Callable[..., Awaitable[Repaint | None]] | None,
    ) -> None:
        self._watched = watched
        self._end = offset
        self._window = window
        self._repaint = repaint
        self._looked = 0.0
        self.answers = TerminalAnswers()
        self.viewer = Viewer(watched, offset=offset, window=window)

    async def pieces(self, session: SessionId) -> AsyncGenerator[OutputParams]:
        """Give piece after piece; what was let go before its turn is a gap."""
        while True:
            try:
                async for piece in self.viewer:
                    self._end = piece.end
                    yield self._shown(_output(session, piece))
                    if self.viewer.waited and (moved := await self._moved(session)):
                        yield self._shown(moved)
            except OutputGone as gone:
                yield await self._beyond(session, gone.first)
            else:
                return

    def _shown(self, output: OutputParams) -> OutputParams:
        if output.text:
            self.answers.shown(output.text)
        return output

    async def _moved(self, session: SessionId) -> OutputParams | None:
        """Give the screen in place of output, where that is far ahead."""
        self.viewer.waited = False
        now = asyncio.get_running_loop().time()
        if self._repaint is None or now < self._looked + _LAG_LOOK_SECONDS:
            return None
        self._looked = now
        repaint = await self._repaint(ahead_of=self._end + _LAG)
        if repaint is None:
            return None
        self.viewer.move_on(repaint.offset)
        return self._in_place_of_output(session, repaint)

    async def _beyond(self, session: SessionId, first: int) -> OutputParams:
        """Go on behind what the log no longer holds."""
        repaint = await self._repaint() if self._repaint else None
        if repaint is not None and repaint.offset >= first:
            self._begin_at(repaint.offset)
            return self._in_place_of_output(session, repaint)
        offset, self._end = self._end, first
        self._begin_at(first)
        return OutputParams(
            session=session, offset=offset, end=first, text="", gap=_OLD
        )

    def _begin_at(self, offset: int) -> None:
        self.viewer = Viewer(self._watched, offset=offset, window=self._window)

    def _in_place_of_output(self, session: SessionId, repaint: Repaint) -> OutputParams:
        offset, self._end = self._end, repaint.offset
        return OutputParams(
            session=session,
            offset=offset,
            end=repaint.offset,
            repaint=repaint.data.decode("utf-8", "replace"),
            rows=repaint.rows,
            cols=repaint.cols,
        )


def _now() -> float:
    return asyncio.get_running_loop().time()


def _check_offset(session: SessionId, offset: int, *, first: int, size: int) -> None:
    if not first <= offset <= size:
        raise InvalidParams(
            f"Session {session} has no byte {offset}: its log holds bytes"
            f" {first} to {size}.",
            hint="Attach without an offset to begin at the first kept byte.",
        )


def _check_grid(*, rows: int, cols: int) -> None:
    if not (0 < rows <= _GRID_MAX and 0 < cols <= _GRID_MAX):
        raise InvalidParams(
            f"No terminal has {rows} rows and {cols} columns.",
            hint=f"Both go from 1 to {_GRID_MAX}.",
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
