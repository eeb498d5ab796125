"""A report as one HTML page that needs nothing from outside and runs nothing."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from importlib import resources

import attrs

from agentls.model import State, Usage
from agentls.report.chart import (
    LABELS,
    PATTERNS,
    axis,
    row_picture,
    scale_of,
    shares,
)
from agentls.report.figures import Bar, Figures, Kind, Row
from agentls.report.words import clock, lasted, safe

__all__ = ["page"]

_LONGEST = 10
"""How many waits are named."""

_BECAME = {
    State.MERGED: "merged",
    State.WORKING: "sent back",
    State.DISCARDED: "discarded",
    State.CHECKING: "checked again",
}
_ENDS = {State.MERGED: "c-merged", State.FAILED: "c-failed", State.REVIEW: "c-review"}


def page(figures: Figures, *, zone: tzinfo, where: str = "") -> str:
    """Write the page; `where` names the repository, if it is about one alone."""
    begin, end = figures.since.astimezone(zone), figures.until.astimezone(zone)
    one_day = begin.date() == end.date()
    title = f"{begin:%A}, {begin.day} {begin:%B %Y}"
    if not one_day:
        title = f"{begin.day} {begin:%b} to {end.day} {end:%b %Y}"
    times = f"{clock(begin, zone=zone, day=not one_day)} to {clock(end, zone=zone)}"
    about = safe(where) if where else "all repositories"
    body = "".join(_sections(figures, zone=zone))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
        " style-src 'unsafe-inline'\">\n"
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>agentls: {title}</title>\n<style>\n{_style()}</style>\n</head>\n"
        f"<body>\n{PATTERNS}\n<main>\n<header><h1>{title}</h1>"
        f'<p class="soft">{times}, {about}</p></header>\n{_tiles(figures)}\n{body}'
        "<footer>Made by agentls. What happened before it kept a history, and outside"
        " of this time, isn’t shown.</footer>\n</main>\n</body>\n</html>\n"
    )


def _style() -> str:
    return resources.files("agentls.report").joinpath("page.css").read_text("utf-8")


def _tiles(figures: Figures) -> str:
    merged = figures.merged
    added = sum(row.task.added or 0 for row in merged)
    deleted = sum(row.task.deleted or 0 for row in merged)
    tiles = [
        (str(len(figures.rows)), "tasks were open"),
        (str(len(merged)), "merged"),
        (f"+{added:,} −{deleted:,}", "lines merged"),
        (lasted(figures.worked), "agents worked, all together"),
        (lasted(figures.waited), "tasks waited for you, all together"),
        (_or_dash(figures.until_opened), "ready until looked at (median)"),
        (_or_dash(figures.until_merged), "ready until merged (median)"),
    ]
    items = "".join(
        f"<li><b>{value}</b><span>{what}</span></li>" for value, what in tiles
    )
    return f'<ul class="tiles">{items}</ul>'


def _sections(figures: Figures, *, zone: tzinfo) -> Iterator[str]:
    if not figures.rows:
        yield (
            "<section><h2>Nothing happened</h2><p>No task was open in this"
            " time.</p></section>\n"
        )
        return
    yield _time_line(figures, zone=zone)
    if figures.waits:
        yield _waits(figures, zone=zone)
    if figures.reviews:
        yield _reviews(figures, zone=zone)
    yield _agents(figures)
    yield _tasks(figures)


def _time_line(figures: Figures, *, zone: tzinfo) -> str:
    scale = scale_of(figures, zone=zone)
    used = figures.totals()
    legend = "".join(
        f'<li class="k-{kind}"><svg width="18" height="12" aria-hidden="true">'
        f"{_swatch(kind)}</svg>{label}</li>"
        for kind, label in LABELS.items()
        if kind in used
    )
    rows = "".join(
        f'<li><div class="name"><b><bdi>{safe(row.task.title)}</bdi></b>'
        f"<span>{safe(row.task.id)} · {safe(row.task.agent)} · {_outcome(row)}</span>"
        f"</div>{row_picture(row, scale)}</li>"
        for row in figures.rows
    )
    shown = clock(scale.begin, zone=zone, day=scale.days)
    return (
        "<section><h2>Time line</h2>"
        f'<p class="soft">From {shown} on, when the first thing happened. Striped:'
        " nothing goes on until you act. A tick: merged; a cross: discarded.</p>"
        f'<ul class="legend">{legend}</ul><ol class="rows"><li class="times"'
        f' aria-hidden="true"><div class="name"></div>{axis(scale)}</li>{rows}</ol>'
        "</section>\n"
    )


def _swatch(kind: Kind) -> str:
    low = kind in {Kind.QUEUED, Kind.PREPARING}
    spot = 'y="4" height="4"' if low else 'height="12"'
    over = f'<rect class="over" width="18" {spot} rx="2"/>'
    return f'<rect class="bar" width="18" {spot} rx="2"/>' + (
        over if kind.waits_for_a_person else ""
    )


def _waits(figures: Figures, *, zone: tzinfo) -> str:
    longest = figures.waits[:_LONGEST]
    most = longest[0].bar.seconds
    rows = [
        (
            _cell(lasted(wait.bar.seconds), "n"),
            _length(wait.bar, most=most),
            _title(wait.task.title),
            _cell(LABELS[wait.bar.kind], "nw"),
            _cell(clock(wait.bar.begun, zone=zone, day=_days(figures, zone)), "n"),
            _cell(safe(wait.task.id), "nw"),
        )
        for wait in longest
    ]
    return (
        "<section><h2>What waited for you longest</h2>"
        '<p class="soft">Times in which nothing went on until you acted, of'
        f" {len(figures.waits)} such times.</p>"
        + _table(
            (
                _Head(name="Waited", style="n"),
                _Head(name="", style="length"),
                _Head(name="Title", style="title"),
                _Head(name="Because"),
                _Head(name="Since", style="n"),
                _Head(name="Task"),
            ),
            rows,
            caption="What waited for you longest",
        )
        + "</section>\n"
    )


def _length(bar: Bar, *, most: float) -> str:
    return (
        f'<td class="length"><svg class="bars k-{bar.kind}" width="100%" height="10"'
        ' aria-hidden="true"><rect class="bar" height="10" rx="3"'
        f' width="{100 * bar.seconds / most:.2f}%"/></svg></td>'
    )


def _reviews(figures: Figures, *, zone: tzinfo) -> str:
    rows = [
        (
            _cell(clock(one.ready, zone=zone, day=_days(figures, zone)), "n"),
            _title(one.task.title),
            _cell(lasted(one.waited) if one.opened else f"{lasted(one.waited)} *", "n"),
            _cell(lasted(one.looked) if one.opened else "–", "n"),
            _cell(
                f'<span class="badge {_ENDS.get(one.end or State.REVIEW, "")}">'
                f"{_BECAME.get(one.end, str(one.end)) if one.end else 'still ready'}"
                "</span>",
                "nw",
            ),
            _cell(safe(one.task.id), "nw"),
        )
        for one in figures.reviews
    ]
    unseen = any(not one.opened for one in figures.reviews)
    note = " * Nobody had looked at it by then." if unseen else ""
    return (
        "<section><h2>Reviews</h2>"
        '<p class="soft">How long each waited for your first look, and how long you'
        f" took from there.{note}</p>"
        + _table(
            (
                _Head(name="Ready", style="n"),
                _Head(name="Title", style="title"),
                _Head(name="Until looked at", style="n"),
                _Head(name="Then", style="n"),
                _Head(name="Became"),
                _Head(name="Task"),
            ),
            rows,
            caption="Reviews",
        )
        + "</section>\n"
    )


def _agents(figures: Figures) -> str:
    rows = [
        (
            f'<th scope="row">{safe(one.agent)}</th>',
            _cell(f"{one.tasks:,}", "n"),
            _cell(f"{one.merged:,}", "n"),
            _cell(f"{one.discarded:,}", "n"),
            _cell(f"+{one.added:,} −{one.deleted:,}", "n"),
            _cell(f"{one.turns:,}", "n"),
            _cell(lasted(one.worked), "n"),
            _cell(lasted(one.waited), "n"),
            _cell(*_used(one.usage)),
        )
        for one in figures.agents
    ]
    return (
        "<section><h2>Agents</h2>"
        '<p class="soft">Tokens and cost, where an agent tells them, are of its tasks’'
        " whole life.</p>"
        + _table(
            (
                _Head(name="Agent"),
                *(
                    _Head(name=name, style="n")
                    for name in (
                        "Tasks",
                        "Merged",
                        "Discarded",
                        "Lines merged",
                        "Turns",
                        "Worked",
                        "Asked you for",
                        "Tokens in / out, cost",
                    )
                ),
            ),
            rows,
            caption="Agents",
        )
        + "</section>\n"
    )


def _tasks(figures: Figures) -> str:
    """Show the figures behind the pictures."""
    kinds = tuple(figures.totals())
    rows = [
        (
            f'<th scope="row">{safe(row.task.id)}</th>',
            _title(row.task.title),
            _cell(_outcome(row), "nw"),
            *(
                _cell(lasted(seconds) if (seconds := row.seconds(kind)) else "–", "n")
                for kind in kinds
            ),
            _cell(str(row.turns), "n"),
        )
        for row in figures.rows
    ]
    totals = tuple(figures.totals().items())
    return (
        "<section><h2>Where the time went</h2>"
        '<p class="soft">All tasks together, and each of them: the figures of the time'
        f" line.</p>{shares(totals, label='All tasks together')}"
        + _table(
            (
                _Head(name="Task"),
                _Head(name="Title", style="title"),
                _Head(name="Now"),
                *(_Head(name=LABELS[kind].capitalize(), style="n") for kind in kinds),
                _Head(name="Turns", style="n"),
            ),
            rows,
            caption="Time of each task",
        )
        + "</section>\n"
    )


@attrs.frozen(kw_only=True)
class _Head:
    name: str
    style: str = ""


def _table(
    heads: Sequence[_Head], rows: Iterable[Sequence[str]], *, caption: str
) -> str:
    head = "".join(
        f'<th scope="col" class="{one.style}">{one.name}</th>'
        if one.name
        else f'<td class="{one.style}"></td>'
        for one in heads
    )
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(text: str, style: str = "") -> str:
    return f'<td class="{style}">{text}</td>'


def _title(text: str) -> str:
    return _cell(f"<bdi>{safe(text)}</bdi>", "title")


def _outcome(row: Row) -> str:
    style = _ENDS.get(row.task.state, "")
    return f'<span class="{style}">{row.task.state}</span>'


def _used(usage: Usage | None) -> tuple[str, str]:
    if usage is None:
        return "–", "n"
    cost = "" if usage.cost is None else f", ${usage.cost:.2f}"
    return f"{usage.input:,} / {usage.output:,}{cost}", "n"


def _or_dash(seconds: float | None) -> str:
    return "–" if seconds is None else lasted(seconds)


def _days(figures: Figures, zone: tzinfo) -> bool:
    """Tell whether a time alone would not say which day is meant."""
    first = min(
        (one.ready for one in figures.reviews),
        default=figures.since,
    )
    begin = min(first, figures.since).astimezone(zone).date()
    return begin != figures.until.astimezone(zone).date()
