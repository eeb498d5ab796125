"""The table: what was measured beside what, and the page that keeps it."""

import math
import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import attrs

__all__ = [
    "Line",
    "describe",
    "medians",
    "percentile",
    "table",
    "unmeasured",
    "write_page",
]

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
NOTES = "<!-- notes -->"
"""What stands below this in the page is written by people, and kept."""

_MANY = 100
_SOME = 10


@attrs.frozen(kw_only=True)
class Line:
    """One line of the table."""

    name: str
    agentls: float
    peer_name: str
    peer: float
    target: str = "told only"
    met: bool | None = None
    """None where there is no target."""
    unit: str = "ms"


def unmeasured(name: str) -> Line:
    """Give the line of what could not be measured."""
    return Line(
        name=f"{name}: could not be measured",
        agentls=math.nan,
        peer_name="its peers",
        peer=math.nan,
        target="a figure",
        met=False,
    )


def medians(
    works: Mapping[str, Callable[[], float]], *, rounds: int, warm_up: bool = True
) -> dict[str, float]:
    """Let the works take turns; give each one's median in milliseconds.

    Each runs once before, to warm up, unless that is not wanted.
    """
    times: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + warm_up):
        for name, work in works.items():
            took = work()
            if number or not warm_up:
                times[name].append(took * 1000)
    return {name: statistics.median(found) for name, found in times.items()}


def percentile(times: Sequence[float], share: float) -> float:
    """Give the value below which that share of the times lies."""
    return statistics.quantiles(times, n=100, method="inclusive")[int(share * 100) - 1]


def table(lines: Sequence[Line]) -> str:
    """Give the table as Markdown."""
    rows = [
        "| line | agentls | beside | its figure | ratio | target | |",
        "| --- | ---: | --- | ---: | ---: | --- | --- |",
    ]
    rows += [
        f"| {line.name} | {_figure(line.agentls)} {line.unit} "
        f"| {line.peer_name} | {_figure(line.peer)} {line.unit} "
        f"| {_ratio(line)} | {line.target} | {_verdict(line)} |"
        for line in lines
    ]
    return "\n".join(rows) + "\n"


def describe(*, rounds: int, megabytes: int) -> str:
    """Say where and how it was measured."""
    with Path("/proc/cpuinfo").open() as file:
        model = next((row for row in file if row.startswith("model name")), ": ?")
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.system()} "
        f"{platform.release()} on {platform.machine()}, {os.cpu_count()} cores "
        f"({model.partition(':')[2].strip()}), Python {platform.python_version()}, "
        f"load average {os.getloadavg()[0]:.1f} before the start; "
        f"{rounds} rounds, {megabytes} MB of output."
    )


def write_page(lines: Sequence[Line], *, how: str) -> None:
    """Write docs/performance.md; what stands below the notes' mark stays."""
    before = PAGE.read_text("utf-8") if PAGE.exists() else ""
    _, mark, notes = before.partition(NOTES)
    PAGE.write_text(
        "# Performance\n\n"
        "Written by `make bench`: agentls and its peers take turns in one run on one "
        "machine; each figure is the median of the rounds. Ratios mean more than "
        "milliseconds: the machine is shared and noisy. What each line measures "
        "stands at the top of its module in [`benchmarks/`](../benchmarks/).\n\n"
        f"{how}\n\n{table(lines)}\n{NOTES}{notes if mark else chr(10)}",
        "utf-8",
    )


def _figure(value: float) -> str:
    """Write a figure with as many places as it has meaning."""
    places = 0 if value >= _MANY else 1 if value >= _SOME else 2
    return f"{value:.{places}f}"


def _ratio(line: Line) -> str:
    return f"{line.agentls / line.peer:.2f}" if line.peer else "-"


def _verdict(line: Line) -> str:
    return {None: "", True: "met", False: "**missed**"}[line.met]
