"""What lists say of a task's work in a few words: its size, and what it meets."""

from collections.abc import Mapping
from typing import Any

from agentls.cli.visible import one_line

__all__ = ["conflicts_of", "failed_checks_of", "size_of"]


def size_of(task: Mapping[str, Any]) -> str:
    """Give the lines of a change as `+3 -42`; empty before the first checkpoint."""
    if task.get("files") is None:
        return ""
    if not task["files"]:
        return "none"
    return f"+{task.get('added') or 0} -{task.get('deleted') or 0}"


def conflicts_of(task: Mapping[str, Any]) -> str:
    """Say with what the task would conflict; empty where nothing is known of it."""
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
        if one["outcome"] in {"failed", "timedOut"}
    ]
    return f"failed: {', '.join(failed)}" if failed else ""
