"""The owner of work that goes on beside the event loop's callers."""

import asyncio
import logging
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from agentls.threads import to_its_end

__all__ = ["Background"]

_LOG = logging.getLogger(__name__)

R = TypeVar("R")


class Background:
    """Runs named work in a task group; cancels what still runs when it is left.

    Work that fails by a bug is logged with its trace and ends alone: the daemon
    and everybody else's work go on.
    """

    def __init__(self) -> None:
        self._group = asyncio.TaskGroup()
        self._running: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        """Begin to take work."""
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cancel what runs and wait until each has reached its end."""
        for task in tuple(self._running):
            task.cancel()
        await self._group.__aexit__(kind, error, trace)

    def spawn(
        self, work: Coroutine[Any, Any, R], *, name: str
    ) -> asyncio.Task[R | None]:
        """Run the work; its result is None when it failed by a bug."""
        task = self._group.create_task(_guarded(work, name), name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda _: work.close())  # if cancelled before it began
        return task

    async def to_the_end(self, work: Coroutine[Any, Any, R], *, name: str) -> R:
        """Do what must not stop half-way: only leaving the context cancels it.

        A caller that is cancelled waits for the end all the same, so that a lock
        that it holds stays held. Gives the work's result, or raises its error.
        """
        result: asyncio.Future[R] = asyncio.get_running_loop().create_future()

        async def run() -> None:
            try:
                result.set_result(await work)
            except Exception as error:  # noqa: BLE001 - passed on to the caller
                result.set_exception(error)
                result.exception()  # seen: a caller that was cancelled asks no more

        def over(_: object) -> None:
            work.close()  # if it was cancelled before it began
            result.cancel()  # does nothing to one that is done

        self.spawn(run(), name=name).add_done_callback(over)
        return await to_its_end(result)


async def _guarded(work: Coroutine[Any, Any, R], name: str) -> R | None:
    try:
        return await work
    except Exception:  # noqa: BLE001 - as the docstring of the class says
        _LOG.exception("%s failed by a bug", name)
        return None
