"""Waiting for what tasks come to, by events, whatever becomes of the daemon."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from agentls.cli.link import Link
from agentls.cli.visible import one_line
from agentls.client import Client

__all__ = ["Task", "Tasks", "follow_tasks", "wait_for_rest"]

Task = dict[str, Any]
"""A task as the daemon shows it."""

Tasks = Mapping[str, Task]
"""Those that are waited for, by their ids."""

_REST = frozenset({"review", "merged", "failed", "interrupted", "discarded"})


def wait_for_rest(task: str) -> Task:
    """Wait until nothing more happens to the task by itself; give it.

    When its agent waits for an answer, that is said on standard error.
    """

    def rests(tasks: Tasks) -> bool:
        return all(one["state"] in _REST for one in tasks.values())

    tasks, _ = follow_tasks([task], until=rests)
    (told,) = tasks.values()
    return told


def follow_tasks(
    names: Sequence[str],
    *,
    until: Callable[[Tasks], bool],
    seconds: float | None = None,
    wanted: frozenset[str] = frozenset(),
) -> tuple[Tasks, bool]:
    """Wait until something is true of the tasks; give them, and whether it came true.

    It didn't when `seconds` have passed. An agent that waits for an answer is named
    on standard error, unless `waiting` is one of the states that are wanted.
    """
    following = _Following(names, until=until, seconds=seconds, wanted=wanted)
    link = Link(lambda _: None)
    try:
        reached = link.persist(following.run)
    finally:
        link.close()
    return following.tasks, reached


class _Following:
    """What is known of the tasks, from one daemon to the next."""

    def __init__(
        self,
        names: Sequence[str],
        *,
        until: Callable[[Tasks], bool],
        seconds: float | None,
        wanted: frozenset[str],
    ) -> None:
        self.tasks: dict[str, Task] = {}
        self._names = names
        self._until = until
        # This clock stands while the machine sleeps: no false time-out at its wake.
        self._end = None if seconds is None else time.monotonic() + seconds
        self._wanted = wanted
        self._said: dict[str, str] = {}

    def run(self, client: Client) -> bool:
        """Follow them with this daemon; tell whether it came true."""
        for name in self._names:
            self._take(client.execute("agentls.getTask", {"task": name})["task"])
        while not self._until(self.tasks):
            left = None if self._end is None else self._end - time.monotonic()
            told = next(client.notifications(seconds=left), None)
            if told is None:
                return False
            self._hear(told.method, told.params)
        return True

    def _hear(self, method: str, params: Any) -> None:
        if method == "agentls/taskChanged" and params["task"]["id"] in self.tasks:
            self._take(params["task"])
        elif method == "agentls/taskRemoved" and params["task"] in self.tasks:
            gone = {"state": "discarded", "why": "Its creation was cancelled."}
            self._take({**self.tasks[params["task"]], **gone, "rev": params["rev"]})

    def _take(self, task: Task) -> None:
        name, why = task["id"], task.get("why", "")
        if name in self.tasks and self.tasks[name]["rev"] > task["rev"]:
            return  # it was told before the answer that we have
        self.tasks[name] = task
        if task["state"] != "waiting":
            self._said.pop(name, None)
        elif "waiting" not in self._wanted and self._said.get(name) != why:
            self._said[name] = why
            click.echo(
                f"{name} waits for you: {one_line(why)} (agentls attach {name})",
                err=True,
            )
