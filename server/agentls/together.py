"""Two pieces of work side by side, of which neither outlives the call."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["together"]

A = TypeVar("A")
B = TypeVar("B")


async def together(
    one: Coroutine[Any, Any, A], other: Coroutine[Any, Any, B]
) -> tuple[A, B]:
    """Run both to their ends and give both results.

    An error of either is raised as it is, the first one's if both fail, when both are
    over. A cancellation cancels both.
    """
    # Not a TaskGroup, which would raise a group of errors.
    first, second = await asyncio.gather(one, other, return_exceptions=True)
    if isinstance(first, BaseException):
        raise first
    if isinstance(second, BaseException):
        raise second
    return first, second
