"""Daemons that are killed at the n-th step of an operation, one for each line read.

A step is whatever takes the daemon out of its own memory: a process that is started,
a call of the disk or the database. SIGKILL comes right before it, so that no clean-up
runs. Each daemon is forked from here, since importing agentls takes longer than most
operations. A line is a JSON object `{operation, task, root, step, environ}`; the
answer is the number of steps that were begun, and whether it was killed. In place of
a step it can be `said`: a text for which a file `log` beside the root is watched.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio import base_events
from pathlib import Path
from typing import Any

from agentls.assembly import open_core
from agentls.core import Core
from agentls.errors import AgentlsError
from agentls.model import Strategy, Teardown
from agentls.paths import Paths
from agentls.tasks.request import TaskRequest
from agentls.tasks.starting import silent


class Killer:
    """Counts the steps, and ends the process before the one that is named."""

    def __init__(self, *, step: int | None, answer: int) -> None:
        self._step = step
        self._answer = answer
        self._armed = False
        self.begun = 0
        executor = base_events.BaseEventLoop.run_in_executor
        start = asyncio.create_subprocess_exec

        def run_in_executor(loop: Any, *args: Any) -> Any:
            self._count()
            return executor(loop, *args)

        async def create_subprocess_exec(*args: Any, **options: Any) -> Any:
            self._count()
            return await start(*args, **options)

        base_events.BaseEventLoop.run_in_executor = run_in_executor
        asyncio.create_subprocess_exec = create_subprocess_exec

    @contextlib.contextmanager
    def armed(self):
        self._armed = True
        yield
        self._armed = False

    async def kill_when(self, said: str, *, log: Path) -> None:
        """End the process when a program has written that."""
        while not (log.exists() and said in log.read_text()):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.01)
        self._kill()

    def tell(self, *, killed: bool) -> None:
        answer = json.dumps({"steps": self.begun, "killed": killed})
        os.write(self._answer, answer.encode() + b"\n")

    def _count(self) -> None:
        if not self._armed:
            return
        self.begun += 1
        if self.begun == self._step:
            self._kill()

    def _kill(self) -> None:
        self.tell(killed=True)
        os.kill(os.getpid(), signal.SIGKILL)


async def do(core: Core, operation: str, *, task: str, root: Path) -> None:
    """Do one operation to its end."""
    match operation:
        case "create":
            request = TaskRequest(
                prompt="cat .env made; echo work > work; echo more >> plain.txt",
                folder=root,
                agent="shell",
            )
            await core.creating.create(request, progress=silent)
        case "squash" | "merge" | "rebase":
            await core.merging.merge(
                task,
                message=None,
                stop=False,
                progress=silent,
                strategy=Strategy(operation),
            )
        case "train" | "train with checks":
            await core.trains.run(
                root,
                tasks=None,
                target=None,
                check=operation != "train",
                merge=True,
                progress=silent,
            )
        case "undo" | "undo after gc":
            await core.undoing.undo(task, progress=silent)
        case "update":
            await core.updating.update(task, resolve=None, stop=False, progress=silent)
        case "discard":
            await core.discarding.discard(task)
        case "restore" | "make again":
            await core.discarding.restore(task)
        case "rewind":
            await core.rewinding.rewind(task, 2, stop=False, progress=silent)
        case "gc":
            await core.housekeeper.collect()
        case _:
            raise AssertionError(operation)


async def torn_down(core: Core, task: str) -> None:
    """Wait until no teardown is due any more."""
    over = asyncio.Event()

    def look(_: object = None) -> None:
        if core.book.get(task).teardown in {Teardown.DONE, Teardown.FAILED}:
            over.set()

    with core.book.listening(look):
        look()
        await over.wait()


async def live(asked: dict[str, Any], answer: int) -> None:
    os.environ.update(asked["environ"])
    killer = Killer(step=asked["step"], answer=answer)
    root = Path(asked["root"])
    async with open_core(Paths.of_this_process()) as core:
        if said := asked.get("said"):
            watch = killer.kill_when(said, log=root.with_name("log"))
            core.spawn(watch, name="watch the log")
        with killer.armed():
            operation, *then = asked["operation"].split(", ")
            await do(core, operation, task=asked["task"], root=root)
            if then == ["torn down"]:
                await torn_down(core, asked["task"])
    killer.tell(killed=False)


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        answers, answer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(live(asked, answer))
            except AgentlsError as error:
                os.write(answer, json.dumps({"error": error.message}).encode())
            finally:
                os._exit(0)
        os.close(answer)
        os.waitpid(child, 0)
        with os.fdopen(answers) as told:
            print(told.readline().strip() or "{}", flush=True)


if __name__ == "__main__":
    main()
