"""Agents, and the trust that a repository needs."""

import enum

import attrs

__all__ = [
    "AbilityInfo",
    "AgentInfo",
    "AgentParams",
    "AgentStats",
    "CandidateInfo",
    "ListAgentsParams",
    "ListAgentsResult",
    "RespondParams",
    "ShowAgentResult",
    "StatsParams",
    "StatsResult",
    "SuggestAgentParams",
    "SuggestAgentResult",
    "TestAgentParams",
    "TestAgentResult",
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


@attrs.frozen(kw_only=True)
class SuggestAgentParams:
    """What an agent is looked for."""

    prompt: str
    labels: tuple[str, ...] = ()
    uri: str | None = None
    """Whose routes count; the user's own alone if absent."""


@attrs.frozen(kw_only=True)
class CandidateInfo:
    """An agent that is installed, and its record in a few words."""

    agent: str
    why: str


@attrs.frozen(kw_only=True)
class SuggestAgentResult:
    """The agent that a task with `agent` `auto` would get."""

    agent: str
    why: str
    """One sentence: the route, or the user's own record."""
    candidates: tuple[CandidateInfo, ...]
    """All that may be chosen by themselves, the best record first."""


@attrs.frozen(kw_only=True)
class StatsParams:
    """Which tasks to count; all if nothing is given."""

    uri: str | None = None
    """Those of the repository that holds this file or folder."""
    days: float | None = None
    """Those that were asked for in the last days."""


@attrs.frozen(kw_only=True)
class AgentStats:
    """What became of an agent's tasks, and what they took."""

    agent: str
    tasks: int
    """Those that began; it may be at work on some."""
    merged: int
    discarded: int
    """Without having been merged."""
    turns: int
    worked: float
    """Seconds in which it worked."""
    waited: float
    """Seconds in which it waited for an answer."""
    turns_to_merge: float | None = None
    """The mean of merged tasks; absent without any."""
    worked_to_merge: float | None = None
    """Seconds, the mean of merged tasks."""
    input: int | None = None
    """Tokens, as in `getTask`; absent where it doesn't tell."""
    output: int | None = None
    cached: int | None = None
    cost: float | None = None
    """US dollars."""


@attrs.frozen(kw_only=True)
class StatsResult:
    """The agents that had tasks, the one with the most first."""

    agents: tuple[AgentStats, ...]


@attrs.frozen(kw_only=True)
class AgentParams:
    """Names an agent that is built in or in the user's own configuration."""

    agent: str


@attrs.frozen(kw_only=True)
class AbilityInfo:
    """Something that agentls can do with an agent."""

    name: str
    """`start`, `working`, `waiting`, `answer`, `done`, `message`, `conversation`,
    `usage`, `followUp`, `resume`."""
    how: str
    """By the definition."""
    seen: bool | None = None
    """Whether a trial saw it; absent where none was made."""
    detail: str = ""
    """What was seen, or why nothing could be."""


@attrs.frozen(kw_only=True)
class ShowAgentResult:
    """An agent by its definition."""

    agent: AgentInfo
    tested: str | None = None
    """The version that its definition was tried with."""
    minimum: str | None = None
    """The oldest version that works."""
    abilities: tuple[AbilityInfo, ...]
    """Those that it lacks are left out."""


@attrs.frozen(kw_only=True)
class TestAgentParams:
    """Which agent to try, and for how long at most."""

    agent: str
    seconds: float = 300.0


@attrs.frozen(kw_only=True)
class TestAgentResult:
    """What a trial saw."""

    agent: str
    abilities: tuple[AbilityInfo, ...]


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
