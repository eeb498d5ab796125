"""What a person can do next with a task: the commands, as they are typed."""

import os
from collections.abc import Mapping
from typing import Any

from agentls.cli.detach_keys import leaving
from agentls.cli.outlook import must_resolve, needed_checks_failed

__all__ = ["next_steps"]

_BY_STATE: Mapping[str, tuple[str, ...]] = {
    "queued": ("start", "discard"),
    "preparing": ("logs -f", "discard"),
    "working": ("attach", "logs -f", "diff", "stop"),
    "waiting": ("attach", "stop"),
    "checking": ("diff", "stop"),
    "failed": ("logs", "retry", "discard"),
    "interrupted": ("logs", "resume", "retry", "diff", "discard"),
    "merged": ("diff", "undo"),
    "discarded": ("restore",),
}


def next_steps(task: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the commands that make sense for a task as it is; none would be refused."""
    steps: list[str] = []
    ready = task["state"] == "review"
    for step in _review(task) if ready else _BY_STATE.get(task["state"], ()):
        name, _, option = step.partition(" ")
        steps.append(f"agentls {name} {task['id']}{' ' + option if option else ''}")
        if name == "attach" and (keys := leaving(os.environ)):
            steps[-1] += f"   # {keys}"
    return tuple(steps)


def _review(task: Mapping[str, Any]) -> tuple[str, ...]:
    """Give what can be done with work that is ready, and not what is in its way."""
    if task.get("files") == 0:
        return ("logs", 'send "…"', "discard")
    if task.get("openUpdate"):
        return ("brief", "diff", "update", "update --abort", 'send "…"')
    if must_resolve(task):
        how = ("update --resolve agent", "update --resolve editor")
        return ("brief", "diff", *how, 'send "…"', "discard")
    if needed_checks_failed(task):
        return ("brief", "diff", 'send "…"', "check", "merge --force", "discard")
    return ("brief", "diff", "merge", 'send "…"', "discard")
