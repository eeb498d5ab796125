"""What an agent is told of the decisions about its work."""

from collections import Counter
from collections.abc import Iterable, Mapping

from agentls.git.wording import shown
from agentls.store.decisions import Decided, Decision

__all__ = ["decisions_text"]

_FILES_NAMED = 30

_LINES: Mapping[Decided, str] = {
    Decided.TAKEN: "taken into {target}",
    Decided.REFUSED: "refused, and put back in your worktree as it was before your"
    " change; don't bring it back unless you are asked to",
    Decided.EDITED: "edited by that person in your worktree; keep what is there now",
}


def decisions_text(decisions: Iterable[Decision], *, target: str) -> str:
    """Say it in a few lines, file by file; empty if nothing was decided."""
    parts: dict[Decided, Counter[bytes]] = {what: Counter() for what in Decided}
    for one in decisions:
        parts[one.decided][one.path] += 1
    lines = [
        f"- {_LINES[what].format(target=target)}: {_listed(files)}"
        for what, files in parts.items()
        if files
    ]
    if not lines:
        return ""
    heading = "The person who reviews your work has decided about parts of it:"
    return "\n".join([heading, *lines])


def _listed(files: Counter[bytes]) -> str:
    names = [
        shown(path) + (f" ({count} parts)" * (count > 1))
        for path, count in files.items()
    ]
    more = len(names) - _FILES_NAMED
    return ", ".join(names[:_FILES_NAMED]) + (f" and {more} more" if more > 0 else "")
