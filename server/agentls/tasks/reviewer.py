"""The reviewing agent: run without a person, its findings kept as comments."""

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from agentls.errors import AgentlsError, InvalidParams
from agentls.git.changes import patch
from agentls.git.trees import leave_out
from agentls.model import AgentName, Checkpoint, Session, SessionId, Task
from agentls.review.comments import quote
from agentls.review.findings import Finding, read_findings, reviewer_prompt
from agentls.sessions.output import last_text
from agentls.store import comments as table
from agentls.store.comments import Comment, CommentState
from agentls.tasks.commenting import Commenting, Remark
from agentls.tasks.operations import Operations
from agentls.tasks.running import Program
from agentls.tasks.trusting import Policy
from agentls.threads import in_thread

__all__ = ["Reviewer"]

_ANSWER_MAX = 1 << 20
"""Bytes of output from the end, among which the answer is."""


class Reviewer:
    """Asks an agent about another one's change."""

    def __init__(self, operations: Operations, *, commenting: Commenting) -> None:
        self._on = operations
        self._commenting = commenting

    async def program(
        self, task: Task, *, policy: Policy, saved: Checkpoint
    ) -> Program:
        """Say what to run; raise `AgentlsError` if that agent can't be run so."""
        name = AgentName(policy.config.review.agent or "")
        tree = saved.tree
        if task.prepared is not None:
            tree = await leave_out(
                policy.repository, tree, base=task.base.commit, made=task.prepared
            )
        turns = await self._on.starter.turns.list(task)
        prompt = reviewer_prompt(
            [turn.prompt for turn in turns if turn.prompt] or [task.prompt],
            patch=await patch(policy.repository, task.base.commit, tree),
            base=task.base.commit,
        )
        return await self._on.starter.agency.headless(
            task,
            policy.config,
            agent=name,
            session=self._on.starter.runner.next_id(task),
            prompt=prompt,
        )

    async def take(
        self, task: Task, session: Session, *, policy: Policy, saved: Checkpoint
    ) -> str:
        """Keep what it found; give what else a person is to be told."""
        folder = self._folder(session.id)
        answer = await in_thread(last_text, folder, size=_ANSWER_MAX)
        author = policy.config.review.agent or ""
        await self._keep(task, read_findings(answer), author=author, saved=saved)
        try:
            left = await self._on.checkpoints.read(policy.repository, task)
        except AgentlsError:
            return ""
        if left.tree != saved.tree:
            return "The reviewing agent, or somebody else, changed files meanwhile."
        return ""

    async def _keep(
        self, task: Task, findings: Sequence[Finding], *, author: str, saved: Checkpoint
    ) -> None:
        """Keep findings as open comments on the checkpoint that was looked at.

        What it said before and nobody resolved isn't said again; lines that aren't
        there make a comment on the whole change.
        """
        repository = await self._on.repository(task)
        known = {
            (one.path, one.text)
            for one in await self._commenting.load(task)
            if one.author == author and one.state is not CommentState.RESOLVED
        }
        new: list[Comment] = []
        for one in findings:
            path, lines, quoted = os.fsencode(one.path), one.lines, ""
            text = one.text.replace("\0", "\ufffd")
            if path:
                try:
                    quoted = await quote(
                        repository, saved.commit, path=path, lines=lines
                    )
                except InvalidParams:
                    at = f":{lines.first}" if lines else ""
                    path, lines, text = b"", None, f"{one.path}{at}: {text}"
            if (path, text) not in known:
                known.add((path, text))
                new.append(
                    self._commenting.beginning(
                        task,
                        Remark(text=text, path=path, lines=lines),
                        author=author,
                        commit=saved.commit,
                        quoted=quoted,
                    )
                )

        def insert(connection: sqlite3.Connection) -> None:
            for comment in new:
                table.insert_comment(connection, comment)

        if new:
            await self._commenting.write(task, insert)

    def _folder(self, session: SessionId) -> Path:
        return self._on.paths.sessions / session
