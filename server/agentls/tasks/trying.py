"""Trying an agent: a few harmless prompts in a repository that is thrown away."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import attrs

from agentls.agents.abilities import Ability, abilities
from agentls.config import Config
from agentls.errors import AgentlsError, InvalidParams
from agentls.git.place import Place
from agentls.git.runner import git
from agentls.model import AgentName, State, Task, TaskId
from agentls.tasks.accounting import Accounting
from agentls.tasks.agency import Agency
from agentls.tasks.book import Event
from agentls.tasks.creating import Creating
from agentls.tasks.operations import Operations
from agentls.tasks.orchestrator import Orchestrator
from agentls.tasks.request import TaskRequest
from agentls.tasks.responding import Responding
from agentls.tasks.starting import Say
from agentls.tasks.trusting import Trusting
from agentls.threads import in_thread
from agentls.trust import SCRIPT_AGENT

__all__ = ["Seen", "Trying"]

_SECONDS_MAX = 3600.0
_FILE = "hello.txt"
_PROMPTS = (
    f"Create a file named {_FILE} with one line: hello. Change nothing else.",
    f"Add a second line to {_FILE}: again. Change nothing else.",
    f"Add a third line to {_FILE}: once more. Change nothing else.",
)
_SCRIPTS = tuple(f"echo {word} >>{_FILE}" for word in ("hello", "again", "more"))
_AT_REST = frozenset({State.REVIEW, State.FAILED, State.INTERRUPTED})
_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "agentls"), ("EMAIL", "agentls@localhost"))
}


@attrs.frozen(kw_only=True)
class Seen:
    """What was seen of an ability."""

    ability: Ability
    how: str
    """What the definition says."""
    seen: bool
    detail: str = ""
    """What was seen, or why nothing could be."""


class Trying:
    """Tries agents."""

    def __init__(
        self,
        operations: Operations,
        *,
        creating: Creating,
        tasks: Orchestrator,
        responding: Responding,
        accounting: Accounting,
        agency: Agency,
        trusting: Trusting,
    ) -> None:
        self._on = operations
        self._creating = creating
        self._tasks = tasks
        self._responding = responding
        self._accounting = accounting
        self._agency = agency
        self._trusting = trusting

    async def abilities(self, name: str) -> Mapping[Ability, str]:
        """Say what an agent of the user's own config can do; raises `UnknownAgent`."""
        definition = await self._agency.named(name, await self._config())
        return abilities(definition)

    async def try_agent(
        self, name: str, *, seconds: float, say: Say
    ) -> tuple[Seen, ...]:
        """Start the agent, and say which of its abilities were seen.

        It uses the user's login, and tokens. What is left when the time is over was
        not seen. Nothing stays of it. Raises `UnknownAgent` and `AgentMissing`.
        """
        if not 0 < seconds <= _SECONDS_MAX:
            raise InvalidParams(f"The time goes up to {_SECONDS_MAX:g} seconds.")
        config = await self._config()
        agent = await self._agency.roster.choose(name, config)
        expected = abilities(await self._agency.named(agent, config))
        found: dict[Ability, str] = {}
        trouble = ""
        async with self._repository() as repository:
            say(f"Starting {agent}")
            task = await self._creating.create(
                TaskRequest(
                    prompt=_prompts(agent)[0],
                    folder=repository,
                    agent=agent,
                    title=f"A trial of {agent}",
                ),
                progress=say,
            )
            try:
                async with asyncio.timeout(seconds):
                    await self._try(task.id, expected, found, say)
            except TimeoutError:
                trouble = f"not within {seconds:g} s"
            except AgentlsError as error:
                trouble = error.message
            finally:
                await self._on.background.to_the_end(
                    self._remove(task.id), name=f"remove {task.id}"
                )
        return tuple(
            Seen(
                ability=ability,
                how=how,
                seen=ability in found,
                detail=found.get(ability, trouble),
            )
            for ability, how in expected.items()
        )

    async def _try(
        self,
        name: TaskId,
        expected: Mapping[Ability, str],
        found: dict[Ability, str],
        say: Say,
    ) -> None:
        first, second, third = _prompts(self._on.book.get(name).agent)
        del first  # it has that already
        file = self._on.book.get(name).worktree / _FILE
        await self._until_rest(name, expected, found, say)
        if (had := await in_thread(_content, file)) is not None:
            found[Ability.START] = f"made {_FILE}"
        await self._look_at_what_is_known(name, found)
        say("Telling it more")
        await self._tasks.send_prompt(name, second)
        await self._until_rest(name, expected, found, say)
        content = await in_thread(_content, file)
        if content != had:
            found[Ability.FOLLOW_UP] = f"changed {_FILE}"
        await self._look_at_what_is_known(name, found)
        if Ability.RESUME in expected:
            say("Ending it, and resuming its conversation")
            async with self._on.lock(name):
                await self._on.starter.stop_agent(self._on.book.get(name))
            before = self._on.book.get(name).conversation
            await self._tasks.resume(name, text=third)
            await self._until_rest(name, expected, found, say)
            same = before == self._on.book.get(name).conversation
            if await in_thread(_content, file) != content and same:
                found[Ability.RESUME] = f"changed {_FILE} in the same conversation"

    async def _until_rest(
        self,
        name: TaskId,
        expected: Mapping[Ability, str],
        found: dict[Ability, str],
        say: Say,
    ) -> None:
        """Wait until the agent rests; allow what it asks, where that can be."""
        news = asyncio.Event()

        def hear(event: Event) -> None:
            if isinstance(event, Task) and event.id == name:
                _note(event, expected, found)
                news.set()

        with self._on.book.listening(hear):
            hear(self._on.book.get(name))
            while (task := self._on.book.get(name)).state not in _AT_REST:
                news.clear()
                if task.asked is not None and "allow" in task.asked.choices:
                    say(f"Allowing: {task.why}")
                    with contextlib.suppress(AgentlsError):  # another dialog by now
                        await self._responding.respond(name, choice="allow")
                        found[Ability.ANSWER] = f"allowed: {task.why}"
                        continue
                elif task.asked is not None:
                    say(f"It waits ({task.why}): agentls attach {name}")
                await news.wait()
        if task.state is not State.REVIEW:
            raise AgentlsError(task.why or f"It is {task.state}.")

    async def _look_at_what_is_known(
        self, name: TaskId, found: dict[Ability, str]
    ) -> None:
        task = self._on.book.get(name)
        turns = await self._on.starter.turns.list(task)
        if turns and turns[-1].said:
            found[Ability.MESSAGE] = " ".join(turns[-1].said.split())[:60]
        if task.conversation:
            found[Ability.CONVERSATION] = task.conversation
        if (used := (await self._accounting.of(task)).usage) is not None:
            found[Ability.USAGE] = f"{used.input:,} tokens in, {used.output:,} out"

    async def _config(self) -> Config:
        return await self._trusting.user_config()

    @contextlib.asynccontextmanager
    async def _repository(self) -> AsyncGenerator[Path]:
        """Give a repository with a commit, and remove it."""
        made = await in_thread(tempfile.mkdtemp, "", "agentls-trial-")
        folder = await in_thread(Path(made).resolve)
        try:
            place = Place(git_dir=folder / ".git", work_tree=folder, isolated=True)
            await git("init", "-q", "--initial-branch=main", at=place)
            await in_thread((folder / "README.md").write_text, "# A trial\n")
            await git("add", "README.md", at=place)
            await git("commit", "-qm", "A trial", at=place, env=_IDENTITY)
            # No agent need ask whether it may trust that.
            self._agency.made.add(folder)
            yield folder
        finally:
            self._agency.made.discard(folder)
            await in_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _remove(self, name: TaskId) -> None:
        sessions = [one.id for one in self._on.book.sessions(name)]
        worktrees = self._on.book.get(name).worktree.parent
        await self._creating.undo_create(name)
        paths = self._on.paths
        left = [paths.state / "private" / name]
        for session in sessions:
            left += [paths.sessions / session, paths.state / "events" / session]
        for one in left:
            await in_thread(_remove, one)
        with contextlib.suppress(OSError):  # another one's worktree is there
            await in_thread(worktrees.rmdir)


def _note(
    task: Task, expected: Mapping[Ability, str], found: dict[Ability, str]
) -> None:
    """Take note of what told the agent's state."""
    ability = {
        State.WORKING: Ability.WORKING,
        State.WAITING: Ability.WAITING,
        State.REVIEW: Ability.DONE,
    }.get(task.state)
    if ability and ability in expected and task.source is not None:
        why = f": {task.why}" if task.why else ""
        found[ability] = f"told by {task.source}{why}"


def _prompts(agent: AgentName) -> tuple[str, ...]:
    return _SCRIPTS if agent == SCRIPT_AGENT else _PROMPTS


def _content(file: Path) -> str | None:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return None


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
