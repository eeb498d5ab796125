"""A person's client: what they ask of agentls, and what they are told."""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable
from typing import Any

from agentls.client import Client
from agentls.errors import AgentlsError
from agentls.host import boot_id
from agentls.record import read_record
from agentls.sessions.folder import read_meta
from stage import Stage

SECONDS = 120.0
"""As long as anything may take on a loaded machine."""

_QUIET = 0.3
_SIZE = {"rows": 40, "cols": 120}


class Person:
    """One client, with what it was told of the task that it looks at."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._client = self._open()
        self._followed: str | None = None
        self.task: dict[str, Any] = {}
        self.states: list[str] = []
        """The states that the task was told in, each once as long as it lasted."""
        self.reasons: list[str] = []

    def execute(self, name: str, *, within: float = SECONDS, **arguments: Any) -> Any:
        """Run a command; an answer with the task counts as news of it."""
        result = self._client.execute(f"agentls.{name}", arguments, seconds=within)
        if isinstance(task := (result or {}).get("task"), dict):
            self._hear(task)
        return result

    def ask(self, name: str, **arguments: Any) -> Any:
        """Run a command on the task."""
        return self.execute(name, task=self.task["id"], **arguments)

    def follow(self, task: str) -> None:
        """Turn to a task, and from now on hear of it alone."""
        self._followed = task
        self.task, self.states, self.reasons = {}, [], []
        self._hear(self.execute("getTask", task=task)["task"])

    def watch(self) -> None:
        """Sit before the terminal of the task's present session."""
        self.ask("attach", control=True, **_SIZE)

    def type(self, keys: str) -> None:
        """Press keys there."""
        session = self.sessions[-1]
        self._client.notify("agentls/input", {"session": session, "text": keys})

    @property
    def sessions(self) -> list[str]:
        """The agent's sessions so far."""
        return [
            one["id"] for one in self.task.get("sessions", ()) if one["kind"] == "agent"
        ]

    def screen(self) -> str:
        """What is on the terminal now."""
        return "\n".join(self.ask("peek")["lines"])

    def until(
        self,
        true: Callable[[], bool],
        *,
        seconds: float = SECONDS,
    ) -> bool:
        """Wait until it is true of what was told; False if it isn't in time."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                return False
            for news in self._client.notifications(seconds=_QUIET):
                self._take(news.method, news.params)
                if true():
                    return True
                if time.monotonic() > end:
                    return False
        return True

    def kill_daemon(self) -> None:
        """Kill it, and come back to the next one."""
        record = read_record(self._stage.paths)
        assert record is not None
        os.kill(record.process.pid, signal.SIGKILL)
        self._come_back()

    def kill_session(self) -> None:
        """Kill the shim and its agent, as a machine does that loses its power."""
        folder = self._stage.paths.state / "sessions" / self.sessions[-1]
        meta = read_meta(folder)
        assert meta is not None
        for one in (meta.shim, meta.agent):
            if one is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one.pid, signal.SIGKILL)

    def reboot(self) -> None:
        """End all at once as a power cut does, and come back under another kernel."""
        state = self._stage.paths.state
        # A shim has nothing of the home in its environment.
        metas = [read_meta(file.parent) for file in state.glob("sessions/*/meta")]
        self._stage.kill_all([one.shim.pid for one in metas if one is not None])
        kept = (*state.glob("sessions/*/meta"), self._stage.paths.daemon_json)
        for file in kept:
            file.write_text(file.read_text().replace(boot_id(), "another-boot"))
        runtime = self._stage.environ["AGENTLS_RUNTIME_DIR"]
        shutil.rmtree(runtime, ignore_errors=True)
        self._come_back()

    def leave(self) -> None:
        """End the daemon and all that runs."""
        with contextlib.suppress(AgentlsError, KeyError):  # there may be no task
            self.ask("stopTask")
        self._client.close()
        if record := read_record(self._stage.paths):
            with contextlib.suppress(ProcessLookupError):
                os.kill(record.process.pid, signal.SIGTERM)

    def _come_back(self) -> None:
        self._client.close()
        self._client = self._open()
        self._hear(self.ask("getTask")["task"])

    def _open(self) -> Client:
        environ = self._stage.environ
        return Client.open(self._stage.paths, environ=environ, seconds=SECONDS)

    def _take(self, method: str, params: Any) -> None:
        if method == "agentls/taskChanged":
            self._hear(params["task"])
        elif method == "agentls/output":
            seen = {"session": params["session"], "end": params["end"]}
            self._client.notify("agentls/ack", seen)

    def _hear(self, task: dict[str, Any]) -> None:
        if self._followed not in {None, task["id"]}:
            return
        if task["rev"] < self.task.get("rev", 0):
            return
        self.task = task
        if not self.states or self.states[-1] != task["state"]:
            self.states.append(task["state"])
        if why := task.get("why"):
            self.reasons.append(why)
