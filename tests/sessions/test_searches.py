"""A search for a client comes in pages, and ends when nobody wants it any more."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agentls.errors import InvalidParams
from agentls.host import identity_of, is_alive
from agentls.sessions.folder import segment_path
from agentls.sessions.searches import Found, find_in_logs


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "a-1"
    folder.mkdir()
    (folder / "claim").touch()
    segment_path(folder, offset=0).write_bytes(
        b"".join(b"hit \xf0\x9f\x98\xba %d\r\n" % n for n in range(10))
        + b"a" * 60
        + b"!\r\n"
    )
    return tmp_path


async def find(sessions: Path, pattern: str, **more: Any) -> Found:
    asked = {
        "fixed": False,
        "ignore_case": False,
        "tasks": None,
        "limit": 100,
        "more": None,
    }
    return await find_in_logs(sessions, pattern, **(asked | more))


async def test_pages_follow_each_other(log: Path):
    first = await find(log, "hit", limit=4)
    second = await find(log, "hit", limit=4, more=first.more)
    third = await find(log, "hit", limit=4, more=second.more)
    assert third.more is None
    lines = [hit.line for page in (first, second, third) for hit in page.hits]
    assert lines == list(range(1, 11))
    assert (await find(log, "hit", limit=10)).more is None


async def test_what_is_wrong_is_refused(log: Path):
    with pytest.raises(InvalidParams, match="no regular expression"):
        await find(log, "(")
    for more in ("a-1", "a-1:x:1", ":1:1", "gone-1:1:1"):
        with pytest.raises(InvalidParams):
            await find(log, "hit", more=more)


async def test_an_expression_that_never_ends_can_be_cancelled(
    log: Path, monkeypatch: pytest.MonkeyPatch
):
    started: asyncio.Queue[int] = asyncio.Queue()
    start = asyncio.create_subprocess_exec

    async def seen(*argv: Any, **options: Any) -> Any:
        process = await start(*argv, **options)
        started.put_nowait(process.pid)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", seen)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        request = group.create_task(find(log, "(a+)+$"))
        process = identity_of(await started.get())
        request.cancel()
    assert request.cancelled()
    assert process
    assert not is_alive(process)
