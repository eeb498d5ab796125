"""Agents, and the trust that a repository needs."""

import enum

import attrs

__all__ = [
    "AgentInfo",
    "ListAgentsParams",
    "ListAgentsResult",
    "RespondParams",
    "TrustDecision",
    "TrustItemInfo",
    "TrustParams",
    "TrustResult",
]


@attrs.frozen(kw_only=True)
class ListAgentsParams:
    """For which repository: it may configure agents."""

    uri: str | None = None


@attrs.frozen(kw_only=True)
class AgentInfo:
    """One agent that can be named."""

    name: str
    title: str
    installed: bool
    path: str | None = None
    version: str | None = None
    default: bool = False
    hint: str = ""
    """How to install it."""


@attrs.frozen(kw_only=True)
class ListAgentsResult:
    """The agents, by name."""

    agents: tuple[AgentInfo, ...]


@attrs.frozen(kw_only=True)
class RespondParams:
    """The answer to what a task's agent asks: a choice, or words."""

    task: str
    choice: str | None = None
    """One of `asked.choices`."""
    text: str | None = None
    """One line; line ends become blanks."""


class TrustDecision(enum.StrEnum):
    """What to do about the texts that the repository would run."""

    SHOW = "show"
    ALLOW = "allow"
    DENY = "deny"


@attrs.frozen(kw_only=True)
class TrustParams:
    """Which repository, and the decision."""

    uri: str | None = None
    decision: TrustDecision = TrustDecision.SHOW
    digests: tuple[str, ...] | None = None
    """Decide about these texts only, so that nothing unseen is allowed."""


@attrs.frozen(kw_only=True)
class TrustItemInfo:
    """One text that the repository would run."""

    kind: str
    """`config`, `filter`, or what only a merge runs: `hook`, `signing`."""
    name: str
    text: str
    digest: str
    decision: str
    """`allowed`, `denied` or `undecided`."""


@attrs.frozen(kw_only=True)
class TrustResult:
    """All of the repository's texts with their decisions as they are now."""

    repository: str
    items: tuple[TrustItemInfo, ...]
