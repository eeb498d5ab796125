"""Which agent a task is given when none is named, and why."""

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

import attrs

from agentls.config import Config
from agentls.config.routing import AUTO, Route
from agentls.model import AgentName
from agentls.tasks.agency import Agency
from agentls.tasks.records import AgentRecord, Records

__all__ = ["Candidate", "Chosen", "Routing", "Suggestion"]

_DECIDED_LEAST = 3
"""So many of an agent's tasks must be merged or discarded before that tells."""
_UNKNOWN_SHARE = 0.5
"""What an agent without a record counts as."""
_PATH = re.compile(r"[\w@.+-]*(?:/[\w@.+-]+)+|[\w@+-]+(?:\.[\w-]+)+")


@attrs.frozen(kw_only=True)
class Candidate:
    """An agent that is installed, and what speaks for it."""

    agent: AgentName
    why: str


@attrs.frozen(kw_only=True)
class Chosen:
    """The agent that a task is given."""

    agent: AgentName
    why: str = ""
    """One sentence; empty where a person or the configuration named it."""


@attrs.frozen(kw_only=True)
class Suggestion:
    """The agent for a task."""

    agent: AgentName
    why: str
    """One sentence."""
    candidates: tuple[Candidate, ...]
    """All that could be chosen, the best first."""


class Routing:
    """Chooses agents: by the config's routes, then by the user's own record."""

    def __init__(self, *, agency: Agency, records: Records) -> None:
        self._agency = agency
        self._records = records

    def looks_at_task(self, asked: str | None, config: Config) -> bool:
        """Tell whether `choose` looks at prompt and labels at all."""
        return (asked or config.agent) == AUTO

    async def choose(
        self,
        asked: str | None,
        *,
        prompt: str,
        labels: Sequence[str] = (),
        config: Config,
    ) -> Chosen:
        """Give the agent that is asked for or configured, and why if it was chosen.

        Raises `UnknownAgent`, and `AgentMissing` for one that isn't installed.
        """
        if not self.looks_at_task(asked, config):
            return Chosen(agent=await self._agency.roster.choose(asked, config))
        suggested = await self.suggest(prompt, labels=labels, config=config)
        agent = await self._agency.roster.choose(suggested.agent, config)
        return Chosen(agent=agent, why=suggested.why)

    async def suggest(
        self, prompt: str, *, labels: Sequence[str] = (), config: Config
    ) -> Suggestion:
        """Say which agent fits a prompt and its labels, and why.

        Raises `AgentMissing` when there is none that may be chosen by itself.
        """
        there = await self._agency.roster.chosen_by_itself(config)
        records = {one.agent: one for one in await self._records.read()}
        ranked = sorted(there, key=lambda name: _rank(records.get(name)))
        candidates = tuple(
            Candidate(agent=name, why=_said(records.get(name))) for name in ranked
        )
        missing = ""
        for route in config.routes:
            if not (fits := _fits(route, prompt, labels)):
                continue
            name = AgentName(route.agent)
            if name in there or await self._agency.roster.is_there(name, config):
                return Suggestion(agent=name, why=fits + missing, candidates=candidates)
            missing += f" {name}, which a route names, isn't installed."
        best = candidates[0]
        known = any(_tells(records.get(name)) for name in there)
        if len(there) == 1:
            why = f"Only {best.agent} is installed."
        elif known:
            why = f"By your own record: {best.agent} {best.why}."
        else:
            why = f"No agent has a record yet; {best.agent} is the first installed."
        return Suggestion(agent=best.agent, why=why + missing, candidates=candidates)


def _fits(route: Route, prompt: str, labels: Sequence[str]) -> str:
    """Say why a route fits a task; empty if it doesn't."""
    reasons: list[str] = []
    for given, found in (
        (route.labels, _label(route.labels, labels)),
        (route.words, _word(route.words, prompt)),
        (route.paths, _path(route.paths, prompt)),
    ):
        if given and not found:
            return ""
        if found:
            reasons.append(found)
    named = " and ".join(reasons) or "every task"
    return f"A route gives {named} to {route.agent}."


def _label(wanted: Sequence[str], labels: Sequence[str]) -> str:
    found = {one.casefold() for one in labels}
    return next((f"the label {one!r}" for one in wanted if one.casefold() in found), "")


def _word(words: Sequence[str], prompt: str) -> str:
    for word in words:
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", prompt, re.IGNORECASE):
            return f"{word!r}"
    return ""


def _path(patterns: Sequence[str], prompt: str) -> str:
    for path in _paths(prompt):
        if any(fnmatchcase(path, pattern) for pattern in patterns):
            return path
    return ""


def _paths(prompt: str) -> Iterator[str]:
    """Give what a prompt seems to name as files and folders."""
    for found in _PATH.finditer(prompt):
        yield found[0].removeprefix("./").rstrip(".")


def _tells(record: AgentRecord | None) -> bool:
    return record is not None and record.decided >= _DECIDED_LEAST


def _rank(record: AgentRecord | None) -> tuple[float, float, float]:
    """Give a key by which agents are sorted: share merged, turns, time."""
    if record is None or not _tells(record):
        return (-_UNKNOWN_SHARE, 0.0, 0.0)
    return (
        -round(record.share, 1),
        round(record.turns_to_merge or 0.0, 1),
        record.worked_to_merge or 0.0,
    )


def _said(record: AgentRecord | None) -> str:
    if record is None:
        return "has no record"
    said = f"merged {record.merged} of {record.decided} decided"
    if record.turns_to_merge is not None:
        said += f", in {record.turns_to_merge:.1f} turns"
    if record.worked_to_merge is not None:
        said += f" and {record.worked_to_merge / 60:.0f} min of work"
    return said
