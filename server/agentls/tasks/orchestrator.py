"""What clients ask of a task's agent: to hear more, to stop, to go on."""

from collections.abc import Sequence
from pathlib import Path

from agentls.errors import InvalidState, SessionEnded, UnknownTask
from agentls.git.repository import find_repository
from agentls.model import (
    Session,
    SessionId,
    SessionKind,
    State,
    Task,
    TaskId,
    TurnSource,
)
from agentls.tasks.agency import Agency
from agentls.tasks.deciding import Deciding
from agentls.tasks.operations import Operations
from agentls.tasks.request import check_prompt
from agentls.tasks.resuming import GO_ON, require_worktree, resume
from agentls.tasks.roster import ListedAgent
from agentls.tasks.routing import Routing, Suggestion
from agentls.tasks.starting import Say
from agentls.tasks.states import require_state
from agentls.tasks.trusting import Policy, Trusting
from agentls.tasks.turns import Enclosed

__all__ = ["Orchestrator"]

_S = State
_SHOWN_SECONDS = 2.0
"""How long an agent may take to show what was typed, before it is submitted."""

_PASTE_SECONDS = 0.1
"""And how long after that: Gemini CLI takes no Return in the 40 ms after a paste."""


class Orchestrator:
    """Speaks with the agents of tasks, stops them and lets them go on."""

    def __init__(
        self,
        operations: Operations,
        *,
        trusting: Trusting,
        agency: Agency,
        deciding: Deciding,
        routing: Routing,
    ) -> None:
        self._book = operations.book
        self._starter = operations.starter
        self._background = operations.background
        self._trusting = trusting
        self._agency = agency
        self._deciding = deciding
        self._routing = routing

    async def send_prompt(
        self,
        name: str,
        text: str,
        *,
        source: TurnSource = TurnSource.PROMPT,
        also: Enclosed | None = None,
    ) -> Task:
        """Tell a task's agent something, in its living session or by resuming it.

        What a person decided about its work, and it doesn't know, comes first. Checks
        that run are stopped. `also` is kept with the turn that begins.
        """
        check_prompt(text)
        task_id = self._book.get(name).id
        async with self._starter.locks[task_id]:
            task = self._book.get(task_id)
            require_state(
                task,
                _S.WORKING,
                _S.WAITING,
                _S.CHECKING,
                _S.REVIEW,
                _S.FAILED,
                _S.INTERRUPTED,
                to="say to its agent",
            )
            policy = await self._starter.policy(task)
            task = await self._starter.turns.end_checks(task)
            news = await self._deciding.news(policy.repository, task)
            said = await self._say(
                task, policy, news.before(text), source=source, also=also
            )
            await self._deciding.told(task_id, news)
            return said

    async def stop(self, name: str) -> Task:
        """Stop a task's agent and scripts; its work stays and is ready for review."""
        task = self._book.get(name)
        if not self._starter.runner.living(task, SessionKind.SCRIPT):
            require_state(
                task, _S.PREPARING, _S.WORKING, _S.WAITING, _S.CHECKING, to="stop"
            )
        return await self._background.to_the_end(
            self._stop(task.id), name=f"stop {task.id}"
        )

    async def retry(self, name: str, *, progress: Say) -> Task:
        """Begin a failed or interrupted task again: prepared anew if need be."""
        task_id = self._book.get(name).id
        async with self._starter.locks[task_id]:
            task = self._book.get(task_id)
            require_state(task, _S.FAILED, _S.INTERRUPTED, to="retry")
            if any(s.kind is SessionKind.AGENT for s in self._book.sessions(task.id)):
                await require_worktree(task, to="retry")
                policy = await self._starter.policy(task)
                return await self._starter.start_agent(
                    task,
                    policy,
                    prompt=task.prompt,
                    resume=False,
                    source=TurnSource.RETRY,
                )
            self._starter.begin(task, say=progress)
        return await self._starter.prepared(task_id)

    async def resume(self, name: str, *, text: str | None) -> Task:
        """Go on with a conversation whose session is over; `text` says with what."""
        if text is not None:
            check_prompt(text)
        task_id = self._book.get(name).id
        async with self._starter.locks[task_id]:
            task = self._book.get(task_id)
            require_state(task, _S.REVIEW, _S.FAILED, _S.INTERRUPTED, to="resume")
            repository = await self._starter.repository(task)
            news = await self._deciding.news(repository, task)
            if news.text:
                text = news.before(text or GO_ON)
            resumed = await resume(
                task, text=text, book=self._book, starter=self._starter
            )
            await self._deciding.told(task_id, news)
            return resumed

    async def agents(self, folder: Path | None) -> tuple[ListedAgent, ...]:
        """List the agents that can be named, for a repository or in general."""
        if folder is None:
            return await self._agency.roster.listed(await self._trusting.user_config())
        policy = await self._trusting.policy(await find_repository(folder))
        return await self._agency.roster.listed(policy.config)

    async def suggest(
        self, prompt: str, folder: Path | None, *, labels: Sequence[str] = ()
    ) -> Suggestion:
        """Say which agent fits a prompt, for a repository or in general."""
        if folder is None:
            config = await self._trusting.user_config()
        else:
            config = (await self._trusting.policy(await find_repository(folder))).config
        return await self._routing.suggest(prompt, labels=labels, config=config)

    def session_of(self, *, task: str | None, session: str | None) -> Session:
        """Find the session that is meant: by its id, or the present one of a task."""
        if session is not None:
            found = self._book.session(SessionId(session))
            if found is None:
                raise UnknownTask(
                    f"There is no session {session!r}.",
                    hint="`agentls show` lists a task's sessions.",
                )
            return found
        named = self._book.get(task or "")
        present = self._book.present_session(named.id)
        if present is None:
            raise InvalidState(
                f"Task {named.id} has no session yet.",
                hint="It gets one when it is prepared; wait for its next change.",
            )
        return present

    async def ended_session(self, name: SessionId) -> Session:
        """Wait until a session's end is in the book, and give it."""
        return await self._starter.runner.wait(name)

    async def read_events(self, name: SessionId) -> None:
        """Take up what an agent's hooks have said about its session."""
        await self._starter.hearing.read_events(name)

    async def _say(
        self,
        task: Task,
        policy: Policy,
        text: str,
        *,
        source: TurnSource,
        also: Enclosed | None,
    ) -> Task:
        """Type a prompt into the living session, or start the agent with it."""
        if live := self._starter.runner.living(task, SessionKind.AGENT):
            typed = await self._agency.typed(task, policy.config, text)
            if typed is None:
                raise _takes_no_prompt(task)
            turn = await self._starter.turns.begin(
                task.id, prompt=text, source=source, also=also
            )
            try:
                await live.write_apart(
                    typed, within=_SHOWN_SECONDS, pause=_PASTE_SECONDS
                )
            except SessionEnded:
                if task.state is _S.REVIEW:  # else it is the end of that turn
                    await self._starter.turns.take_back(turn)
                raise
            return await self._book.change(task.id, state=_S.WORKING, why="")
        await require_worktree(task, to="say to its agent")
        return await self._starter.start_agent(
            task, policy, prompt=text, resume=True, source=source, also=also
        )

    async def _stop(self, task_id: TaskId) -> Task:
        await self._starter.cancel(task_id)
        async with self._starter.locks[task_id]:
            task = self._book.get(task_id)
            if task.state is not _S.PREPARING:
                return await self._starter.stop_all(task)
            why = "Stopped while it was prepared."
            return await self._book.finish(
                task_id, quietly=True, state=_S.FAILED, why=why
            )


def _takes_no_prompt(task: Task) -> InvalidState:
    """Say why nothing can be typed into a living session now, and what can be done."""
    if task.state is not _S.WAITING:
        return InvalidState(
            f"The agent of task {task.id} takes no prompt while it works.",
            hint="Wait until it is done, or stop it first; `agentls attach"
            f" {task.id}` types into its terminal.",
        )
    asked = task.asked
    answers = (*asked.choices, *(["TEXT"] if asked.takes_text else [])) if asked else ()
    how = f"respond {task.id} {'|'.join(answers)}" if answers else f"attach {task.id}"
    return InvalidState(
        f"The agent of task {task.id} waits for an answer, which a prompt would be"
        f" taken for: {task.why or 'look at its terminal'}",
        hint=f"`agentls {how}` answers; or stop it first, and the prompt resumes it.",
    )
