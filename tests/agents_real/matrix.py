"""The table of agents and abilities in docs/agents.md: written and read by the run."""

from collections.abc import Mapping

BEGIN = "<!-- written by `make test-agents` -->"
END = "<!-- end of what is written -->"
_YES = "yes"
_NO = "no"

Table = Mapping[str, Mapping[str, bool]]
"""For each ability, by its title, whether it was seen of each agent."""


def write(document: str, table: Table, *, versions: Mapping[str, str]) -> str:
    """Put the table in, between its marks."""
    head = ["", *(f"{agent} {version}" for agent, version in versions.items())]
    rows = [
        [title, *(_YES if seen[agent] else _NO for agent in versions)]
        for title, seen in table.items()
    ]
    lines = [_line(head), _line(["---"] * len(head)), *map(_line, rows)]
    before, after = _around(document)
    return "\n".join([before + BEGIN, "", *lines, "", END + after])


def read(document: str) -> Table:
    """Give what the document says was seen."""
    before, after = _around(document)
    inside = document[len(before) + len(BEGIN) : len(document) - len(after) - len(END)]
    rows = [line for line in inside.splitlines() if line.startswith("|")]
    if not rows:
        return {}
    head, _, *rest = [[cell.strip() for cell in row[1:-1].split("|")] for row in rows]
    agents = [cell.split(" ")[0] for cell in head[1:]]
    return {
        title: {agent: cell == _YES for agent, cell in zip(agents, cells, strict=True)}
        for title, *cells in rest
    }


def lost(known: Table, now: Table) -> tuple[str, ...]:
    """Name what was seen once and isn't any more, of the agents that were run."""
    return tuple(
        f"{agent}: {title}"
        for title, seen in known.items()
        for agent, was in seen.items()
        if was and title in now and not now[title].get(agent, True)
    )


def _around(document: str) -> tuple[str, str]:
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document has no {BEGIN} … {END}")
    return before, after


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
