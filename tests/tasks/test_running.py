"""Sessions of tasks: what the book says about their ends."""

import asyncio
from typing import Any

import pytest

from agentls.errors import StorageFull
from agentls.model import Exit, Session, SessionId, State


async def test_an_end_is_kept_when_a_full_disk_has_room_again(
    start: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("agentls.tasks.running.ROOM_SECONDS", 0.01)
    refused = asyncio.Event()
    async with start() as daemon:
        keep = daemon.core.book.end_session

        async def full_once(name: SessionId, end: Exit | None) -> Session:
            if not refused.is_set():
                refused.set()
                raise StorageFull("The disk is full.")
            return await keep(name, end)

        monkeypatch.setattr(daemon.core.book, "end_session", full_once)
        task = await daemon.create("echo done > done")
        await daemon.until(task.id, State.REVIEW)
        assert refused.is_set()
        assert daemon.core.book.sessions(task.id)[-1].exit is not None
