"""The daemon's part in test_daemon_kill: adopt, and append what comes to files.

Killed with SIGKILL at any moment; the next one goes on from the files' sizes.
"""

import asyncio
import os
import sys
from pathlib import Path

from agentls.paths import Paths
from agentls.sessions.sessions import Sessions
from agentls.sessions.viewer import Viewer


async def _follow(sessions: Sessions, name: str, *, seen: Path) -> None:
    await sessions.adopt(name)
    watched = await sessions.watch(name)
    fd = os.open(seen / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    viewer = Viewer(watched, offset=os.fstat(fd).st_size, window=1 << 16)
    async for piece in viewer:
        assert piece.offset == os.fstat(fd).st_size
        assert os.write(fd, piece.data) == len(piece.data)
        viewer.ack(piece.end)
    (seen / f"{name}.done").touch()


async def _main(state: str, runtime: str, seen: str, names: list[str]) -> None:
    nowhere = Path(state) / "unused"
    paths = Paths(
        state=Path(state), data=nowhere, config=nowhere, runtime=(Path(runtime),)
    )
    async with Sessions(paths=paths) as sessions, asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(_follow(sessions, name, seen=Path(seen)))


state, runtime, seen, *names = sys.argv[1:]
asyncio.run(_main(state, runtime, seen, names))
