"""What a person decided about an agent's work; the agent is told of it once."""

import contextlib
from collections.abc import Iterable
from datetime import datetime

import attrs

from agentls.errors import AgentlsError
from agentls.git.changes import changed_files
from agentls.git.hunks import hunks_of
from agentls.git.repository import Repository
from agentls.model import Checkpoint, HunkId, State, Task, TaskId
from agentls.review.checkpoint import Checkpointer
from agentls.review.decided import decisions_text
from agentls.store import decisions as table
from agentls.store.database import Database
from agentls.store.decisions import Decided, Decision
from agentls.tasks.book import TaskBook, now
from agentls.tasks.turns import Turns
from agentls.trust import SCRIPT_AGENT

__all__ = ["REFUSED", "Deciding", "Named", "News"]

REFUSED = "Hunks were refused"
"""Why a checkpoint was taken that holds what a refusal left."""

Named = tuple[HunkId, bytes]
"""A hunk with its file's path."""

_AT_REST = frozenset({State.REVIEW, State.FAILED, State.INTERRUPTED})


@attrs.frozen(kw_only=True)
class News:
    """What an agent doesn't know yet."""

    text: str = ""
    decisions: tuple[Decision, ...] = ()
    saved: Checkpoint | None = None
    """What its worktree was just before it is told."""

    def before(self, prompt: str) -> str:
        """Give the prompt with the news in front."""
        return f"{self.text}\n\n{prompt}" if self.text else prompt


class Deciding:
    """Keeps decisions about hunks; the caller holds the task's lock."""

    def __init__(
        self,
        *,
        book: TaskBook,
        database: Database,
        checkpoints: Checkpointer,
        turns: Turns,
    ) -> None:
        self._book = book
        self._database = database
        self._checkpoints = checkpoints
        self._turns = turns

    async def decided(self, task: TaskId) -> tuple[Decision, ...]:
        """Give all decisions about a task's hunks, the oldest first."""
        return await self._database.read(lambda db: table.load_decisions(db, task))

    async def keep(self, task: TaskId, hunks: Iterable[Named], what: Decided) -> None:
        """Keep a decision about hunks; the agent is yet to be told."""
        made = _decisions(hunks, what, time=now())
        await self._database.transaction(
            lambda db: table.keep_decisions(db, task, made)
        )

    async def save(
        self, repository: Repository, task: Task, *, reason: str
    ) -> Checkpoint:
        """Take a checkpoint of a task at rest; what a person edited there is kept too.

        It is what differs from how the agent, or an operation of ours, left it.
        """
        left = await self._left(task)
        saved = await self._checkpoints.take(repository, task, reason=reason)
        if left is None:
            return saved
        files = await changed_files(repository, left.tree, saved.tree)
        of = await hunks_of(repository, files)
        made = _decisions(
            ((hunk.id, file.path) for file in files for hunk in of[file.path]),
            Decided.EDITED,
            time=now(),
        )
        await self._database.transaction(
            lambda db: table.replace_untold(
                db, task.id, Decided.EDITED, made, since=left.taken
            )
        )
        return saved

    async def news(self, repository: Repository, task: Task) -> News:
        """Give what the task's agent is to be told before its next prompt.

        A script is told nothing: it would be run.
        """
        if task.agent == SCRIPT_AGENT:
            return News()
        saved: Checkpoint | None = None
        if task.state in _AT_REST:
            # A worktree that can't be read keeps nobody from asking for more.
            with contextlib.suppress(AgentlsError):
                saved = await self.save(repository, task, reason="Before a prompt")
        untold = tuple(one for one in await self.decided(task.id) if not one.told)
        text = decisions_text(untold, target=task.target)
        return News(text=text, decisions=untold, saved=saved)

    async def told(self, task: TaskId, news: News) -> None:
        """Keep that the agent was told; who told it has looked at the work."""
        if news.decisions:
            await self._database.transaction(
                lambda db: table.mark_told(db, task, news.decisions)
            )
        if news.saved is not None:
            await self._book.keep_looked(task, news.saved.commit)

    async def _left(self, task: Task) -> Checkpoint | None:
        """Give the last state that is not a person's: a turn's end, or after our own.

        What an update brought in is no edit: it begins with the first checkpoint on
        the present base.
        """
        turns = await self._turns.list(task)
        ended = turns[-1].ended if turns else None
        left: Checkpoint | None = None
        base = None
        for one in await self._checkpoints.list(task):
            of_the_turn = ended is not None and one.taken <= ended
            if of_the_turn or one.reason == REFUSED or one.base != base:
                left = one
            base = one.base
        return left if left and left.base == task.base.commit else None


def _decisions(
    hunks: Iterable[Named], what: Decided, *, time: datetime
) -> tuple[Decision, ...]:
    return tuple(
        Decision(hunk=hunk, path=path, decided=what, time=time) for hunk, path in hunks
    )
