# ruff: noqa: RUF009 - `key` makes a field anew; nothing is shared
"""What agents may ask agentls for, by MCP or by the command line in their sessions."""

import enum

import attrs

from agentls.config.shapes import Choice, TextList, key
from agentls.model import Approval

__all__ = ["Mcp", "Right"]


class Right(enum.StrEnum):
    """A kind of operation that an agent may be allowed."""

    LIST = "list"
    """See which tasks there are."""
    SHOW = "show"
    """Read one: its state, words, screen and change."""
    CREATE = "create"
    """Hand out a task."""
    SEND = "send"
    """Tell the agent of a task that it handed out something, or have it go on."""
    STOP = "stop"
    MERGE = "merge"
    DISCARD = "discard"
    """Discard such a task, and restore it."""


@attrs.frozen(kw_only=True)
class Mcp:
    """What agents may ask for, and to whom they may hand out tasks."""

    allow: tuple[Right, ...] = key(
        TextList(each=Choice(tuple(Right))),
        default=(Right.LIST, Right.SHOW, Right.CREATE, Right.SEND, Right.STOP),
        about="What agents may ask for.",
    )
    agents: tuple[str, ...] = key(
        TextList(),
        default=(),
        about="Agents that may be handed tasks though they don't ask before they act"
        " (`shell`), or though a repository's file has a part in them.",
    )
    approval: Approval = key(
        Choice(tuple(Approval), convert=Approval),
        default=Approval.ASK,
        about="What a task may do at most without asking that is handed out by an agent"
        " which agentls didn't start.",
    )
