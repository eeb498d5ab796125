"""Putting a task's briefing together from all who know something of it."""

import contextlib
from collections.abc import Sequence

from agentls.errors import AgentlsError
from agentls.git.changes import ChangedFile
from agentls.model import Session, SessionKind, Task, Turn
from agentls.review.briefing import (
    Briefing,
    Figures,
    write_briefing,
    write_for_others,
)
from agentls.sessions.emulator import EmulatorMissing
from agentls.sessions.output import last_text
from agentls.sessions.screens import Screens
from agentls.tasks.accounting import Accounting
from agentls.tasks.commenting import Commenting
from agentls.tasks.forecasting import Forecasting
from agentls.tasks.operations import Operations
from agentls.tasks.reviewing import Asked, Reviewing
from agentls.threads import in_thread

__all__ = ["Briefings"]

_FILES = 200
_TAIL_BYTES = 1 << 15
_TAIL_LINES = 40


class Briefings:
    """Writes briefings."""

    def __init__(
        self,
        operations: Operations,
        *,
        reviewing: Reviewing,
        commenting: Commenting,
        screens: Screens,
        forecasting: Forecasting,
        accounting: Accounting,
    ) -> None:
        self._on = operations
        self._reviewing = reviewing
        self._commenting = commenting
        self._screens = screens
        self._forecasting = forecasting
        self._accounting = accounting

    async def write(self, name: str, *, by_agent: bool = False) -> str:
        """Write the briefing of a task as it is now, as Markdown.

        One that an agent reads is no person's look at the change.
        """
        task = self._on.book.get(name)
        turns = await self._on.starter.turns.list(task)
        _, comments = await self._commenting.listed(task.id, resolved=False)
        shown = None
        with contextlib.suppress(AgentlsError):  # none yet, or its repository is gone
            asked = Asked(limit=_FILES, by_agent=by_agent)
            shown = await self._reviewing.changes(task.id, asked)
        return write_briefing(
            Briefing(
                task=task,
                prompts=_prompts(task, turns),
                said=_said(turns) or await self._last_words(task),
                figures=shown
                and Figures(
                    files=shown.count, added=shown.added, deleted=shown.deleted
                ),
                files=shown.files if shown else (),
                outputs=await self._outputs(task),
                comments=comments,
                forecast=self._forecasting.of(task.id),
                spent=(await self._accounting.of(task)).describe(),
            )
        )

    async def for_others(self, task: Task, files: Sequence[ChangedFile]) -> str:
        """Write what a pull request that changes these files tells, as Markdown."""
        turns = await self._on.starter.turns.list(task)
        return write_for_others(
            Briefing(
                task=task,
                prompts=_prompts(task, turns),
                said=_said(turns),
                figures=Figures(
                    files=len(files),
                    added=sum(file.added for file in files),
                    deleted=sum(file.deleted for file in files),
                ),
                files=files,
            )
        )

    async def _last_words(self, task: Task) -> str:
        """Give what the agent's screen showed last."""
        session = self._last_session(task)
        if session is None:
            return ""
        try:
            shown = await self._screens.text(session.id)
        except EmulatorMissing:
            return await self._tail(session)
        return _last_lines("\n".join(shown.lines))

    async def _outputs(self, task: Task) -> dict[str, str]:
        outputs: dict[str, str] = {}
        for one in task.checks:
            session = self._on.book.session(one.session) if one.session else None
            if session is not None and one.outcome.bad:
                outputs[one.name] = await self._tail(session)
        return outputs

    async def _tail(self, session: Session) -> str:
        folder = self._on.paths.sessions / session.id
        return _last_lines(await in_thread(last_text, folder, size=_TAIL_BYTES))

    def _last_session(self, task: Task) -> Session | None:
        sessions = self._on.book.sessions(task.id)
        agents = [one for one in sessions if one.kind is SessionKind.AGENT]
        return agents[-1] if agents else None


def _prompts(task: Task, turns: Sequence[Turn]) -> Sequence[str]:
    return [turn.prompt for turn in turns if turn.prompt] or [task.prompt]


def _said(turns: Sequence[Turn]) -> str:
    return next((turn.said for turn in reversed(turns) if turn.said), "")


def _last_lines(text: str) -> str:
    lines = [line.rstrip() for line in text.strip("\n").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return "\n".join(lines[-_TAIL_LINES:])
