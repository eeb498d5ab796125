"""The briefing: what a person should know before they look at a task's change.

A Markdown document of sections; one that has nothing to say is left out. What
others wrote stands in quotes and fences, so that it can't pose as ours.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from agentls.git.changes import ChangedFile, Status
from agentls.git.wording import shown
from agentls.model import CheckMode, CheckOutcome, CheckResult, Task
from agentls.review.comments import PlacedComment
from agentls.review.outlook import Outcome, Outlook, TaskForecast

__all__ = ["Briefing", "Figures", "write_briefing", "write_for_others"]

_FILES_SHOWN = 200
_OTHERS_MAX = 60_000
"""Characters; forges refuse more than 65,536."""

_MARKS = {
    Status.ADDED: "new",
    Status.DELETED: "deleted",
    Status.RENAMED: "renamed",
    Status.COPIED: "copied",
    Status.TYPE_CHANGED: "of another type",
}
_OUTCOMES = {
    CheckOutcome.WAITING: "not run yet",
    CheckOutcome.RUNNING: "running",
    CheckOutcome.TIMED_OUT: "took too long",
    CheckOutcome.LOST: "could not be run",
    CheckOutcome.SKIPPED: "not needed: none of its files was changed",
}


@attrs.frozen(kw_only=True)
class Figures:
    """How large a change is."""

    files: int
    added: int
    deleted: int


@attrs.frozen(kw_only=True)
class Briefing:
    """All that a briefing tells."""

    task: Task
    prompts: Sequence[str]
    """What was asked, in its order."""
    said: str
    """What the agent said last, or what its screen showed; may be empty."""
    figures: Figures | None
    """None where there is no change to read."""
    files: Sequence[ChangedFile] = ()
    outputs: Mapping[str, str] = {}
    """The end of what failed checks wrote, by their names."""
    comments: Sequence[PlacedComment] = ()
    """Those that are open or sent."""
    forecast: TaskForecast | None = None
    """None where nobody has looked yet."""
    spent: str = ""
    """What it took, in a line; may be empty."""


def write_briefing(briefing: Briefing) -> str:
    """Write a briefing as Markdown."""
    sections = (
        _head(briefing.task),
        briefing.spent,
        _asked(briefing.prompts),
        _section("What the agent said last", _fenced(briefing.said)),
        _change(briefing),
        _checks(briefing.task.checks, briefing.outputs),
        _section("Comments", *(_comment(one) for one in briefing.comments)),
        _forecast(briefing.forecast, target=briefing.task.target),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def write_for_others(briefing: Briefing) -> str:
    """Write what a pull request tells of a briefing, as Markdown.

    What is between a person and their agents stays here: comments, forecast, and what
    checks and the agent's screen showed.
    """
    task = briefing.task
    sections = (
        _asked(briefing.prompts),
        _section("What the agent said last", _fenced(briefing.said)),
        _change(briefing),
        _checks(task.checks, {}),
    )
    end = f"\n\nAgent: {task.agent}\nTask: {task.id}\n"
    text = "\n\n".join(section for section in sections if section)
    return text[: _OTHERS_MAX - len(end)] + end


def _head(task: Task) -> str:
    state = f"`{task.id}` by {task.agent}, {task.state}"
    why = f": {_line(task.why)}" if task.why else ""
    where = f"`{task.branch}` → `{task.target}`"
    labels = f"Labels: {_line(', '.join(task.labels))}" if task.labels else ""
    lines = (
        f"# {_line(task.title)}",
        f"{state}{why}",
        where,
        labels,
        _line(task.chosen),
    )
    return "\n\n".join(line for line in lines if line)


def _asked(prompts: Sequence[str]) -> str:
    return _section("What was asked", *(_quoted(prompt) for prompt in prompts))


def _change(briefing: Briefing) -> str:
    figures = briefing.figures
    if figures is None:
        return ""
    if not figures.files:
        return _section("Change", "Nothing was changed.")
    lines = [_file(file) for file in briefing.files[:_FILES_SHOWN]]
    if (more := figures.files - len(lines)) > 0:
        lines.append(f"- and {more} more")
    plural = "s" * (figures.files != 1)
    count = f"{figures.files} file{plural}, +{figures.added} −{figures.deleted}"
    return _section(f"Change: {count}", "\n".join(lines))


def _file(file: ChangedFile) -> str:
    lines = "binary" if file.binary else f"+{file.added} −{file.deleted}"
    mark = _MARKS.get(file.status)
    from_ = ""
    if file.old_path != file.path:
        from_ = f" from {_code(shown(file.old_path))}"
    return f"- {_code(file.display)} {lines}" + (f" ({mark}{from_})" if mark else "")


def _checks(results: Sequence[CheckResult], outputs: Mapping[str, str]) -> str:
    rows = ["| check | result | time |", "| --- | --- | --- |"]
    for one in results:
        mode = "" if one.mode is CheckMode.BLOCK else " (informs)"
        outcome = _OUTCOMES.get(one.outcome, one.outcome)
        bold = f"**{outcome}**" if one.outcome.bad else outcome
        time = "" if one.seconds is None else _duration(one.seconds)
        rows.append(f"| {one.name}{mode} | {bold} | {time} |")
    tails = [
        f"The end of {name}:\n\n{_fenced(text)}"
        for name, text in outputs.items()
        if text.strip()
    ]
    return _section("Checks", "\n".join(rows), *tails) if results else ""


def _comment(placed: PlacedComment) -> str:
    comment = placed.comment
    where = "The whole change"
    if placed.path:
        where = _code(
            shown(placed.path) + (f":{placed.lines.first}" if placed.lines else "")
        )
    if comment.id != comment.thread:
        where = f"Reply to {comment.thread}"
    who = comment.author or "you"
    answer = f"; {placed.answer.how}" if placed.answer else ""
    head = f"{comment.id}. {where} ({who}, {comment.state}{answer}):"
    return f"{head}\n\n{_quoted(comment.text)}"


def _forecast(forecast: TaskForecast | None, *, target: str) -> str:
    if forecast is None:
        return ""
    sides = [
        (_code(target), forecast.target),
        ("what you haven't committed", forecast.user),
        *((f"task {_code(task)}", one) for task, one in forecast.tasks.items()),
    ]
    lines = [f"- With {name}: {_outlook(outlook)}" for name, outlook in sides]
    if forecast.in_the_way:
        names = ", ".join(_code(shown(path)) for path in forecast.in_the_way)
        lines.append(f"- In the way of a merge, with uncommitted changes: {names}")
    return _section("Forecast", "\n".join(lines))


def _outlook(outlook: Outlook) -> str:
    if outlook.outcome is Outcome.CLEAN:
        return "goes together"
    names = ", ".join(_code(shown(file.path)) for file in outlook.files)
    said = "**conflicts**" if outlook.outcome is Outcome.CONFLICTS else "can't be told"
    return f"{said} in {names}" if names else said


def _section(title: str, *parts: str) -> str:
    told = [part for part in parts if part]
    return "\n\n".join((f"## {title}", *told)) if told else ""


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in _lines(text))


def _fenced(text: str) -> str:
    lines = [line.rstrip() for line in _lines(text)]
    if not any(lines):
        return ""
    longest = max((len(run) for line in lines for run in _ticks(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((fence, *lines, fence))


def _code(text: str) -> str:
    ticks = "`" * (1 + max((len(run) for run in _ticks(text)), default=0))
    space = " " if "`" in text else ""
    return f"{ticks}{space}{_line(text)}{space}{ticks}"


def _ticks(text: str) -> Iterable[str]:
    return re.findall(r"`+", text)


def _lines(text: str) -> Iterator[str]:
    yield from text.strip("\n").split("\n")


def _line(text: str) -> str:
    return " ".join(text.split())


def _duration(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
