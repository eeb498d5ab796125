"""What a client asks a model and what it is answered, in whatever wire format."""

import json
from collections.abc import Mapping
from typing import Any

import attrs

ASKED_TOKENS = 100
ANSWERED_TOKENS = 20
"""What every answer is said to have taken, so that a test knows what it adds up to."""


@attrs.frozen(kw_only=True)
class Tool:
    """A tool that the client offers."""

    name: str
    freeform: bool = False
    """It takes a text and no JSON."""


@attrs.frozen(kw_only=True)
class Question:
    """A request for an answer."""

    model: str
    system: str
    heard: tuple[str, ...]
    """What the person said in this conversation, in its order, and what was put in."""
    result: str | None
    """What a tool gave, if that is the last that the client tells; else None."""
    tools: tuple[Tool, ...]
    schema: Mapping[str, Any] | None = None
    """The answer must be JSON of this schema."""

    @property
    def said(self) -> str:
        """What the person said last."""
        return self.heard[-1] if self.heard else ""


@attrs.frozen(kw_only=True)
class Text:
    """An answer in words."""

    text: str


@attrs.frozen(kw_only=True)
class Call:
    """An answer that uses a tool."""

    tool: str
    arguments: Mapping[str, Any] | str
    """A text for a tool that takes any."""

    @property
    def written(self) -> str:
        """The arguments as they go over the wire."""
        if isinstance(self.arguments, str):
            return self.arguments
        return json.dumps(self.arguments)


Answer = Text | Call


@attrs.frozen(kw_only=True)
class Event:
    """One event of a stream."""

    data: Mapping[str, Any] | str
    name: str | None = None


def in_pieces(text: str) -> tuple[str, ...]:
    """Cut a text in two, as what is streamed never comes whole."""
    half = len(text) // 2
    return tuple(piece for piece in (text[:half], text[half:]) if piece) or ("",)


def plain(content: Any) -> str:
    """Give the text of a message, however a wire format nests it."""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        return str(content.get("text") or plain(content.get("content")))
    if isinstance(content, list):
        return "\n".join(text for one in content if (text := plain(one)))
    return ""
