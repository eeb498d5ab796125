"""The daemon as the tools ask it: what is asked, by whom, and how waiting is told."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import attrs

from agentls.client import Client, delegate_of
from agentls.errors import DaemonRestarted
from agentls.paths import Paths

__all__ = ["Asker", "Daemon"]

_OPERATION_SECONDS = 3600.0
"""For what works on a repository of any size: a merge, a prompt that resumes."""

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Asker:
    """The agent that started this server."""

    folder: str
    """Where it works."""
    environ: Mapping[str, str]

    @classmethod
    def of_this_process(cls) -> "Asker":
        """Read it from the environment, and the folder that it was started in.

        Agents give the servers that they start only a part of their environment; the
        daemon knows a worktree's agent by the folder too.
        """
        return cls(folder=os.getcwd(), environ=os.environ)  # noqa: PTH109 - a text is asked for

    @property
    def delegate(self) -> Mapping[str, str]:
        """Say to the daemon which agent asks."""
        return {"folder": self.folder} | (delegate_of(self.environ) or {})


class Daemon:
    """Asks the daemon in the agent's name, each time on a connection of its own.

    So the daemon may go and another one come between two questions.
    """

    def __init__(self, asker: Asker, *, paths: Paths) -> None:
        self._asker = asker
        self._paths = paths

    def open(self) -> Client:
        """Connect; start a daemon if none runs. Blocking."""
        return Client.open(
            self._paths, environ=self._asker.environ, delegate=self._asker.delegate
        )

    def ask_at_once(self, command: str, **arguments: Any) -> Any:
        """Ask what changes nothing; another time, if the daemon goes. Blocking."""
        try:
            return self._ask(command, arguments)
        except DaemonRestarted:
            return self._ask(command, arguments)

    async def read(self, command: str, **arguments: Any) -> Any:
        """Ask what changes nothing."""
        return await _in_thread(partial(self.ask_at_once, command, **arguments))

    async def do(self, command: str, **arguments: Any) -> Any:
        """Ask for an operation.

        Raises `DaemonRestarted` if the daemon goes meanwhile: whether it was done
        isn't known then.
        """
        return await _in_thread(partial(self._ask, command, arguments))

    async def follow(
        self,
        tasks: list[str],
        *,
        until: Callable[[Mapping[str, Any]], bool],
        changed: Callable[[Mapping[str, Any]], Any],
        seconds: float,
    ) -> tuple[Mapping[str, Any], bool]:
        """Wait until something is true of the tasks; give them, and whether it came.

        It didn't when `seconds` have passed. They are given by their ids, as the
        protocol shows them; `changed` is awaited after each change. Nothing is asked
        again and again: the daemon tells.
        """
        known: dict[str, Any] = {}
        with anyio.move_on_after(seconds):
            while True:
                try:
                    client = await _in_thread(self.open)
                    try:
                        await self._hear(
                            client, tasks, known=known, until=until, changed=changed
                        )
                    finally:
                        client.close()
                except DaemonRestarted:
                    continue  # the next one knows how they stand
                return known, True
        return known, False

    async def _hear(
        self,
        client: Client,
        tasks: list[str],
        *,
        known: dict[str, Any],
        until: Callable[[Mapping[str, Any]], bool],
        changed: Callable[[Mapping[str, Any]], Any],
    ) -> None:
        for name in tasks:
            task = (
                await _in_thread(
                    partial(client.execute, "agentls.getTask", {"task": name})
                )
            )["task"]
            known[task["id"]] = task
        while not until(known):
            # What came while we asked waits in the client, not in the socket.
            if not _take(client, known):
                await anyio.wait_readable(client.fileno())
                continue
            await changed(known)

    def _ask(self, command: str, arguments: Mapping[str, Any]) -> Any:
        given = {
            name: value for name, value in arguments.items() if value not in (None, ())
        }
        with self.open() as client:
            return client.execute(
                f"agentls.{command}", given, seconds=_OPERATION_SECONDS
            )


async def _in_thread(work: Callable[[], T]) -> T:
    # A request that nobody waits for any more goes on, as if its editor was closed.
    return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)


def _take(client: Client, known: dict[str, Any]) -> bool:
    """Take what the daemon has told by now; say whether a task is another."""
    news = False
    for told in client.notifications(seconds=0):
        if told.method == "agentls/taskChanged":
            task = told.params["task"]
        elif told.method == "agentls/taskRemoved":
            gone = {"state": "discarded", "why": "Its creation was cancelled."}
            rest = {"id": told.params["task"], "rev": told.params["rev"]}
            task = known.get(rest["id"], {}) | rest | gone
        else:
            continue
        before = known.get(task["id"])
        if before is not None and before["rev"] <= task["rev"]:
            known[task["id"]] = task
            news = True
    return news
