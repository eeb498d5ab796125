"""The prompt that a review becomes: every open comment, with the code it is on."""

import re
from collections.abc import Mapping, Sequence

from agentls.config import REVIEW_NAMES
from agentls.git.wording import shown
from agentls.model import Task
from agentls.review.comments import PlacedComment
from agentls.store.comments import CommentState, Side

__all__ = ["review_prompt"]

_PLACEHOLDER = re.compile(r"\{(" + "|".join(REVIEW_NAMES) + r")\}")
_QUOTED_MAX = 40
"""Lines of code that are quoted; the agent can read the rest itself."""


def review_prompt(
    task: Task, threads: Sequence[Sequence[PlacedComment]], *, text: str, template: str
) -> str:
    """Write one prompt from threads of comments, each in its order.

    What was sent before stands in a thread as well, so that a reply is understood.
    """
    shown = [_thread(thread) for thread in threads]
    values = {
        "text": text.strip(),
        "comments": "\n\n".join(shown),
        "count": str(len(shown)),
        "task": task.id,
        "title": task.title,
        "branch": task.branch,
        "target": task.target,
    }
    return _filled(template, values).strip() + "\n"


def _filled(template: str, values: Mapping[str, str]) -> str:
    # One pass: braces in what is put in stay as they are.
    return _PLACEHOLDER.sub(lambda found: values[found[1]], template)


def _thread(thread: Sequence[PlacedComment]) -> str:
    first = thread[0]
    parts = [f"### {_where(first)}"]
    if first.comment.quoted:
        parts.append(_fenced(first.comment.quoted))
    news = [one for one in thread if one.comment.state is CommentState.OPEN]
    said = [one for one in thread if one.comment.state is not CommentState.OPEN]
    if said:
        earlier = "\n".join(_quoted(one.comment.text) for one in said)
        parts.append(f"Said before:\n\n{earlier}")
    parts += [one.comment.text.strip() for one in news]
    return "\n\n".join(parts)


def _where(placed: PlacedComment) -> str:
    if not placed.comment.path:
        return "The whole change"
    path = shown(placed.path)
    if placed.lines is None:
        there = path
    elif placed.lines.first == placed.lines.last:
        there = f"{path}, line {placed.lines.first}"
    else:
        there = f"{path}, lines {placed.lines.first} to {placed.lines.last}"
    if placed.comment.side is Side.OLD:
        return f"{there}, as it was before your change"
    return there + (" (changed since this was written)" if placed.outdated else "")


def _fenced(code: str) -> str:
    lines = code.split("\n")
    if len(lines) > _QUOTED_MAX:
        lines = [*lines[: _QUOTED_MAX - 1], "…"]
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((fence, *lines, fence))


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.strip().split("\n"))
