"""The registry: every command and notification of the protocol, with its types.

Handlers are plain functions with the server first and one params object; the
docs, the editors' tables and the dispatch are made from what stands here.
"""

import inspect
import typing
from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from agentls.config import Right

__all__ = [
    "COMMANDS",
    "FROM_CLIENT",
    "TO_CLIENT",
    "Command",
    "Notification",
    "command",
    "notification",
]


@attrs.frozen(kw_only=True)
class Command:
    """One operation, called by `workspace/executeCommand`."""

    name: str
    params: type[Any]
    result: type[Any]
    doc: str
    handler: Callable[..., Awaitable[Any]]
    right: Right | None = None
    """What an agent needs to ask for it; None: it may not."""


@attrs.frozen(kw_only=True)
class Notification:
    """One of agentls' own notifications."""

    method: str
    params: type[Any]
    doc: str
    handler: Callable[..., Awaitable[None] | None] | None = None
    """Called when the message comes; what it gives, if anything, is awaited apart."""


COMMANDS: dict[str, Command] = {}
FROM_CLIENT: dict[str, Notification] = {}
TO_CLIENT: dict[str, Notification] = {}

H = typing.TypeVar("H", bound=Callable[..., Awaitable[Any]])
N = typing.TypeVar("N", bound=Callable[..., Awaitable[None] | None])


def command(name: str, *, agents: Right | None = None) -> Callable[[H], H]:
    """Register a command; its types are those of the handler's annotations.

    `agents` is the right that an agent needs to ask for it; without one, only persons
    may. The task that it is about is the parameter `task`.
    """

    def register(handler: H) -> H:
        hints = typing.get_type_hints(handler)
        COMMANDS[name] = Command(
            name=name,
            params=hints["params"],
            result=hints["return"],
            doc=inspect.getdoc(handler) or "",
            handler=handler,
            right=agents,
        )
        return handler

    return register


def notification(method: str) -> Callable[[N], N]:
    """Register a handler for a notification from the client.

    It may be a plain function that gives None: then it has done all at once, in the
    order in which the messages came.
    """

    def register(handler: N) -> N:
        hints = typing.get_type_hints(handler)
        FROM_CLIENT[method] = Notification(
            method=method,
            params=hints["params"],
            doc=inspect.getdoc(handler) or "",
            handler=handler,
        )
        return handler

    return register


def sends(method: str, params: type[Any], doc: str) -> None:
    """Register a notification that the server sends."""
    TO_CLIENT[method] = Notification(method=method, params=params, doc=doc)
