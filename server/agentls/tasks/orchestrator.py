"""The operations on tasks: each checks, does its steps, and keeps the book true.

One operation a task at a time. What has several steps notes them in the
journal, so that the next daemon finishes or undoes it. An operation belongs to
the core: only cancelling its request ends it early, never a closed editor.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs

from agentls.agents.catalogue import Catalogue
from agentls.errors import AgentlsError, InvalidState, UnknownTask
from agentls.git.repository import Repository, find_repository, head
from agentls.model import (
    BaseKind,
    CommitId,
    Session,
    SessionId,
    SessionKind,
    State,
    Task,
    TaskId,
)
from agentls.paths import Paths
from agentls.review import discarding, merging
from agentls.review.change import Change, read_base, read_change
from agentls.review.checkpoint import Checkpointer
from agentls.sessions.sessions import Sessions
from agentls.store.tasks import JournalEntry
from agentls.tasks import planning, preparing
from agentls.tasks.agency import Agency, ListedAgent
from agentls.tasks.book import Event, TaskBook
from agentls.tasks.queue import next_to_start
from agentls.tasks.request import TaskRequest, check_prompt
from agentls.tasks.running import Runner
from agentls.tasks.states import require_state
from agentls.tasks.trusting import Policy, Trusting

__all__ = ["Merged", "Orchestrator"]

_STOP_GRACE = 5.0
"""Seconds between TERM and KILL: time for an agent to save its conversation."""

_S = State


@attrs.frozen(kw_only=True)
class Merged:
    """What a merge did."""

    task: Task
    commit: CommitId
    checkout: Path | None


Say = Callable[[str], None]


class Orchestrator:
    """Every operation of a client on tasks; the only one that moves their states."""

    def __init__(
        self,
        *,
        paths: Paths,
        book: TaskBook,
        sessions: Sessions,
        trusting: Trusting,
        agency: Agency,
        spawn: Callable[..., asyncio.Task[Any]],
    ) -> None:
        self._paths = paths
        self._book = book
        self._trusting = trusting
        self._agency = agency
        self._spawn = spawn
        self._checkpoints = Checkpointer(indexes=paths.state / "indexes")
        self._runner = Runner(
            book=book, sessions=sessions, spawn=spawn, ended=self._session_ended
        )
        self._locks: defaultdict[TaskId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._preparing: dict[TaskId, asyncio.Task[None]] = {}
        self._stopping: set[TaskId] = set()
        self._closing = False
        self._max_parallel = 1

    # What clients ask for.

    async def create(self, request: TaskRequest, *, progress: Say) -> Task:
        """Create a task and start it, or queue it when no place is free.

        A preparation that fails leaves the task `failed`, its prompt kept. A
        cancelled create is undone: no worktree, branch or task is left.
        """
        check_prompt(request.prompt)
        policy = await self._trusting.policy(await find_repository(request.folder))
        self._max_parallel = policy.config.limits.max_parallel
        plan = await self._plan(request, policy)
        task = await self._book.add(plan.task)
        try:
            self.start_queued(say={task.id: progress})
            if preparation := self._preparing.get(task.id):
                await asyncio.shield(preparation)
        except asyncio.CancelledError:
            if not self._closing:
                await self._undo_create(task.id)
            raise
        return self._book.get(task.id)

    async def send_prompt(self, name: str, text: str) -> Task:
        """Tell a task's agent something, in its living session or by resuming it."""
        check_prompt(text)
        task = self._book.get(name)
        async with self._locks[task.id]:
            task = self._book.get(task.id)
            require_state(
                task,
                _S.WORKING,
                _S.WAITING,
                _S.REVIEW,
                _S.FAILED,
                _S.INTERRUPTED,
                to="say to its agent",
            )
            policy = await self._policy(task)
            live = self._runner.living(task, SessionKind.AGENT)
            if live and (typed := self._agency.typed(task, policy.config, text)):
                await live.write(typed)
                return await self._book.change(task.id, state=_S.WORKING, why="")
            if live:
                raise InvalidState(
                    f"The agent of task {task.id} is still busy and takes no prompt"
                    " now.",
                    hint="Wait until it is done, or stop it first.",
                )
            if not task.worktree.exists():
                raise InvalidState(
                    f"Task {task.id} has no worktree yet.",
                    hint=f"`agentls retry {task.id}` prepares it again.",
                )
            return await self._start_agent(task, policy, prompt=text, resume=True)

    async def stop(self, name: str) -> Task:
        """Stop a task's agent; its work stays and is ready for review."""
        task = self._book.get(name)
        require_state(task, _S.PREPARING, _S.WORKING, _S.WAITING, to="stop")
        if preparation := self._preparing.get(task.id):
            preparation.cancel()
            await asyncio.wait([preparation])
            await self._runner.stop(task, grace=_STOP_GRACE)
            return await self._book.finish(
                task.id, state=_S.FAILED, why="Stopped while it was prepared."
            )
        await self._stop_agent(task)
        return self._book.get(task.id)

    async def retry(self, name: str, *, progress: Say) -> Task:
        """Begin a failed or interrupted task again: prepared anew if need be."""
        task = self._book.get(name)
        require_state(task, _S.FAILED, _S.INTERRUPTED, to="retry")
        if any(s.kind is SessionKind.AGENT for s in self._book.sessions(task.id)):
            async with self._locks[task.id]:
                policy = await self._policy(task)
                return await self._start_agent(
                    task, policy, prompt=task.prompt, resume=False
                )
        self._begin_preparing(task, progress)
        await asyncio.shield(self._preparing[task.id])
        return self._book.get(task.id)

    async def changes(self, name: str, *, patch: bool) -> tuple[Task, Change]:
        """Read what a task changed, from its base to its worktree now."""
        task = self._book.get(name)
        policy = await self._policy(task)
        return task, await read_change(
            policy.repository,
            task,
            index=self._checkpoints.indexes / task.id,
            patch=patch,
        )

    async def base_text(self, name: str, path: bytes) -> str:
        """Give a file's text as it was where the task began; empty if it wasn't."""
        task = self._book.get(name)
        return await read_base(await find_repository(task.repository), task, path)

    async def merge(
        self, name: str, *, message: str | None, stop: bool, progress: Say
    ) -> Merged:
        """Merge a task into its target: wholly, or nothing is changed."""
        task = self._book.get(name)
        async with self._locks[task.id]:
            task = await self._to_review(task, stop=stop, to="merge")
            policy = await self._policy(task)
            progress("Saving a checkpoint")
            saved = await self._checkpoints.take(
                policy.repository,
                task,
                reason="Before the merge",
            )
            progress("Merging")
            plan = await merging.plan_merge(
                policy.repository,
                task,
                checkpoint=saved.commit,
                message=message,
            )
            await self._book.note(
                JournalEntry(
                    task=task.id, operation="merge", step="advance", data=plan.to_json()
                )
            )
            try:
                advanced = await merging.advance(policy.repository, plan)
            except AgentlsError:
                await self._book.end_note(task.id)
                raise
            task = await self._book.finish(
                task.id, state=_S.MERGED, why="", merged_commit=plan.new
            )
            return Merged(task=task, commit=plan.new, checkout=advanced.checkout)

    async def discard(self, name: str) -> Task:
        """Put a task out of sight: all it has is kept, first of all its work."""
        task = self._book.get(name)
        if preparation := self._preparing.get(task.id):
            preparation.cancel()
            await asyncio.wait([preparation])
            task = self._book.get(task.id)
        async with self._locks[task.id]:
            task = self._book.get(task.id)
            require_state(
                task,
                *(state for state in State if state not in {_S.MERGED, _S.DISCARDED}),
                to="discard",
            )
            return await self._discard(task)

    async def restore(self, name: str) -> Task:
        """Bring a discarded task back, at the same path."""
        task = self._book.get(name)
        async with self._locks[task.id]:
            task = self._book.get(task.id)
            require_state(task, _S.DISCARDED, to="restore")
            return await self._restore(task)

    async def agents(self, folder: Path | None) -> tuple[ListedAgent, ...]:
        """List the agents that can be named, for a repository or in general."""
        if folder is None:
            return await self._agency.listed(await self._trusting.user_config())
        policy = await self._trusting.policy(await find_repository(folder))
        return await self._agency.listed(policy.config)

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
        sessions = self._book.sessions(self._book.get(task or "").id)
        if not sessions:
            raise InvalidState(
                f"Task {task} has no session yet.",
                hint="It gets one when it is prepared; wait for its next change.",
            )
        return sessions[-1]

    async def ended_session(self, name: SessionId) -> Session:
        """Wait until a session's end is in the book, and give it."""
        return await self._runner.wait(name)

    async def read_events(self, name: SessionId) -> None:
        """Take up what an agent's hooks have said about its session."""
        session = self._book.session(name)
        if session is None or not session.live:
            return
        task = self._book.get(session.task)
        event = await self._agency.last_event(task, session)
        if event is None:
            return
        if event.conversation and event.conversation != task.conversation:
            task = await self._book.change(task.id, conversation=event.conversation)
        if task.state in {_S.WORKING, _S.WAITING, _S.REVIEW}:
            await self._book.change(task.id, state=event.state, why=event.why)

    # The life of the daemon.

    async def recover(self, unfinished: Sequence[JournalEntry]) -> None:
        """Take up what an earlier daemon left: sessions, operations, the queue."""
        self._max_parallel = (await self._trusting.user_config()).limits.max_parallel
        for task in self._book.tasks(discarded=True):
            for session in self._book.sessions(task.id):
                if session.live:
                    await self._runner.adopt(session)
                    await self.read_events(session.id)
        for entry in unfinished:
            self._spawn(self._finish(entry), name=f"finish {entry.operation}")
        noted = {entry.task for entry in unfinished}
        for task in self._book.tasks():
            if task.id not in noted and self._is_orphan(task):
                await self._book.change(
                    task.id, state=_S.INTERRUPTED, why="Its session is gone."
                )
        self.start_queued()

    def close(self) -> None:
        """Say that the daemon ends: cancelled operations are left to the next one."""
        self._closing = True

    def hear(self, event: Event) -> None:
        """Start what is queued when a place may have become free."""
        if isinstance(event, Task):
            self.start_queued()

    def start_queued(self, *, say: dict[TaskId, Say] | None = None) -> None:
        """Give the free places to queued tasks."""
        if self._closing:
            return
        for task in next_to_start(
            self._book.tasks(),
            begun=self._preparing,
            max_parallel=self._max_parallel,
        ):
            self._begin_preparing(task, (say or {}).get(task.id, _silent))

    # Steps.

    async def _plan(self, request: TaskRequest, policy: Policy) -> planning.Plan:
        config, repository = policy.config, policy.repository
        at = await head(repository)
        target = await planning.plan_target(
            repository, request.target or config.target, head=at
        )
        branch = await planning.plan_branch(repository, request.branch)
        agent = await self._agency.choose(request.agent, config)
        base = await planning.plan_base(
            repository,
            request.base,
            head=at,
            index=self._checkpoints.indexes / "wip",
        )
        if base.kind is BaseKind.BRANCH:
            branch = base.name.removeprefix("branch:")
        return planning.Plan(
            request=request,
            repository=repository.root,
            agent=agent,
            base=base,
            target=target,
            branch=branch,
            branch_prefix=config.branch_prefix,
            worktrees=config.worktrees or self._paths.worktrees,
        )

    async def _policy(self, task: Task) -> Policy:
        return await self._trusting.policy(await find_repository(task.repository))

    def _begin_preparing(
        self, task: Task, say: Say, *, setup: Session | None = None
    ) -> None:
        running = self._spawn(
            self._prepare(task.id, say, setup=setup), name=f"prepare {task.id}"
        )
        self._preparing[task.id] = running
        running.add_done_callback(lambda _: self._preparing.pop(task.id, None))

    async def _prepare(
        self, task_id: TaskId, say: Say, *, setup: Session | None = None
    ) -> None:
        """Make the worktree, run the setup, start the agent.

        `setup` is one that an earlier daemon began: it is waited for instead.
        """
        async with self._locks[task_id]:
            entry = JournalEntry(
                task=task_id, operation="create", step="worktree", data={}
            )
            task = await self._book.change(
                task_id,
                state=_S.PREPARING,
                why="",
                journal=None if setup else entry,
            )
            try:
                policy = await self._policy(task)
                if setup is None:
                    await preparing.make_worktree(task, policy=policy, say=say)
                    say("Running the setup")
                    await self._run_setup(task, policy, entry)
                else:
                    await preparing.wait_for_setup(
                        self._runner, task, setup, timeout=policy.config.setup_timeout
                    )
                say("Starting the agent")
                await self._start_agent(task, policy, prompt=task.prompt, resume=False)
            except AgentlsError as error:
                await self._book.finish(
                    task_id, state=_S.FAILED, why=f"{error.message} {error.hint}"
                )

    async def _run_setup(self, task: Task, policy: Policy, entry: JournalEntry) -> None:
        if not policy.config.setup:
            return
        await preparing.run_setup(
            self._runner,
            task,
            config=policy.config,
            environment=await self._agency.environment(task, policy.config),
            journal=attrs.evolve(
                entry, step="setup", data={"session": self._runner.next_id(task)}
            ),
        )

    async def _start_agent(
        self, task: Task, policy: Policy, *, prompt: str, resume: bool
    ) -> Task:
        name = self._runner.next_id(task)
        program, conversation = await self._agency.program(
            task, policy.config, session=name, prompt=prompt, resume=resume
        )
        if conversation != task.conversation:
            await self._book.change(task.id, conversation=conversation)
        await self._runner.start(
            task,
            program,
            kind=SessionKind.AGENT,
            journal=JournalEntry(
                task=task.id, operation="create", step="agent", data={"session": name}
            ),
        )
        # A short program may have ended already; its end waits for this state.
        task = await self._book.finish(task.id, state=_S.WORKING, why="")
        await self._settle(task.id)
        return self._book.get(task.id)

    async def _session_ended(self, session: Session) -> None:
        if session.kind is SessionKind.AGENT:
            await self._settle(session.task)

    async def _settle(self, task_id: TaskId) -> None:
        """Move a task on whose agent's session has ended."""
        task = self._book.get(task_id)
        if task.state not in {_S.WORKING, _S.WAITING}:
            return
        session = self._book.sessions(task_id)[-1]
        if session.live:
            return
        if task_id in self._stopping:
            state, why = _S.REVIEW, "Stopped."
        elif session.exit is None:
            state, why = _S.INTERRUPTED, "Its session vanished without an exit status."
        elif session.exit.ok:
            state, why = _S.REVIEW, ""
        else:
            state, why = _S.FAILED, f"Its agent ended with {session.exit.describe()}."
        await self._book.change(task_id, state=state, why=why)

    async def _stop_agent(self, task: Task) -> None:
        self._stopping.add(task.id)
        try:
            await self._runner.stop(task, grace=_STOP_GRACE)
            await self._settle(task.id)
        finally:
            self._stopping.discard(task.id)

    async def _to_review(self, task: Task, *, stop: bool, to: str) -> Task:
        """Bring a task to `review`, its agent stopped, or refuse."""
        task = self._book.get(task.id)
        allowed = {_S.REVIEW, _S.FAILED, _S.INTERRUPTED}
        if stop:
            allowed |= {_S.WORKING, _S.WAITING}
        require_state(task, *allowed, to=to)
        await self._stop_agent(task)
        task = self._book.get(task.id)
        if not task.worktree.exists():
            raise InvalidState(
                f"Task {task.id} has no worktree, so there is nothing to {to}.",
                hint=f"`agentls retry {task.id}` prepares it again.",
            )
        return await self._book.change(task.id, state=_S.REVIEW)

    async def _undo_create(self, task_id: TaskId) -> None:
        if preparation := self._preparing.get(task_id):
            preparation.cancel()
            await asyncio.wait([preparation])
        async with self._locks[task_id]:
            task = self._book.get(task_id)
            await self._runner.stop(task, grace=_STOP_GRACE)
            repository = await find_repository(task.repository)
            await preparing.unmake_worktree(repository, task)
            await self._book.remove(task_id)

    async def _discard(self, task: Task) -> Task:
        await self._stop_agent(task)
        policy = await self._policy(task)
        entry = JournalEntry(task=task.id, operation="discard", step="keep", data={})
        await self._book.note(entry)
        tip = await discarding.put_away(
            policy.repository,
            task,
            checkpoints=self._checkpoints,
            trash=self._paths.trash,
        )
        return await self._book.finish(
            task.id, state=_S.DISCARDED, kept_tip=tip or task.kept_tip
        )

    async def _restore(self, task: Task) -> Task:
        policy = await self._policy(task)
        entry = JournalEntry(task=task.id, operation="restore", step="back", data={})
        await self._book.note(entry)
        try:
            await discarding.bring_back(
                policy.repository, task, trash=self._paths.trash
            )
        except AgentlsError:
            await self._book.end_note(task.id)
            raise
        return await self._book.finish(
            task.id,
            state=_S.REVIEW if task.worktree.exists() else _S.QUEUED,
            why="Restored.",
        )

    async def _finish(self, entry: JournalEntry) -> None:
        """Finish or undo what an earlier daemon left in the middle."""
        async with self._locks[entry.task]:
            task = self._book.get(entry.task)
            try:
                match entry.operation:
                    case "merge":
                        await self._finish_merge(task, entry)
                    case "discard":
                        await self._discard(task)
                    case "restore":
                        await self._restore(task)
                    case _:
                        await self._finish_create(task, entry)
            except AgentlsError as error:
                await self._book.finish(
                    task.id, why=f"{error.message} {error.hint}".strip()
                )

    async def _finish_merge(self, task: Task, entry: JournalEntry) -> None:
        policy = await self._policy(task)
        plan = merging.MergePlan.from_json(entry.data)
        if await merging.heal(policy.repository, plan):
            await self._book.finish(
                task.id, state=_S.MERGED, why="", merged_commit=plan.new
            )
        else:
            await self._book.finish(task.id, why="Its merge was interrupted; undone.")

    async def _finish_create(self, task: Task, entry: JournalEntry) -> None:
        name = entry.data.get("session")
        session = self._book.session(SessionId(name)) if name else None
        ran = session is not None and (session.live or session.exit is not None)
        if entry.step == "agent" and ran:
            await self._book.finish(task.id, state=_S.WORKING, why="")
            await self._settle(task.id)
            return
        # Anything earlier is done again; no agent has worked in the worktree yet.
        self._begin_preparing(
            task, _silent, setup=session if entry.step == "setup" and ran else None
        )

    def _is_orphan(self, task: Task) -> bool:
        busy = task.state in {_S.PREPARING, _S.WORKING, _S.WAITING, _S.CHECKING}
        return busy and not any(s.live for s in self._book.sessions(task.id))


def _silent(_: str) -> None:
    """Say nothing: nobody asked to hear."""
