"""The pictures of a report, as SVG that takes the width it is given.

Places are percentages, so that text keeps its size on any screen and on paper. What a
picture shows stands in a table beside it too; colours come from the page's style, where
each kind of time has its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

import attrs

from agentls.report.figures import Bar, Figures, Kind, Row
from agentls.report.words import clock, lasted, safe, shortly

__all__ = ["LABELS", "PATTERNS", "Scale", "axis", "row_picture", "scale_of", "shares"]

LABELS: Mapping[Kind, str] = {
    Kind.QUEUED: "queued",
    Kind.PREPARING: "preparing",
    Kind.WORKING: "working",
    Kind.CHECKING: "checking",
    Kind.WAITING: "asks you",
    Kind.REVIEW: "ready, not looked at",
    Kind.LOOKED: "being reviewed",
    Kind.FAILED: "failed",
    Kind.INTERRUPTED: "interrupted",
}
"""What each kind of time is called, in the order of a task's life."""

_SHORT = {Kind.REVIEW: "ready", Kind.LOOKED: "review"}

PATTERNS = (
    '<svg class="defs" width="0" height="0" aria-hidden="true" focusable="false">'
    '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect class="stripe" width="2.5" height="7"/>'
    "</pattern></defs></svg>"
)
"""Stripes, so that what waits for a person shows without colours too."""

_STEPS = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080)
)
_TICKS_MAX = 9
_LEAST = timedelta(minutes=1)
_WIDE, _NARROW = (1.7, 0.95), (4.0, 2.3)
"""Percent of the width that a label takes, and each of its characters, on a wide screen
and on a narrow one."""


@attrs.frozen(kw_only=True)
class Scale:
    """Where moments stand in a picture."""

    begin: datetime
    end: datetime
    zone: tzinfo

    def at(self, moment: datetime) -> float:
        """Give a moment's place in percent of the width."""
        place = 100 * ((moment - self.begin) / (self.end - self.begin))
        return min(100.0, max(0.0, place))

    def ticks(self) -> tuple[datetime, ...]:
        """Give round times, few enough to be read."""
        length = self.end - self.begin
        step = next((one for one in _STEPS if length / one <= _TICKS_MAX), _STEPS[-1])
        day = self.begin.astimezone(self.zone).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        first = -((day - self.begin.astimezone(self.zone)) // step)
        found: list[datetime] = []
        moment = day + first * step
        while moment <= self.end:
            if moment >= self.begin:
                found.append(moment)
            moment += step
        return tuple(found)

    @property
    def days(self) -> bool:
        """Whether times alone would not tell which day is meant."""
        return (
            self.begin.astimezone(self.zone).date()
            != self.end.astimezone(self.zone).date()
        )


def scale_of(figures: Figures, *, zone: tzinfo) -> Scale:
    """Choose the part of the report's time in which something happened."""
    began = [
        bar.begun
        for row in figures.rows
        for bar in row.bars
        if bar.begun > figures.since
    ]
    ended = [
        moment
        for row in figures.rows
        for moment in (
            *(bar.ended for bar in row.bars),
            *filter(None, (row.merged, row.discarded)),
        )
    ]
    begin = min(began, default=figures.since)
    end = max(ended, default=figures.until)
    # A task that was there before lies at the left edge: some of it must be seen.
    if any(bar.begun < begin for row in figures.rows for bar in row.bars):
        begin = max(figures.since, begin - (end - begin) / 20)
    return Scale(begin=begin, end=max(end, begin + _LEAST), zone=zone)


def axis(scale: Scale) -> str:
    """Draw the times."""
    parts = ['<svg class="axis" aria-hidden="true" height="22" width="100%">']
    for number, moment in enumerate(scale.ticks()):
        place = scale.at(moment)
        anchor = "end" if place > 95 else "start" if place < 3 else "middle"  # noqa: PLR2004 - within the picture
        second = ' class="second"' if number % 2 else ""
        local = moment.astimezone(scale.zone)
        midnight = scale.days and (local.hour, local.minute) == (0, 0)
        text = f"{local:%a} {local.day}" if midnight else f"{local:%H:%M}"
        parts.append(
            f'<text{second} x="{place:.3f}%" y="15" text-anchor="{anchor}">'
            f"{text}</text>"
        )
    parts.append("</svg>")
    return "".join(parts)


def row_picture(row: Row, scale: Scale) -> str:
    """Draw what became of a task."""
    name = f"row-{row.task.id}"
    bars = "".join(_bar(bar, scale) for bar in row.bars if bar.ended > scale.begin)
    grid = "".join(
        f'<line class="grid" x1="{scale.at(one):.3f}%" x2="{scale.at(one):.3f}%"'
        ' y1="0" y2="30"/>'
        for one in scale.ticks()
    )
    told = "; ".join(_told(bar, scale) for bar in row.bars)
    end = "".join(_end(row, scale))
    return (
        f'<svg class="bars" role="img" height="30" width="100%"'
        f' aria-labelledby="{name}-t {name}-d"><title id="{name}-t">'
        f"{safe(row.task.id)}: {safe(row.task.title)}</title>"
        f'<desc id="{name}-d">{safe(told)}</desc>{grid}{bars}{end}</svg>'
    )


def shares(parts: Sequence[tuple[Kind, float]], *, label: str) -> str:
    """Draw what parts there are of a whole, one beside the other."""
    whole = sum(seconds for _, seconds in parts) or 1.0
    told = ", ".join(f"{LABELS[kind]} {lasted(seconds)}" for kind, seconds in parts)
    drawn: list[str] = []
    place = 0.0
    for kind, seconds in parts:
        width = 100 * seconds / whole
        drawn.append(
            _piece(
                kind,
                place=place,
                width=width,
                seconds=seconds,
                text=f"{_SHORT.get(kind, LABELS[kind])} {shortly(seconds)}",
                told=f"{LABELS[kind]}: {lasted(seconds)}, {width:.0f}%",
            )
        )
        place += width
    return (
        '<svg class="bars shares" role="img" height="30" width="100%"'
        f' aria-label="{safe(label)}: {safe(told)}">{"".join(drawn)}</svg>'
    )


def _bar(bar: Bar, scale: Scale) -> str:
    place = scale.at(bar.begun)
    return _piece(
        bar.kind,
        place=place,
        width=scale.at(bar.ended) - place,
        seconds=bar.seconds,
        text=f"{_SHORT.get(bar.kind, LABELS[bar.kind])} {shortly(bar.seconds)}",
        told=_told(bar, scale),
    )


def _told(bar: Bar, scale: Scale) -> str:
    begun = clock(bar.begun, zone=scale.zone, day=scale.days)
    ended = "now" if bar.goes_on else clock(bar.ended, zone=scale.zone)
    why = f". {bar.why}" if bar.why else ""
    return f"{LABELS[bar.kind]}, {begun} to {ended} ({lasted(bar.seconds)}){why}"


def _piece(
    kind: Kind, *, place: float, width: float, seconds: float, text: str, told: str
) -> str:
    """Draw one bar, with its text where that has room."""
    low = kind in {Kind.QUEUED, Kind.PREPARING}
    y, height = (12, 6) if low else (4, 22)
    spot = f'x="{place:.3f}%" y="{y}" width="{width:.3f}%" height="{height}"'
    parts = [
        f'<g class="k-{kind}" data-seconds="{seconds:.3f}"><title>{safe(told)}</title>',
        f'<rect class="bar" {spot} rx="3"/>',
    ]
    if kind.waits_for_a_person:
        parts.append(f'<rect class="over" {spot} rx="3"/>')
    if not low and _fits(text, width, _WIDE):
        narrow = " narrow" if _fits(text, width, _NARROW) else ""
        parts.append(
            f'<svg x="{place:.3f}%" y="{y}" width="{width:.3f}%" height="{height}">'
            f'<text class="in{narrow}" x="6" y="15" aria-hidden="true">{safe(text)}'
            "</text></svg>"
        )
    parts.append("</g>")
    return "".join(parts)


def _fits(text: str, width: float, room: tuple[float, float]) -> bool:
    around, each = room
    return around + each * len(text) <= width


def _end(row: Row, scale: Scale) -> Iterator[str]:
    """Draw how it ended: a mark of its own form, and its word in the tooltip."""
    for moment, kind, sign in (
        (row.merged, "merged", "M-4.5 0.5 L-1.5 3.5 L4.5 -3.5"),
        (row.discarded, "discarded", "M-3.5 -3.5 L3.5 3.5 M3.5 -3.5 L-3.5 3.5"),
    ):
        if moment is None:
            continue
        told = f"{kind} at {clock(moment, zone=scale.zone, day=scale.days)}"
        # The mark lies wholly within the picture.
        shift = -10 if scale.at(moment) > 50 else 10  # noqa: PLR2004 - percent
        yield (
            f'<svg class="end {kind}" x="{scale.at(moment):.3f}%" y="15" overflow='
            f'"visible"><title>{safe(told)}</title><circle r="9" cx="{shift}"/>'
            f'<path transform="translate({shift} 0)" d="{sign}"/></svg>'
        )
