"""The keys about how tasks are reviewed."""

import enum
import re
from collections.abc import Sequence

import attrs

from agentls.config.shapes import Choice, Text, TextList, key

__all__ = ["REVIEW_NAMES", "OrderKey", "Review"]

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

_PROMPT = """\
{text}

Here are review comments on your work. Do what each of them asks for. Where you think
that one is wrong, leave the code as it is and say why.

{comments}
"""

REVIEW_NAMES = (*("text", "comments", "count", "task", "title", "branch", "target"),)
"""What a review's template may have in braces."""


class OrderKey(enum.StrEnum):
    """What may come first in the order of review."""

    CHECKS = "checks"
    """Checks that passed, then none, then such that failed."""
    CONFLICTS = "conflicts"
    """What merges cleanly into its target, then what nobody knows, then conflicts."""
    SIZE = "size"
    """The fewest lines added and deleted."""
    AGE = "age"
    """What was asked for first."""


def _refuse_order(keys: Sequence[str]) -> str | None:
    twice = next((key for key in keys if keys.count(key) > 1), None)
    return twice and f"names {twice!r} twice"


def _refuse_template(template: str) -> str | None:
    for name in _PLACEHOLDER.findall(template):
        if name not in REVIEW_NAMES:
            there = ", ".join(f"{{{one}}}" for one in REVIEW_NAMES)
            return f"{{{name}}} is unknown; there are {there}"
    if "{comments}" not in template:
        return "lacks {comments}, where the comments go"
    return None


@attrs.frozen(kw_only=True)
class Review:
    """How a person reviews."""

    order: tuple[OrderKey, ...] = key(
        TextList(each=Choice(tuple(OrderKey)), refuse=_refuse_order),
        default=tuple(OrderKey),
        about="What comes first in the order of review; the earlier key decides.",
    )
    prompt: str = key(
        Text(refuse=_refuse_template),
        default=_PROMPT,
        about="What an agent is told when a review is sent: a template.",
    )
