"""Plain tables: aligned columns, cut to the terminal, one row a line.

No rich here: drawing `agentls ls` with it would cost more than all the rest.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import click

from agentls.cli.visible import cells, one_line, shorten

__all__ = ["Column", "print_table"]

_GAP = "  "
_NARROWEST = 12
"""Columns that the one which gives way keeps at least."""


class Column(NamedTuple):  # attrs would cost `agentls ls` more than the table does
    """One column: its heading, and the colour of a cell."""

    title: str
    colour: Callable[[str], str | None] = lambda _: None
    gives_way: bool = False
    """Cut when the line would be wider than the terminal."""


def print_table(
    rows: Sequence[Sequence[str]], *, columns: Sequence[Column], width: int | None
) -> None:
    """Print rows under headings; `width` is the terminal's, None for no limit."""
    shown = [[one_line(cell) for cell in row] for row in rows]
    heads = [column.title for column in columns]
    widths = [
        max(cells(row[at]) for row in [heads, *shown]) for at in range(len(columns))
    ]
    if width is not None:
        over = sum(widths) + len(_GAP) * (len(widths) - 1) - width
        for at, column in enumerate(columns):
            if column.gives_way and over > 0:
                widths[at] = max(_NARROWEST, widths[at] - over)
    click.echo(_line(heads, widths, paint=lambda _, cell: click.style(cell, bold=True)))
    for row in shown:
        click.echo(
            _line(
                row,
                widths,
                paint=lambda at, cell: click.style(
                    cell, fg=columns[at].colour(cell.rstrip())
                ),
            )
        )


def _line(
    row: Sequence[str], widths: Sequence[int], *, paint: Callable[[int, str], str]
) -> str:
    parts: list[str] = []
    for at, (cell, wide) in enumerate(zip(row, widths, strict=True)):
        text = shorten(cell, wide)
        last = at == len(widths) - 1
        parts.append(paint(at, text if last else text + " " * (wide - cells(text))))
    return _GAP.join(parts).rstrip()
