"""What agents may ask for, and hand out."""

import attrs

__all__ = ["DelegationParams", "DelegationResult"]


@attrs.frozen(kw_only=True)
class DelegationParams:
    """Where an agent would hand out tasks."""

    uri: str | None = None
    """Any file or folder in the repository; what holds in any, if absent."""


@attrs.frozen(kw_only=True)
class DelegationResult:
    """What the agent that asks may; a person is told what one from outside may."""

    task: str | None = None
    """The task that it works on; absent for an agent that agentls didn't start."""
    allow: tuple[str, ...]
    """`list`, `show`, `create`, `send`, `stop`, `merge`, `discard`: its rights."""
    agents: tuple[str, ...]
    """Those that are installed and that it may hand tasks to."""
    approval: str
    """What these may do at most without asking: `ask`, `edits` or `all`."""
    depth: int
    """How deep what it hands out would stand: 1 below what a person asked for."""
    max_depth: int
    """Deeper it may hand out nothing."""
    open: int
    """How many tasks that it handed out are neither merged nor discarded."""
    max_open: int
    """More may not be."""
