"""The one way to run blocking work beside the event loop."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import ParamSpec, TypeVar

__all__ = ["in_thread", "to_its_end"]

P = ParamSpec("P")
R = TypeVar("R")


async def in_thread(
    function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run short blocking work in a thread and give its result.

    When the caller is cancelled the thread's step still ends, and only then the
    cancellation goes on: nobody finds work half done behind its back.
    """
    return await to_its_end(
        asyncio.get_running_loop().run_in_executor(
            None, lambda: function(*args, **kwargs)
        )
    )


async def to_its_end(future: "asyncio.Future[R]") -> R:
    """Await what can't stop half-way: a cancellation, even a second, comes after."""
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        while not future.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([future])
        raise
