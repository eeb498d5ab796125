"""What lists say of a task in a few words: its size, what it meets, what it asks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agentls.cli.visible import one_line

__all__ = [
    "CHECKS_BAD",
    "asked_of",
    "conflicts_of",
    "failed_checks_of",
    "labels_of",
    "lasted",
    "must_resolve",
    "needed_checks_failed",
    "quiet_of",
    "room",
    "size_of",
    "told_by",
    "usage_of",
]

CHECKS_BAD = frozenset({"failed", "timedOut", "lost"})
"""Outcomes of a check that ran, or should have, and didn't pass."""

_HOUR = 60
_NEXT_UNIT = 1000
_TOLD_BY = {
    "event": "its own event",
    "exit": "its exit",
    "osc": "its terminal",
    "title": "its terminal's title",
    "bell": "its terminal's bell",
    "screen": "its screen",
    "silence": "its silence",
}


def size_of(task: Mapping[str, Any]) -> str:
    """Give the lines of a change as `+3 -42`; empty before the first checkpoint."""
    if task.get("files") is None:
        return ""
    if not task["files"]:
        return "none"
    return f"+{task.get('added') or 0} -{task.get('deleted') or 0}"


def conflicts_of(task: Mapping[str, Any]) -> str:
    """Say with what the task would conflict; empty where nothing is known of it."""
    if task.get("state") == "discarded":
        return ""
    forecast: Mapping[str, Any] = task.get("forecast") or {}
    met = [one_line(task["target"])] if forecast.get("target") == "conflicts" else []
    if forecast.get("user") == "conflicts" or forecast.get("inTheWay"):
        met.append("your changes")
    met += forecast.get("tasks", ())
    return f"conflicts with {', '.join(met)}" if met else ""


def failed_checks_of(task: Mapping[str, Any]) -> str:
    """Name the checks that failed; empty where none did."""
    failed = [
        one_line(one["name"])
        for one in task.get("checks", ())
        if one["outcome"] in CHECKS_BAD
    ]
    return f"failed: {', '.join(failed)}" if failed else ""


def must_resolve(task: Mapping[str, Any]) -> bool:
    """Tell whether a merge into the target would be refused for a conflict."""
    forecast: Mapping[str, Any] = task.get("forecast") or {}
    return forecast.get("target") == "conflicts"


def needed_checks_failed(task: Mapping[str, Any]) -> bool:
    """Tell whether a check stands in the way of the task's merge."""
    return any(
        one["mode"] == "block" and one["outcome"] in CHECKS_BAD
        for one in task.get("checks", ())
    )


def labels_of(task: Mapping[str, Any]) -> str:
    """Give what a task is filed under; empty if it is under nothing."""
    return ", ".join(map(one_line, task.get("labels", ())))


def told_by(task: Mapping[str, Any]) -> str:
    """Say what told a task's state; empty where agentls itself moved it."""
    return _TOLD_BY.get(task.get("source") or "", "")


def asked_of(task: Mapping[str, Any]) -> str:
    """Say what an agent waits for and what answers it; empty if it doesn't wait."""
    asked: Mapping[str, Any] = task.get("asked") or {}
    if not asked:
        return ""
    what = asked["kind"] + (f" for {asked['tool']}" if asked.get("tool") else "")
    answers = [*asked.get("choices", ()), *(["TEXT"] if asked.get("takesText") else [])]
    how = f": agentls respond {task['id']} {'|'.join(answers)}" if answers else ""
    return one_line(what + how)


def quiet_of(task: Mapping[str, Any], *, now: datetime) -> str:
    """Say for how long a working agent has written nothing; empty if it hasn't."""
    if not task.get("quietSince"):
        return ""
    since = datetime.fromisoformat(task["quietSince"])
    return f"quiet for {int((now - since).total_seconds())} s"


def usage_of(usage: Mapping[str, Any]) -> str:
    """Say in a line what a task, or an agent's tasks, took."""
    turns = usage["turns"]
    said = [
        f"{turns} turn{'s' * (turns != 1)}",
        f"worked {lasted(usage['worked'])}",
        f"waited {lasted(usage['waited'])}",
    ]
    if usage.get("input") is not None:
        cached = f" ({usage['cached']:,} cached)" if usage.get("cached") else ""
        said.append(f"{usage['input']:,} tokens in{cached}, {usage['output']:,} out")
    if usage.get("cost") is not None:
        said.append(f"${usage['cost']:.2f}")
    return ", ".join(said)


def lasted(seconds: float) -> str:
    """Say how long something took, in one unit or two."""
    minutes, left = divmod(round(seconds), 60)
    if minutes >= _HOUR:
        return f"{minutes // _HOUR}h{minutes % _HOUR:02}m"
    return f"{minutes}m{left:02}s" if minutes else f"{left}s"


def room(count: float) -> str:
    """Say how many bytes something takes, in one unit."""
    for unit in ("bytes", "KB", "MB"):
        if count < _NEXT_UNIT:
            return f"{count:.0f} {unit}"
        count /= _NEXT_UNIT
    return f"{count:.1f} GB"
