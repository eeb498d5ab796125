"""`make bench`: agentls beside its peers, in one run on one machine.

Agentls and its peers take turns, and the median of the rounds counts. The table
goes to docs/performance.md with `--write`. A missed target is printed as missed, and
so is a line that could not be measured: the others are measured all the same, and the
exit status is 1.
What a line measures, and how, stands at the top of its module.
"""

import argparse
import sys
import traceback
from collections.abc import Callable, Mapping

import attach
import changes
import checkpoint
import echo
import events
import forecast
import hundred
import idle
import launch
import listing
import merge
import neovim
import output
import start
import worktrees
from figures import Line, describe, table, unmeasured, write_page
from peers import install_packages

_SIZES = (200, 5_000, 50_000)
_PANEL_MEGABYTES = 20
"""Of output; with much more, `:terminal` takes minutes."""

Measure = Callable[[], list[Line]]


def measures(options: argparse.Namespace) -> Mapping[str, Measure]:
    """Give what can be measured, by the name that `--only` takes."""
    rounds = options.rounds
    return {
        "merge": lambda: merge.measure(rounds * 2, files=50_000),
        "start": lambda: start.measure(rounds * 2),
        "bridge": lambda: launch.measure_bridge(rounds * 2),
        "cli": lambda: launch.measure_cli(rounds * 2),
        "events": lambda: events.measure(rounds * 4),
        "echo": lambda: echo.measure(
            rounds, keys=options.keys, sessions=options.sessions
        ),
        "changes": lambda: changes.measure(rounds, sizes=tuple(options.changed)),
        "forecast": lambda: forecast.measure(rounds, files=options.files),
        "create": lambda: worktrees.measure_create(
            rounds, sizes=tuple(one for one in _SIZES if one <= options.files)
        ),
        "remove": lambda: worktrees.measure_remove(rounds, files=options.files),
        "list": lambda: listing.measure(rounds * 4, tasks=options.tasks),
        "checkpoint": lambda: checkpoint.measure(rounds, files=options.files),
        "attach": lambda: attach.measure(rounds, megabytes=options.megabytes * 2),
        "neovim": lambda: neovim.measure(
            rounds, megabytes=min(options.megabytes, _PANEL_MEGABYTES)
        ),
        "output": lambda: output.measure(rounds, megabytes=options.megabytes),
        "hundred": lambda: hundred.measure(
            agents=options.sessions, seconds=options.seconds * 6
        ),
        "idle": lambda: idle.measure(
            sessions=options.sessions, seconds=options.seconds
        ),
    }


def main() -> int:
    """Measure and print; with `--write`, keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--keys", type=int, default=200, help="in each round")
    parser.add_argument("--sessions", type=int, default=100, help="that are idle")
    parser.add_argument("--seconds", type=float, default=10, help="of idleness")
    parser.add_argument(
        "--changed", type=int, nargs="+", default=[1_000, 10_000], help="files"
    )
    parser.add_argument("--files", type=int, default=50_000, help="in the repository")
    parser.add_argument("--tasks", type=int, default=1_000, help="in the list")
    parser.add_argument("--only", default="", help="names, with commas between them")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    known = measures(options)
    names = options.only.split(",") if options.only else list(known)
    if unknown := set(names) - set(known):
        parser.error(
            f"no such line: {', '.join(unknown)}; there are {', '.join(known)}"
        )
    install_packages()
    how = describe(rounds=options.rounds, megabytes=options.megabytes)
    lines: list[Line] = []
    failed: list[str] = []
    for name in names:
        print(f"== {name}", file=sys.stderr, flush=True)
        try:
            measured = known[name]()
        except Exception:  # noqa: BLE001 - hours of the other lines would be lost
            traceback.print_exc()
            failed.append(name)
            measured = [unmeasured(name)]
        lines += measured
        print(table(measured), file=sys.stderr, flush=True)
    print(how, table(lines), sep="\n\n")
    if options.write:
        write_page(lines, how=how)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
