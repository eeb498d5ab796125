# ruff: noqa: RUF009 - `key` makes a field anew; nothing is shared
"""The keys about how a task's work is merged."""

import re

import attrs

from agentls.config.shapes import Choice, Text, key
from agentls.model import Strategy

__all__ = ["MERGE_NAMES", "Merge"]

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

MERGE_NAMES = (*("title", "prompt", "agent", "task", "target", "branch", "commits"),)
"""What a merge's message may have in braces."""

_MESSAGE = """\
{title}

Agent: {agent}
Task: {task}
"""


def _refuse_message(template: str) -> str | None:
    for name in _PLACEHOLDER.findall(template):
        if name not in MERGE_NAMES:
            there = ", ".join(f"{{{one}}}" for one in MERGE_NAMES)
            return f"{{{name}}} is unknown; there are {there}"
    return None


@attrs.frozen(kw_only=True)
class Merge:
    """How a task's work comes into its target."""

    strategy: Strategy = key(
        Choice(tuple(Strategy), convert=Strategy),
        default=Strategy.SQUASH,
        about="One commit for the whole task, the agent's commits with a merge commit,"
        " or the agent's commits one by one.",
    )
    message: str = key(
        Text(refuse=_refuse_message),
        default=_MESSAGE,
        about="The message of the commit that a merge makes: a template.",
    )
