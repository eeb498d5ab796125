"""Telling a person that a task needs them: the command `notify` of their config.

It runs in threads of its own and in a process group of its own, for a bounded
time. Nothing that it does reaches a task.
"""

import asyncio
import logging
import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import IO, Any, Self

import attrs

from agentls.config import NOTIFY_NAMES
from agentls.errors import AgentlsError
from agentls.model import Task, TaskId
from agentls.tasks.agency import Agency
from agentls.tasks.book import Event, TaskBook
from agentls.tasks.trusting import Trusting

__all__ = ["TellTiming", "Teller", "filled", "told_of"]

_LOG = logging.getLogger(__name__)

_AT_ONCE = 4
"""Commands at the same time; what else is to be told waits."""

_LENGTH_MAX = 1000
"""Characters of each text: enough for a person, and no program refuses them."""

_SAID_MAX = 4096
_PLACEHOLDER = re.compile(r"\{(" + "|".join(NOTIFY_NAMES) + r")\}")
_OF_A_LOGIN = ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
"""What `notify-send` needs and a login shell without a desktop may not say."""


@attrs.frozen(kw_only=True)
class TellTiming:
    """How long a command may take, in seconds."""

    within: float = 30.0
    at_the_end: float = 2.0
    """What one gets that is still under way when the daemon ends."""


class Teller:
    """Runs the user's command for each state that they are to be told, once.

    What is to be told stands in the book, and is struck out just before it is told:
    a daemon that dies tells nothing twice.
    """

    def __init__(
        self,
        *,
        book: TaskBook,
        trusting: Trusting,
        agency: Agency,
        spawn: Callable[..., asyncio.Task[Any]],
        timing: TellTiming | None = None,
    ) -> None:
        self.problem = ""
        """What was wrong with the last command; empty if nothing was."""
        self._book = book
        self._trusting = trusting
        self._agency = agency
        self._spawn = spawn
        self._timing = timing or TellTiming()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="notify")
        self._waiting: set[TaskId] = set()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        """Held around what is said of `_running` and `_ending`, by all threads."""
        self._ending = False
        self._taking = asyncio.Lock()
        """Held from the book's word to the thread's: what is struck out is run."""
        self._closed = False

    async def __aenter__(self) -> Self:
        """Tell what an earlier daemon came not to tell."""
        for task_id in self._book.untold:
            self._begin(task_id)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give what runs a moment to end, and end it."""
        async with self._taking:
            self._closed = True
        loop = asyncio.get_running_loop()
        killing = loop.call_later(self._timing.at_the_end, self._end_all)
        try:
            await loop.run_in_executor(None, self._threads.shutdown)
        finally:
            self._end_all()
            killing.cancel()

    def hear(self, event: Event) -> None:
        """Begin to tell when the book has something that is to be told."""
        if isinstance(event, Task) and event.id in self._book.untold:
            self._begin(event.id)

    def _begin(self, task_id: TaskId) -> None:
        if task_id not in self._waiting:
            self._waiting.add(task_id)
            self._spawn(self._tell(task_id), name=f"tell of {task_id}")

    async def _tell(self, task_id: TaskId) -> None:
        self._waiting.discard(task_id)
        if task_id not in self._book.untold:
            return
        try:
            problem = await self._told(self._book.get(task_id))
        except AgentlsError as error:
            problem = error.message
        self.problem = problem
        if problem:
            _LOG.warning("notify for task %s: %s", task_id, problem)

    async def _told(self, task: Task) -> str:
        """Run the command for the task as it is; give what went wrong."""
        config = await self._trusting.user_config()
        environment = {
            **{name: os.environ[name] for name in _OF_A_LOGIN if name in os.environ},
            **await self._agency.environment(task, config),
        }
        async with self._taking:
            now = None if self._closed else await self._book.take_news(task.id)
            if now is None or not config.notify:
                return ""
            values = told_of(now)
            running = asyncio.get_running_loop().run_in_executor(
                self._threads,
                self._run,
                filled(config.notify, values),
                environment
                | {f"AGENTLS_{name.upper()}": text for name, text in values.items()},
            )
        return await running

    def _run(self, argv: Sequence[str], environment: Mapping[str, str]) -> str:
        """Run the command; give what went wrong. In a thread."""
        # A file and not a pipe: what the command leaves running may hold it open.
        with tempfile.TemporaryFile() as said:
            try:
                process = self._started(argv, environment, said)
            except (OSError, ValueError) as error:
                return f"{argv[0]} can't be started: {error}."
            if process is None:
                return "the daemon ended before it was run."
            try:
                status = process.wait(self._timing.within)
            except subprocess.TimeoutExpired:
                _kill_group(process)
                process.wait()
                return (
                    f"{argv[0]} took longer than {self._timing.within:g} s and was"
                    " ended."
                )
            finally:
                with self._lock:
                    self._running.discard(process)
            return "" if status == 0 else f"{argv[0]} {_ended(status)}{_last(said)}"

    def _started(
        self, argv: Sequence[str], environment: Mapping[str, str], said: IO[bytes]
    ) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._ending:
                return None
            process = subprocess.Popen(
                argv,
                cwd=environment.get("HOME") or "/",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )
            self._running.add(process)
            return process

    def _end_all(self) -> None:
        with self._lock:
            self._ending = True
            for process in self._running:
                _kill_group(process)


def told_of(task: Task) -> Mapping[str, str]:
    """Give what a command is told of a task, by the names of its placeholders."""
    values = {
        "task": task.id,
        "state": task.state.value,
        "title": _line(task.title),
        "why": _line(task.why),
        "agent": task.agent,
        "worktree": str(task.worktree),
        "repository": str(task.repository),
    }
    return {name: values[name] for name in NOTIFY_NAMES}


def filled(argv: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """Put the values in; braces that stand in a value stay as they are."""
    return tuple(
        _PLACEHOLDER.sub(lambda found: values[found[1]], argument) for argument in argv
    )


def _line(text: str) -> str:
    line = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(line.split())[:_LENGTH_MAX]


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End the command and its children; before it is reaped its group is its own."""
    if process.returncode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS' word for zombies only
            return


def _ended(status: int) -> str:
    return f"was ended by signal {-status}" if status < 0 else f"ended with {status}"


def _last(said: IO[bytes]) -> str:
    """Give the last line that the command complained with."""
    said.seek(max(0, said.seek(0, os.SEEK_END) - _SAID_MAX))
    lines = said.read().decode("utf-8", "replace").split("\n")
    last = next((line for line in reversed(lines) if line.strip()), "")
    return f": {_line(last)}" if last else "."
