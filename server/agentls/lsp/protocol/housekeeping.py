"""agentls itself: doctor and gc."""

import attrs

__all__ = [
    "DiskUsageResult",
    "DoctorFinding",
    "DoctorParams",
    "DoctorResult",
    "GcItem",
    "GcParams",
    "GcResult",
    "TaskRoom",
]


@attrs.frozen(kw_only=True)
class DoctorParams:
    """For which repository to look; none if absent."""

    uri: str | None = None
    repair: bool = False
    """Mend what can safely be mended."""


@attrs.frozen(kw_only=True)
class DoctorFinding:
    """One thing that was looked at."""

    name: str
    ok: bool
    message: str
    hint: str = ""


@attrs.frozen(kw_only=True)
class DoctorResult:
    """What the daemon found about itself and the repository."""

    findings: tuple[DoctorFinding, ...]


@attrs.frozen(kw_only=True)
class GcParams:
    """Whether to do it."""

    apply: bool = False
    """Do what is due; without it, only tell."""


@attrs.frozen(kw_only=True)
class GcItem:
    """One thing that is due, or was done."""

    what: str
    """`compressLog`, `dropLog`, `dropWorktree` or `dropSetup` (a copy of what a setup
    made); later versions know more."""
    session: str | None = None
    """Absent for what concerns the whole task."""
    task: str | None = None
    """Absent for what belongs to no task."""
    for_budget: bool = False
    """It goes only because more is taken than `disk.budget`."""
    size: int
    """Bytes that it takes before."""
    frees: int
    """Bytes that this frees: a guess before, the truth when it was done."""
    why: str = ""
    """Why nothing was done."""


@attrs.frozen(kw_only=True)
class GcResult:
    """What is due, or what was done."""

    items: tuple[GcItem, ...]
    applied: bool


@attrs.frozen(kw_only=True)
class TaskRoom:
    """The bytes that a task takes on the disk."""

    task: str
    worktree: int
    """Its folder, in its place or in the trash."""
    logs: int
    """The output of its sessions."""


@attrs.frozen(kw_only=True)
class DiskUsageResult:
    """What agentls takes on the disk, in bytes, and what is left."""

    tasks: tuple[TaskRoom, ...]
    spares: int
    """How many worktrees are kept ready, and their bytes:"""
    spares_size: int
    setups: int
    """How many copies of what setups made there are, and their bytes:"""
    setups_size: int
    size: int
    """All together."""
    budget: int
    """`disk.budget`; 0 for any."""
    free: int
    """What the disk for worktrees has left, and what is to stay free of it:"""
    reserve: int
