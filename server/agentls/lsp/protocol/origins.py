"""Where a hunk comes from."""

import attrs

from agentls.lsp.protocol.checkpoints import CheckpointInfo, TurnInfo
from agentls.lsp.protocol.tasks import CheckInfo

__all__ = ["HunkOriginParams", "HunkOriginResult"]


@attrs.frozen(kw_only=True)
class HunkOriginParams:
    """Which hunk of a task's change (from its base to now)."""

    task: str
    hunk: str
    """Its id."""
    path: str | None = None
    """Its file, where that is known: it is found sooner."""


@attrs.frozen(kw_only=True)
class HunkOriginResult:
    """Where a hunk comes from."""

    task: str
    hunk: str
    path: str
    checkpoint: CheckpointInfo | None = None
    """The first that holds it, of those that held it without a break until now; absent
    if it is newer than all."""
    turn: TurnInfo | None = None
    """The turn, with its prompt, in which it was made; with `byPerson`, the one after
    which. Absent before the first."""
    by_person: bool = False
    """It came when no turn was under way: a person made it."""
    checks: tuple[CheckInfo, ...] = ()
    """The last run of each check on a checkpoint that holds it."""
