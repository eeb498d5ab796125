"""Commands and notifications about sessions: watch, type, resize."""

import base64
import binascii
from collections.abc import Coroutine
from typing import Any

from agentls.errors import InvalidParams
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.sessions import (
    AckParams,
    AttachParams,
    AttachResult,
    DetachParams,
    HookEventParams,
    InputParams,
    PeekParams,
    PeekResult,
    ResizeParams,
)
from agentls.lsp.protocol.tasks import Empty
from agentls.lsp.registry import command, notification
from agentls.lsp.server import Server
from agentls.model import SessionId


@command("agentls.attach")
async def attach(ls: Server, params: AttachParams, _: RequestProgress) -> AttachResult:
    """Watch a session: its log from an offset, then what comes, as `agentls/output`."""
    return await ls.watching.attach(
        ls.core.tasks.session_of(task=params.task, session=params.session), params
    )


@command("agentls.peek")
async def peek(ls: Server, params: PeekParams, _: RequestProgress) -> PeekResult:
    """Read a session's screen as text, without attaching to it."""
    session = ls.core.tasks.session_of(task=params.task, session=params.session)
    shown = await ls.core.screens.text(session.id)
    return PeekResult(
        session=session.id, offset=shown.offset, lines=shown.lines, title=shown.title
    )


@command("agentls.detach")
async def detach(ls: Server, params: DetachParams, _: RequestProgress) -> Empty:
    """Watch a session no more."""
    await ls.watching.end(SessionId(params.session))
    return Empty()


@notification("agentls/input")
def type_input(ls: Server, params: InputParams) -> Coroutine[Any, Any, None] | None:
    """Type into a session; ignored unless this client is its controller."""
    session, data = SessionId(params.session), _bytes(params)
    if ls.watching.type_at_once(session, data):
        return None
    return ls.watching.type_input(session, data)


@notification("agentls/resize")
def resize(ls: Server, params: ResizeParams) -> Coroutine[Any, Any, None] | None:
    """Resize a session's terminal; ignored unless this client is its controller."""
    session, rows, cols = SessionId(params.session), params.rows, params.cols
    if ls.watching.resize_at_once(session, rows=rows, cols=cols):
        return None
    return ls.watching.resize(session, rows=rows, cols=cols)


@notification("agentls/ack")
def ack(ls: Server, params: AckParams) -> None:
    """Say how far a session's output was drawn, which gives room for more."""
    ls.watching.ack(SessionId(params.session), params.end)


@notification("agentls/hookEvent")
async def hook_event(ls: Server, params: HookEventParams) -> None:
    """Say that an agent's hook wrote an event; needs no `initialize`."""
    await ls.core.tasks.read_events(SessionId(params.session))


def _bytes(params: InputParams) -> bytes:
    if params.base64 is None:
        return (params.text or "").encode("utf-8", "surrogateescape")
    try:
        return base64.b64decode(params.base64, validate=True)
    except binascii.Error as error:
        raise InvalidParams(f"agentls/input: base64: {error}.") from error
