"""JSON-RPC messages as the bridge passes them: what they say, and their bytes.

Standard library only: the bridge uses it.
"""

import json
from typing import Any, NamedTuple, cast

from agentls.errors import AgentlsError
from agentls.frames import Frame, encode

__all__ = ["Letter", "Message", "answer", "notification", "pack", "refuse", "unpack"]

_REQUEST_FAILED = -32803

Message = dict[str, Any]


class Letter(NamedTuple):
    """A message and its frame; `message` is None when it isn't a JSON object."""

    message: Message | None
    raw: bytes

    @property
    def method(self) -> str:
        """The method; empty for an answer."""
        return str(self.message.get("method", "")) if self.message else ""

    @property
    def is_request(self) -> bool:
        """Whether somebody waits for an answer to it."""
        return bool(self.message and "method" in self.message and "id" in self.message)

    @property
    def is_answer(self) -> bool:
        """Whether it answers a request."""
        return bool(self.message and "method" not in self.message)


def unpack(frame: Frame) -> Letter:
    """Read a frame's message."""
    try:
        found: Any = json.loads(frame.body)
    except ValueError:
        found = None
    message = cast("Message", found) if isinstance(found, dict) else None
    return Letter(message, frame.raw)


def pack(message: Message) -> bytes:
    """Make a message's frame."""
    return encode(json.dumps(message, separators=(",", ":")).encode())


def notification(method: str, params: Any) -> Message:
    """Make a notification."""
    return {"jsonrpc": "2.0", "method": method, "params": params}


def answer(request: Any, result: Any) -> Message:
    """Make the answer to a request."""
    return {"jsonrpc": "2.0", "id": request, "result": result}


def refuse(request: Any, error: AgentlsError) -> Message:
    """Make the answer that says why a request failed."""
    return {
        "jsonrpc": "2.0",
        "id": request,
        "error": {
            "code": _REQUEST_FAILED,
            "message": error.message,
            "data": {"kind": error.kind, "hint": error.hint},
        },
    }
