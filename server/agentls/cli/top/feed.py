"""What the daemon tells, for a screen: tasks as they become, and what they use.

Tasks come by notifications; what they use is asked once a second, while somebody looks.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from agentls.cli.link import Link
from agentls.client import Client, Notification
from agentls.errors import AgentlsError

__all__ = ["Feed", "Rates", "Snapshot", "rates_between"]

_EVERY = 1.0
"""Seconds between two looks at what the sessions use."""

_AT_ONCE = 0.02
"""Seconds in which changes are shown together."""


@attrs.frozen(kw_only=True)
class Rates:
    """What a task's sessions use."""

    memory: int = 0
    """Bytes."""
    processes: int = 0
    cpu: float | None = None
    """Processors that are kept busy; None until it was looked twice."""
    output: float | None = None
    """Bytes a second that are written to its terminals."""


@attrs.frozen(kw_only=True)
class Snapshot:
    """All that is shown, at one moment."""

    tasks: Mapping[str, Mapping[str, Any]]
    """As the daemon shows them, by their ids, in the order in which they were asked."""
    paused: bool = False
    queue: tuple[str, ...] = ()
    rates: Mapping[str, Rates] = attrs.field(factory=dict[str, Rates])
    """By task."""
    available: int | None = None
    """Bytes of memory that are free."""


class Feed:
    """A thread that listens; `show` is called in it with each new snapshot.

    `failed` is called once, when there can be no daemon any more.
    """

    def __init__(
        self,
        asked: Mapping[str, Any],
        *,
        show: Callable[[Snapshot], object],
        failed: Callable[[AgentlsError], object],
    ) -> None:
        self._asked = dict(asked)
        self._show = show
        self._failed = failed
        self._looking = threading.Event()
        self._looking.set()
        self._closed = False
        self._tasks: dict[str, dict[str, Any]] = {}
        self._paused = False
        self._load: Mapping[str, Any] | None = None
        self._rates: Mapping[str, Rates] = {}
        self._next_look = 0.0
        # The process may end while it waits for the daemon.
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def pause(self) -> None:
        """Look at nothing while nobody can see it."""
        self._looking.clear()

    def resume(self) -> None:
        """Go on."""
        self._looking.set()

    def close(self) -> None:
        """End it soon."""
        self._closed = True
        self._looking.set()

    def _run(self) -> None:
        try:
            link = Link(self._list)
            link.persist(self._list)
            while not self._closed:
                self._looking.wait()
                link.persist(self._step)
            link.close()
        except AgentlsError as error:
            if not self._closed:
                self._failed(error)

    def _list(self, client: Client) -> None:
        answer = client.execute("agentls.listTasks", self._asked)
        self._tasks = {task["id"]: task for task in answer["tasks"]}
        self._paused = answer["paused"]
        self._load = None  # another daemon's clock
        self._next_look = 0.0

    def _step(self, client: Client) -> None:
        """Take what comes until there is something to show, and show it."""
        if time.monotonic() >= self._next_look:
            load = client.execute("agentls.load")
            self._rates = rates_between(self._load, load)
            self._load = load
            self._next_look = time.monotonic() + _EVERY
        else:
            left = self._next_look - time.monotonic()
            told = next(client.notifications(seconds=left), None)
            if told is None:
                return
            self._take(told)
        until = time.monotonic() + _AT_ONCE
        for told in client.notifications(seconds=_AT_ONCE):
            self._take(told)
            if time.monotonic() > until:
                break
        load = self._load or {}
        self._show(
            Snapshot(
                tasks=dict(self._tasks),
                paused=self._paused,
                queue=tuple(load.get("queue", ())),
                rates=self._rates,
                available=load.get("available"),
            )
        )

    def _take(self, told: Notification) -> None:
        method, params = told
        if method == "agentls/taskChanged":
            self._take_task(params["task"])
        elif method == "agentls/taskRemoved":
            self._tasks.pop(params["task"], None)
        elif method == "agentls/queueChanged":
            self._paused = params["paused"]
        elif method == "agentls/forecastChanged":
            for one in params["tasks"]:
                if task := self._tasks.get(one["task"]):
                    self._tasks[one["task"]] = {**task, "forecast": one.get("forecast")}

    def _take_task(self, task: dict[str, Any]) -> None:
        known = self._tasks.get(task["id"])
        if known is None and self._asked and not self._is_here(task):
            return
        if known is None or known["rev"] <= task["rev"]:
            self._tasks[task["id"]] = task

    def _is_here(self, task: Mapping[str, Any]) -> bool:
        """Tell whether a new task belongs to the repository that was asked for."""
        others = {one["repository"] for one in self._tasks.values()}
        if others:
            return task["repository"] in others
        self._next_look = 0.0
        return True


def rates_between(
    before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> dict[str, Rates]:
    """Make rates of two answers about what sessions use; by task."""
    earlier = {one["session"]: one for one in before["sessions"]} if before else {}
    seconds = after["at"] - before["at"] if before else 0.0
    found: dict[str, Rates] = {}
    for one in after["sessions"]:
        known = earlier.get(one["session"])
        sum_ = found.get(one["task"], Rates())
        cpu = output = None
        if known is not None and seconds > 0:
            # A process that ended unseen takes its time along.
            cpu = max(0.0, one["cpu"] - known["cpu"]) / seconds + (sum_.cpu or 0)
            output = (one["output"] - known["output"]) / seconds + (sum_.output or 0)
        found[one["task"]] = Rates(
            memory=sum_.memory + one["memory"],
            processes=sum_.processes + one["processes"],
            cpu=sum_.cpu if cpu is None else cpu,
            output=sum_.output if output is None else output,
        )
    return found
