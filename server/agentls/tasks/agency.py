"""Agents at work for tasks: how they are run, and what they say.

It joins the definitions with the user's environment and a task's folders; how an
agent is started or understood stands in `agents/`.
"""

import os
import pwd
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from agentls.agents import invocation
from agentls.agents.catalogue import (
    load_agents,
    require_program,
)
from agentls.agents.definition import Definition
from agentls.agents.events import AgentEvent, HookRecord, read_event, read_records
from agentls.agents.status import Status
from agentls.agents.trusted import is_trusted
from agentls.config import Config
from agentls.errors import InvalidState
from agentls.model import (
    AgentName,
    Asked,
    Ports,
    Session,
    SessionId,
    State,
    StatusSource,
    Task,
)
from agentls.paths import Paths
from agentls.sessions.environment import (
    UserEnvironment,
    agent_environment,
    user_environment,
)
from agentls.tasks.ports import PortBlocks
from agentls.tasks.roster import Roster
from agentls.tasks.running import Program
from agentls.threads import in_thread

__all__ = ["STATES", "Agency", "Heard", "Said", "Start"]

_WIDE = 1000
"""Columns of a terminal in which no line of an answer is broken."""

STATES = {
    Status.WORKING: State.WORKING,
    Status.WAITING: State.WAITING,
    Status.DONE: State.REVIEW,
}
"""Where a task stands whose agent does so."""
_STATUSES = {state: status for status, state in STATES.items()}


@attrs.frozen(kw_only=True)
class Start:
    """How an agent is started for a task."""

    program: Program
    conversation: str | None
    """The agent's id of the conversation, where it is known beforehand."""


@attrs.frozen(kw_only=True)
class Said:
    """What an agent's events or signals say in the end: where its task stands."""

    state: State
    why: str
    source: StatusSource
    asked: Asked | None = None
    """What it waits for, if it does."""
    conversation: str | None = None
    prompt: str = ""
    """What it was given last, where it tells; else empty."""
    message: str = ""
    """What it said last, where it tells; else empty."""


@attrs.frozen(kw_only=True)
class Heard:
    """What was read of a session's events."""

    count: int
    """How many there are by now."""
    said: Said | None
    """None when the new ones say nothing."""


class Agency:
    """Runs agents for tasks, and reads what they say."""

    def __init__(self, *, paths: Paths, ports: PortBlocks) -> None:
        self._paths = paths
        self.ports = ports
        self.roster = Roster(self.user_environment)
        self.made: set[Path] = set()
        """Repositories that agentls made and that hold nothing of anybody's."""
        self._read_up_to: dict[SessionId, tuple[int, int]] = {}
        """How many records of a session's event file were read, and how many bytes."""

    @property
    def home(self) -> Path:
        """The user's home."""
        return Path(os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir)

    async def user_environment(self) -> UserEnvironment:
        """Give the environment that a new terminal of the user's would have."""
        account = pwd.getpwuid(os.getuid())
        return await user_environment(
            shell=os.environ.get("SHELL") or account.pw_shell or "/bin/sh",
            home=self.home,
            base_env={
                "USER": account.pw_name,
                "LOGNAME": account.pw_name,
                "PATH": os.environ.get("PATH", os.defpath),
            },
            cache=self._paths.state / "environment.json",
        )

    async def environment(self, task: Task, config: Config) -> Mapping[str, str]:
        """Give the environment of what runs for a task, its ports in it.

        Raises `InvalidState` when it has none and none are free.
        """
        ports = await self.ports.of(task, config)
        return agent_environment(
            await self.user_environment(),
            client_env=task.environment,
            config_env=config.env,
            own={
                "AGENTLS_TASK": task.id,
                "AGENTLS_WORKTREE": str(task.worktree),
                "AGENTLS_REPOSITORY": str(task.repository),
                "AGENTLS_STATE_DIR": str(self._paths.state),
                **_told_ports(ports),
            },
        )

    async def definition(self, task: Task, config: Config) -> Definition:
        """Give what is known of the task's agent; raises `UnknownAgent`."""
        return await self.named(task.agent, config)

    async def named(self, name: str, config: Config) -> Definition:
        """Give what is known of an agent; raises `UnknownAgent`."""
        return (await in_thread(load_agents, config)).get(name)

    async def typed(
        self, task: Task, config: Config, text: str
    ) -> tuple[bytes, ...] | None:
        """Give the keys that tell a living agent something; None: not now.

        In pieces, each to be typed when the agent has shown the one before.
        """
        definition = await self.definition(task, config)
        status = _STATUSES.get(task.state, Status.WORKING)
        keys = invocation.typed_prompt(definition, text, status=status)
        return None if keys is None else invocation.prompt_pieces(definition, keys)

    async def require_conversation(self, task: Task, config: Config) -> None:
        """Raise `InvalidState` when the agent can't go on with its conversation."""
        definition = await self.definition(task, config)
        if invocation.can_go_on(definition, conversation=task.conversation):
            return
        name = definition.title or definition.name
        raise InvalidState(
            f"{name} can't go on with a conversation; nothing was started."
            if definition.resume is None
            else f"Which conversation of {name} task {task.id} had isn't known:"
            " the agent ended before it said. Nothing was started.",
            hint=f"`agentls retry {task.id}` begins again in the same worktree;"
            f' `agentls send {task.id} "…"` begins there with another prompt.',
        )

    async def start(
        self,
        task: Task,
        config: Config,
        *,
        session: SessionId,
        prompt: str,
        resume: bool,
    ) -> Start:
        """Prepare a start of the agent, its own files written.

        `resume` goes on with the task's conversation, where the agent can. Raises
        `AgentMissing` for a program that is older than its definition needs.
        """
        definition = await self.definition(task, config)
        if definition.minimum is not None:  # it may have changed since it was chosen
            environ = (await self.user_environment()).values
            path = await in_thread(require_program, definition, environ)
            await self.roster.require_version(definition, path, environ)
        run = invocation.Run(
            prompt=prompt,
            worktree=task.worktree,
            main_root=task.repository,
            trusted=await self._is_trusted(definition, task),
            private=self._paths.state / "private" / task.id,
            hook=invocation.HookAddress(
                argv=_hook_argv(),
                session=session,
                events=self._events(session),
                state=self._paths.state,
            ),
            approval=config.approval,
            approval_max=task.approval,
        )
        made = (
            invocation.go_on(definition, run, conversation=task.conversation)
            if resume
            else invocation.start(definition, run)
        )
        await in_thread(_write_files, run.private, made.files)
        # Made here, for the hook makes no folder: it must be quick, and says nothing.
        await in_thread(_make_folder, run.hook.events.parent)
        environment = await self.environment(task, config)
        return Start(
            program=Program(
                title=definition.title or definition.name,
                argv=made.argv,
                environment={**environment, **made.env},
                typed=made.typed,
            ),
            conversation=made.conversation,
        )

    async def headless(
        self,
        task: Task,
        config: Config,
        *,
        agent: AgentName,
        session: SessionId,
        prompt: str,
    ) -> Program:
        """Prepare a run of an agent that answers a prompt and ends.

        Raises `UnknownAgent`, `AgentMissing`, or `InvalidState` if it can't do that.
        """
        catalogue = await in_thread(load_agents, config)
        environ = (await self.user_environment()).values
        definition = catalogue.get(agent)
        await in_thread(require_program, definition, environ)
        run = invocation.Run(
            prompt=prompt,
            worktree=task.worktree,
            main_root=task.repository,
            # The task's own agent may be at rest, with its files in its folder.
            private=self._paths.state / "private" / session,
            hook=invocation.HookAddress(
                argv=_hook_argv(),
                session=session,
                events=self._events(session),
                state=self._paths.state,
            ),
        )
        made = invocation.headless(definition, run)
        await in_thread(_write_files, run.private, made.files)
        await in_thread(_make_folder, run.hook.events.parent)
        environment = await self.environment(task, config)
        return Program(
            title=definition.title or definition.name,
            argv=made.argv,
            environment={**environment, **made.env},
            typed=made.typed,
            cols=_WIDE,
        )

    async def _is_trusted(self, definition: Definition, task: Task) -> bool:
        """Tell whether the agent may trust the worktree as it does the checkout.

        What somebody else wrote is another matter: the agent asks about that.
        """
        if task.repository in self.made:
            return True
        if definition.trusted is None or task.base.name.startswith("pr:"):
            return False
        root, home = task.repository, self.home
        return await in_thread(is_trusted, definition.trusted, root, home=home)

    async def heard(self, task: Task, session: Session, config: Config) -> Heard:
        """Read what the agent's hooks have said since `session.heard`."""
        definition = await self.definition(task, config)
        records = await self._unheard(session)
        said: Said | None = None
        for record in records:
            if event := read_event(definition, record):
                said = _said(event, before=said)
        return Heard(count=session.heard + len(records), said=said)

    async def _unheard(self, session: Session) -> tuple[HookRecord, ...]:
        """Read the records behind the first `session.heard` ones.

        A day's work makes thousands: those that were heard aren't read again.
        """
        count, begin = self._read_up_to.pop(session.id, (0, 0))
        if count != session.heard:  # not taken up after all, or by the daemon before
            count, begin = 0, 0
        data = await in_thread(_read_events, self._events(session.id), begin)
        data = data[: data.rfind(b"\n") + 1]  # the last line may still be written
        records = read_records(data)
        if session.live:
            self._read_up_to[session.id] = count + len(records), begin + len(data)
        return records[session.heard - count :]

    def _events(self, session: SessionId) -> Path:
        return self._paths.state / "events" / session


def _told_ports(ports: Ports | None) -> Mapping[str, str]:
    if ports is None:
        return {}
    return {
        "AGENTLS_PORT_BASE": str(ports.first),
        "AGENTLS_PORTS": " ".join(map(str, ports.numbers())),
    }


def _said(event: AgentEvent, *, before: Said | None) -> Said:
    known = before.conversation if before else None
    waits = event.status is Status.WAITING
    return Said(
        state=STATES[event.status],
        why=event.reason if waits else "",
        source=StatusSource.EVENT,
        asked=Asked(kind=event.kind, text=event.reason, tool=event.tool)
        if waits
        else None,
        conversation=event.conversation or known,
        prompt=event.prompt or (before.prompt if before else ""),
        message=event.last_message or (before.message if before else ""),
    )


def _hook_argv() -> tuple[str, ...]:
    """Give the command of `agentls hook`: absolute, and deaf to where it is run."""
    main = Path(__file__).resolve().parent.parent / "__main__.py"
    # Without site: it needs the standard library only, and starts sooner.
    return (sys.executable, "-I", "-S", str(main), "hook")


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write_files(folder: Path, files: Sequence[tuple[str, str]]) -> None:
    _make_folder(folder)
    for name, content in files:
        (folder / name).write_text(content, "utf-8", "surrogateescape")


def _read_events(path: Path, begin: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(begin)
            return file.read()
    except FileNotFoundError:
        return b""
