"""The ports that tasks have to themselves, for servers that run in their worktrees.

A block is a task's as long as it lives, whatever daemon runs. The book keeps blocks
apart; what listens already belongs to somebody else and is passed over.
"""

import asyncio
import errno
import socket
from collections.abc import Iterator, Sequence

from agentls.config.running import PortRange
from agentls.config.settings import Config
from agentls.errors import InvalidState
from agentls.model import Ports, Task
from agentls.tasks.book import TaskBook
from agentls.tasks.states import OVER
from agentls.threads import in_thread

__all__ = ["PortBlocks", "is_free"]

_EVERYWHERE = ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))  # noqa: S104 - nothing listens, see `is_free`


class PortBlocks:
    """Gives each task its ports."""

    def __init__(self, book: TaskBook) -> None:
        self._book = book
        self._turn = asyncio.Lock()

    async def of(self, task: Task, config: Config) -> Ports | None:
        """Give a task's ports, choosing them the first time.

        One that is merged or discarded is given those that it had, if any. Raises
        `InvalidState` when no block is free.
        """
        async with self._turn:
            task = self._book.get(task.id)
            while task.ports is None and task.state not in OVER:
                found = await in_thread(
                    _find,
                    config.ports.range,
                    count=config.ports.each,
                    taken=self._book.ports_taken(besides=task.id),
                    start=task.number,
                )
                if found is None:
                    whole = config.ports.range
                    raise InvalidState(
                        f"No {config.ports.each} ports in a row are free between"
                        f" {whole.first} and {whole.last} for task {task.id}.",
                        hint="Merge or discard what is done, or set `ports.range` in"
                        " your own config.toml.",
                    )
                task = await self._book.keep_ports(task.id, found)
        return task.ports


def is_free(port: int) -> bool:
    """Tell whether nothing on this machine listens on a TCP port, at any address."""
    for family, address in _EVERYWHERE:
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                if family is socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind((address, port))
        except OSError as error:
            # Any other error says that there is no such family here.
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
    return True


def _find(
    whole: PortRange, *, count: int, taken: Sequence[Ports], start: int
) -> Ports | None:
    """Find a block; one that was let go a moment ago comes late in the order."""
    for block in _blocks(whole, count=count, start=start):
        if not any(block.meets(other) for other in taken) and all(
            map(is_free, block.numbers())
        ):
            return block
    return None


def _blocks(whole: PortRange, *, count: int, start: int) -> Iterator[Ports]:
    places = (whole.last - whole.first + 1) // count
    for step in range(places):
        place = (start + step) % places
        yield Ports(first=whole.first + place * count, count=count)
