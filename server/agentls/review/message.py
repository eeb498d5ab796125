"""The message of a merge's commit, from a template."""

import re
from collections.abc import Sequence

from agentls.model import Task

__all__ = ["merge_message"]

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def merge_message(template: str, task: Task, *, subjects: Sequence[str] = ()) -> str:
    """Fill in a template; `subjects` are the first lines of the agent's commits.

    What stands in a value is never read as a placeholder.
    """
    values = {
        "title": task.title,
        "prompt": task.prompt,
        "agent": task.agent,
        "task": task.id,
        "target": task.target,
        "branch": task.branch,
        "commits": "\n".join(f"- {subject}" for subject in subjects),
    }
    filled = _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)
    return _clean(filled) or f"{task.title}\n"


def _clean(text: str) -> str:
    """Strip what git strips of a message, but for lines that begin with `#`."""
    lines = [line.rstrip() for line in text.splitlines()]
    kept = [
        line for at, line in enumerate(lines) if line or (at and lines[at - 1] != "")
    ]
    return "\n".join(kept).strip("\n") + "\n" if any(kept) else ""
