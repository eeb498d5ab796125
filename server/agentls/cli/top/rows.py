"""The lines of the screen: tasks, what there is to know of one, and the forecast.

Everything here is a plain value, made of what was told.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
from rich.text import Text

from agentls.cli.listing import STATE_COLOURS, ago
from agentls.cli.outlook import (
    asked_of,
    conflicts_of,
    failed_checks_of,
    quiet_of,
    size_of,
)
from agentls.cli.places import path_of, short_path
from agentls.cli.top.feed import Rates, Snapshot
from agentls.cli.visible import one_line, shorten, visible

__all__ = ["Column", "columns_for", "detail_of", "head_of", "matrix_of", "rows_of"]

Task = Mapping[str, Any]

_ORDER = {
    state: place
    for place, states in enumerate(
        (
            ("waiting",),
            ("failed", "interrupted"),
            ("review",),
            ("working", "checking"),
            ("preparing",),
            ("queued",),
            ("merged",),
            ("discarded",),
        )
    )
    for state in states
}
_CLOSED = frozenset({"merged", "discarded"})
_NAMES = {"waiting": "asks you", "review": "ready", "interrupted": "interrupted"}
_KIB = 1024


@attrs.frozen(kw_only=True)
class Column:
    """One column of the list."""

    key: str
    title: str
    width: int
    right: bool = False


_ALWAYS = (
    Column(key="task", title="TASK", width=4),
    Column(key="state", title="STATE", width=11),
    Column(key="since", title="FOR", width=4, right=True),
    Column(key="cpu", title="CPU", width=5, right=True),
    Column(key="memory", title="MEM", width=5, right=True),
    Column(key="output", title="OUT/s", width=6, right=True),
)
_MORE = (
    (96, Column(key="agent", title="AGENT", width=10)),
    (110, Column(key="size", title="CHANGE", width=11)),
    (150, Column(key="conflicts", title="CONFLICTS", width=30)),
)
_PADDING = 2
"""Cells around each column."""

_TITLE = 10
"""Cells that the title has at least."""


def columns_for(width: int) -> tuple[Column, ...]:
    """Choose the columns for which a screen has room; the title takes what is left."""
    chosen = [*_ALWAYS, *(column for least, column in _MORE if width >= least)]
    taken = sum(column.width + _PADDING for column in chosen)
    room = max(_TITLE, width - taken - 2 * _PADDING)
    return (*chosen, Column(key="title", title="TITLE", width=room))


def rows_of(
    snapshot: Snapshot, *, text: str, everything: bool, now: datetime
) -> dict[str, dict[str, Text]]:
    """Give the tasks' cells, by id: what needs a person first, then what goes on.

    Only those in which each word of the text is found, and closed ones only if wanted.
    """
    places = {task: place for place, task in enumerate(snapshot.queue)}
    words = text.lower().split()
    shown = [
        task
        for task in snapshot.tasks.values()
        if (everything or task["state"] not in _CLOSED) and _matches(task, words)
    ]
    shown.sort(
        key=lambda task: (
            _ORDER[task["state"]],
            places.get(task["id"], len(places)),
            task["number"],
        )
    )
    return {
        task["id"]: _cells(
            task,
            rates=snapshot.rates.get(task["id"]),
            place=places.get(task["id"]),
            now=now,
        )
        for task in shown
    }


def head_of(snapshot: Snapshot) -> Text:
    """Say how things stand, in a line."""
    states = [task["state"] for task in snapshot.tasks.values()]
    said = Text("agentls", style="bold", no_wrap=True, overflow="ellipsis")
    for names, word in (
        (("waiting",), "ask you"),
        (("failed", "interrupted"), "failed"),
        (("review",), "ready"),
        (("working", "checking", "preparing"), "at work"),
        (("queued",), "queued"),
    ):
        if count := sum(state in names for state in states):
            said.append(f"  {count} {word}", style=STATE_COLOURS[names[0]])
    if snapshot.paused:
        said.append("  queue paused", style="bold yellow")
    rates = snapshot.rates.values()
    cpu = sum(one.cpu or 0 for one in rates)
    memory = sum(one.memory for one in rates)
    said.append(f"  cpu {100 * cpu:.0f}%  mem {_bytes(memory)}", style="not bold")
    if snapshot.available is not None:
        said.append(f" ({_bytes(snapshot.available)} free)", style="not bold")
    return said


def detail_of(task: Task, *, rates: Rates | None, now: datetime) -> Text:
    """Say what there is to know of a task in a few lines."""
    said = Text(one_line(task["title"]), style="bold")
    about = [
        _NAMES.get(task["state"], task["state"]),
        one_line(task["agent"]),
        _change_of(task),
        f"into {one_line(task['target'])}",
        visible(short_path(path_of(task["repository"]))),
    ]
    if rates is not None:
        about.append(f"{rates.processes} process{'es' * (rates.processes != 1)}")
    said.append("\n" + ", ".join(filter(None, about)), style="not bold")
    for line, style in (
        (one_line(task.get("why") or ""), STATE_COLOURS[task["state"]]),
        (asked_of(task), "yellow"),
        (failed_checks_of(task), "red"),
        (quiet_of(task, now=now), ""),
        (conflicts_of(task), "red"),
    ):
        if line:
            said.append(f"\n{line}", style=f"not bold {style}".strip())
    return said


def matrix_of(tasks: Sequence[Task], *, width: int) -> Text:
    """Show what open tasks would conflict with: their target, you, each other."""
    open_ = [task for task in tasks if task.get("forecast")]
    if not open_:
        return Text("No forecast: no open task has a checkpoint yet.")
    names = [task["id"] for task in open_]
    room = max(1, (width - 19) // 5)
    columns = names[:room]
    left = len(names) - len(columns)
    said = Text(no_wrap=True)
    said.append(f"{'':5}{'target':>7}{'yours':>6}", style="bold")
    said.append("".join(f"{name:>5}" for name in columns), style="bold")
    said.append(f"  and {left} more" if left else "")
    for task in open_:
        forecast = task["forecast"]
        met = frozenset(forecast.get("tasks", ()))
        said.append(f"\n{task['id']:5}", style="bold")
        _mark(said, forecast.get("target", "unknown"), 7)
        yours = "conflicts" if forecast.get("inTheWay") else forecast.get("user", "")
        _mark(said, yours, 6)
        for name in columns:
            if name == task["id"]:
                said.append(f"{'':5}")
            else:
                _mark(said, "conflicts" if name in met else "clean", 5)
    said.append("\n✗ would conflict   · goes together   ? nobody can tell", style="dim")
    return said


_MARKS = {
    "conflicts": ("✗", "bold red"),
    "clean": ("·", ""),
    "unknown": ("?", "yellow"),
}


def _change_of(task: Task) -> str:
    size = size_of(task)
    return "no change" if size == "none" else size


def _mark(said: Text, outcome: str, width: int) -> None:
    sign, style = _MARKS.get(outcome, ("?", "yellow"))
    said.append(f"{sign:>{width}}", style=style)


def _matches(task: Task, words: Sequence[str]) -> bool:
    text = " ".join(
        (
            *(task["id"], task["title"], task["agent"], task["state"]),
            *(_NAMES.get(task["state"], ""), path_of(task["repository"])),
            *task.get("labels", ()),
        )
    ).lower()
    return all(word in text for word in words)


def _cells(
    task: Task, *, rates: Rates | None, place: int | None, now: datetime
) -> dict[str, Text]:
    state: str = task["state"]
    name = _NAMES.get(state, state)
    if state == "queued" and place is not None:
        name = f"queued {place + 1}"
    needs = _ORDER[state] <= _ORDER["review"]
    style = f"{'bold ' if needs else ''}{STATE_COLOURS[state]}"
    rates = rates or Rates()
    told = one_line(task.get("why") or "")
    title = Text(one_line(task["title"]), no_wrap=True, overflow="ellipsis")
    if told and state not in _CLOSED:
        title.append(f"  {told}", style="dim")
    return {
        "task": Text(task["id"]),
        "state": Text(name, style=style),
        "since": _right(ago(task["changed"], now=now), 4),
        "cpu": _right("" if rates.cpu is None else f"{100 * rates.cpu:.0f}%", 5),
        "memory": _right(_bytes(rates.memory) if rates.processes else "", 5),
        "output": _right("" if not rates.output else _bytes(round(rates.output)), 6),
        "agent": Text(shorten(one_line(task["agent"]), 10)),
        "size": Text(size_of(task)),
        "conflicts": Text(
            shorten(conflicts_of(task).removeprefix("conflicts with "), 30), style="red"
        ),
        "title": title,
    }


def _right(text: str, width: int) -> Text:
    return Text(f"{text:>{width}}")


def _bytes(count: int) -> str:
    """Write bytes in at most five cells."""
    size = float(count)
    for unit in ("B", "K", "M", "G"):
        if size < 999.5 or unit == "G":  # noqa: PLR2004 - three digits
            break
        size /= _KIB
    whole = unit == "B" or size >= 9.95  # noqa: PLR2004 - one digit and its tenths
    return f"{size:.0f}{unit}" if whole else f"{size:.1f}{unit}"
