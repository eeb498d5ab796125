# ruff: noqa: RUF009 - `key` makes a field anew; nothing is shared
"""The keys about how tasks are reviewed."""

import enum
import re
from collections.abc import Sequence

import attrs

from agentls.config.names import refuse_name
from agentls.config.shapes import Choice, Number, Text, TextList, key
from agentls.model import CheckMode

__all__ = ["REVIEWER", "REVIEW_NAMES", "Check", "OrderKey", "Review"]

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

_PROMPT = """\
{text}

Here are review comments on your work. Do what each of them asks for. Where you think
that one is wrong, leave the code as it is and say why.

{comments}
"""

REVIEW_NAMES = (*("text", "comments", "count", "task", "title", "branch", "target"),)
"""What a review's template may have in braces."""


REVIEWER = "reviewer"
"""How the reviewing agent is called among the checks."""


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


def refuse_check_name(name: str) -> str | None:
    """Say why no check can have that name."""
    if name == REVIEWER:
        return f"{name!r} is the reviewing agent's; give the check another name"
    return refuse_name(name)


@attrs.frozen(kw_only=True)
class Check:
    """One check of what an agent did."""

    run: tuple[str, ...] = key(
        TextList(or_one=True, least=1),
        required=True,
        about="Shell commands, run in the worktree until one fails.",
    )
    mode: CheckMode = key(
        Choice(tuple(CheckMode), convert=CheckMode),
        default=CheckMode.BLOCK,
        about="Whether a failure stands in the way of a merge, or is only shown.",
    )
    timeout: float = key(
        Number(least=1, most=24 * 3600.0),
        default=600.0,
        about="Seconds after which it is stopped and has failed.",
    )
    paths: tuple[str, ...] = key(
        TextList(or_one=True),
        default=(),
        about="Run only when one of these changed: patterns in which * is anything,"
        " slashes too.",
    )


@attrs.frozen(kw_only=True)
class Review:
    """How a person reviews."""

    order: tuple[OrderKey, ...] = key(
        TextList(each=Choice(tuple(OrderKey)), refuse=_refuse_order),
        default=tuple(OrderKey),
        about="What comes first in the order of review; the earlier key decides.",
    )
    agent: str | None = key(
        Text(), about="An agent that reviews each turn; its findings become comments."
    )
    prompt: str = key(
        Text(refuse=_refuse_template),
        default=_PROMPT,
        about="What an agent is told when a review is sent: a template.",
    )
