"""Waiting for a task's rest, whatever becomes of the daemon meanwhile."""

from typing import Any

import click

from agentls.cli.link import Link
from agentls.cli.visible import one_line
from agentls.client import Client

__all__ = ["wait_for_rest"]

_REST = frozenset({"review", "merged", "failed", "interrupted", "discarded"})


def wait_for_rest(task: str) -> dict[str, Any]:
    """Wait until nothing more happens to the task by itself; give it.

    When its agent waits for an answer, that is said on standard error.
    """
    link = Link(lambda _: None)
    try:
        return link.persist(lambda client: _wait(client, task))
    finally:
        link.close()


def _wait(client: Client, task: str) -> dict[str, Any]:
    told: dict[str, Any] = client.execute("agentls.getTask", {"task": task})["task"]
    said = ""
    notifications = client.notifications()
    while told["state"] not in _REST:
        if told["state"] == "waiting" and said != told.get("why", ""):
            said = told.get("why", "")
            click.echo(
                f"{told['id']} waits for you: {one_line(said)}"
                f" (agentls attach {told['id']})",
                err=True,
            )
        told = next(
            params["task"]
            for method, params in notifications
            if method == "agentls/taskChanged" and params["task"]["id"] == told["id"]
        )
    return told
