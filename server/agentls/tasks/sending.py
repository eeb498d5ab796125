"""Sending a review: all open comments to the agent, as one prompt."""

import sqlite3
from collections.abc import Sequence

import attrs

from agentls.errors import AgentlsError, InvalidState
from agentls.model import Task, Turn, TurnSource
from agentls.review.comments import PlacedComment
from agentls.review.prompt import review_prompt
from agentls.store import comments as table
from agentls.store.comments import CommentId, CommentState
from agentls.tasks.book import CommentsChanged
from agentls.tasks.commenting import Commenting
from agentls.tasks.operations import Operations
from agentls.tasks.orchestrator import Orchestrator
from agentls.tasks.request import check_prompt
from agentls.trust import SCRIPT_AGENT

__all__ = ["ReviewSending", "SentReview"]


@attrs.frozen(kw_only=True)
class SentReview:
    """What a review told the agent."""

    task: Task
    prompt: str
    comments: tuple[CommentId, ...]


class ReviewSending:
    """Tells agents what was commented on their work."""

    def __init__(
        self, operations: Operations, *, commenting: Commenting, tasks: Orchestrator
    ) -> None:
        self._on = operations
        self._commenting = commenting
        self._tasks = tasks

    async def send(self, name: str, *, text: str, template: str | None) -> SentReview:
        """Make one prompt from all open comments and give it to the agent.

        They are `sent` then; when it could not be given they stay open.
        """
        task = self._on.book.get(name)
        async with self._commenting.sending[task.id]:
            return await self._on.background.to_the_end(
                self._send(task, text=text, template=template),
                name=f"review of {task.id}",
            )

    async def _send(self, task: Task, *, text: str, template: str | None) -> SentReview:
        if task.agent == SCRIPT_AGENT:  # it would run what a comment quotes
            raise InvalidState(
                f"Task {task.id} runs a shell script, which takes no review.",
                hint=f"`agentls send {task.id}` gives it another script.",
            )
        _, placed = await self._commenting.listed(task.id, resolved=False)
        opened = [one for one in placed if one.comment.state is CommentState.OPEN]
        if not opened and not text.strip():
            raise InvalidState(
                f"Task {task.id} has no open comment; nothing was sent.",
                hint="Write one, or give a text.",
            )
        policy = await self._on.starter.policy(task)
        prompt = review_prompt(
            task,
            _threads_of(placed, opened),
            text=text,
            template=template or policy.config.review.prompt,
        )
        check_prompt(prompt)
        commit = await self._commenting.checkpoint(task, reason="Before the review")

        def mark(connection: sqlite3.Connection, turn: Turn) -> None:
            for one in opened:
                marked = attrs.evolve(
                    one.comment,
                    state=CommentState.SENT,
                    sent=commit,
                    turn=turn.number,
                )
                table.update_comment(connection, marked)

        def take_back(connection: sqlite3.Connection) -> None:
            for one in opened:
                table.update_comment(connection, one.comment)

        try:
            sent = await self._tasks.send_prompt(
                task.id, prompt, source=TurnSource.REVIEW, also=mark
            )
        except AgentlsError:
            await self._commenting.write(task, take_back)
            raise
        self._on.book.tell(CommentsChanged(task=task.id))
        return SentReview(
            task=sent,
            prompt=prompt,
            comments=tuple(one.comment.id for one in opened),
        )


def _threads_of(
    placed: Sequence[PlacedComment], opened: Sequence[PlacedComment]
) -> list[list[PlacedComment]]:
    """Give the threads that have anything new, each whole."""
    threads: dict[CommentId, list[PlacedComment]] = {}
    news = {one.comment.thread for one in opened}
    for one in placed:
        if one.comment.thread in news:
            threads.setdefault(one.comment.thread, []).append(one)
    return list(threads.values())
