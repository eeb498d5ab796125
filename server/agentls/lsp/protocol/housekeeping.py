"""agentls itself: doctor and gc."""

import attrs

__all__ = [
    "DoctorFinding",
    "DoctorParams",
    "DoctorResult",
    "GcItem",
    "GcParams",
    "GcResult",
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
    """`compressLog`, `dropLog` or `dropWorktree`; later versions know more."""
    session: str | None = None
    """Absent for what concerns the whole task."""
    task: str
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
