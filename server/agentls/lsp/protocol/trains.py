"""Ready tasks tried together, checked together, and merged in one step."""

import enum

import attrs

from agentls.lsp.protocol.tasks import CheckInfo

__all__ = ["CarInfo", "CarOutcome", "TrainParams", "TrainResult"]


class CarOutcome(enum.StrEnum):
    """What becomes of one task in a train."""

    CLEAN = "clean"
    """It goes in, upon those before it that did."""
    CONFLICTS = "conflicts"
    """With the target, or with what goes in before it."""
    BREAKS = "breaks"
    """With it, a check fails that passes without it."""
    REFUSED = "refused"
    """It can't be merged at all now: `why` says the reason."""


@attrs.frozen(kw_only=True)
class TrainParams:
    """Which ready tasks to try one upon the other, and what to do with them."""

    uri: str | None = None
    """Any file or folder in the repository; the client's only root if absent."""
    tasks: tuple[str, ...] | None = None
    """These, in this order; all that are in `review`, in its order, if absent. A task
    comes after the one that it stands on."""
    target: str | None = None
    """Of these, the ones that go to this branch; the first one's target if absent."""
    check: bool = False
    """Run the checks that a merge needs on the whole, in a worktree of its own, and
    leave behind who breaks one. What was checked a moment ago isn't run again."""
    merge: bool = False
    """Merge what goes in: the target moves once, or nothing changes."""
    sign: bool = True
    """As for `mergeTask`."""
    skip_hooks: bool = False
    """As for `mergeTask`."""


@attrs.frozen(kw_only=True)
class CarInfo:
    """One task of a train."""

    task: str
    outcome: CarOutcome
    """One that isn't `clean` is left behind, and the next one tried without it."""
    why: str = ""
    """One sentence: why it is left behind."""
    files: tuple[str, ...] = ()
    """Those in conflict."""
    against: tuple[str, ...] = ()
    """The tasks before it that went in and conflict with it."""
    against_target: bool = False
    """Whether it conflicts with the target alone."""
    check: str = ""
    """The name of the check that it breaks."""
    session: str | None = None
    """The session that shows how; its task is the last of those checked together."""
    commit: str | None = None
    """Where the target stands after it; absent if nothing was merged."""


@attrs.frozen(kw_only=True)
class TrainResult:
    """How the train went."""

    target: str
    """The branch that it goes to; empty where nothing is ready."""
    cars: tuple[CarInfo, ...]
    """In the order in which they were tried."""
    checks: tuple[CheckInfo, ...] = ()
    """What was checked of all that goes in together, up to one that fails."""
    why: str = ""
    """Why nothing can be merged though tasks go in: the target itself fails a check."""
    merged: bool = False
    """All that goes in is in the target, and these tasks are `merged`."""
    checkout: str | None = None
    """The URI of the checkout that was brought forward, if one has the target."""
