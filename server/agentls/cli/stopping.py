"""Asking whether an agent that still works is to be stopped for what is wanted."""

import sys

import click

from agentls.client import Client

__all__ = ["wants_stop"]

_LIVE = frozenset({"preparing", "working", "waiting", "checking"})


def wants_stop(client: Client, task: str, *, then: str) -> bool:
    """Ask on a terminal about a task whose agent works; else say no.

    `then` says what is done after it was stopped.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    told = client.execute("agentls.getTask", {"task": task})["task"]
    if told["state"] not in _LIVE:
        return False
    return click.confirm(
        f"The agent of {told['id']} is {told['state']}. Stop it and {then}?", err=True
    )
