"""`agentls wait`: a script goes on when tasks have come to a state."""

import click

from agentls.cli.arguments import tasks_argument
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.statuses import TaskFailed, TimedOut
from agentls.cli.visible import brief, one_line
from agentls.cli.waiting import Task, Tasks, follow_tasks

__all__ = ["wait"]

_SAID = {
    "queued": "waits in the queue",
    "preparing": "is prepared",
    "working": "works",
    "waiting": "waits for you",
    "checking": "is checked",
    "review": "is ready for review",
    "failed": "failed",
    "interrupted": "was interrupted",
    "merged": "is merged",
    "discarded": "was discarded",
}
_NEEDS_A_PERSON = frozenset(
    {"waiting", "review", "failed", "interrupted", "merged", "discarded"}
)
_BAD_ENDS = frozenset({"failed", "interrupted", "discarded"})
_ENDS = _BAD_ENDS | {"merged"}
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _states(
    _ctx: click.Context, _param: click.Parameter, text: str | None
) -> frozenset[str] | None:
    """Read names of states with commas between them."""
    if text is None:
        return None
    states = frozenset(one.strip() for one in text.split(","))
    if unknown := sorted(states - set(_SAID)):
        there = ", ".join(_SAID)
        raise click.BadParameter(f"{unknown[0]!r} is no state; there are {there}.")
    return states


def _seconds(
    _ctx: click.Context, _param: click.Parameter, text: str | None
) -> float | None:
    """Read a number of seconds, or one with s, m, h or d behind it."""
    if text is None:
        return None
    number, unit = (text[:-1], text[-1:]) if text[-1:] in _UNITS else (text, "s")
    try:
        seconds = float(number) * _UNITS[unit]
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise click.BadParameter(f"{text!r} is no duration; write 90, 90s, 5m or 2h.")
    return seconds


@click.command(cls=Command)
@tasks_argument
@click.option(
    "--until",
    callback=_states,
    metavar="STATE[,STATE]",
    help="The states that are waited for; if absent, any in which a task needs you or"
    " is over: waiting, review, failed, interrupted, merged, discarded.",
)
@click.option(
    "--any", "any_", is_flag=True, help="Return when one of the tasks has come there."
)
@click.option(
    "--timeout",
    callback=_seconds,
    metavar="DURATION",
    help="Wait no longer: seconds, or 5m, 2h, 1d.",
)
@json_option
def wait(
    *,
    tasks: tuple[str, ...],
    until: frozenset[str] | None,
    any_: bool,
    timeout: float | None,
    as_json: bool,
) -> None:
    """Wait until tasks have come to a state, or can't any more.

    The exit status is 0 when all have (with --any, one), 8 when a task has ended
    otherwise, 124 when the time was over. Without --until it is 8 for a task that
    failed, was interrupted or discarded.
    """
    wanted = until or _NEEDS_A_PERSON
    over = wanted | _ends(wanted)

    def true(known: Tasks) -> bool:
        reached = [one["state"] in wanted for one in known.values()]
        ended = [one["state"] in over for one in known.values()]
        return all(ended) or (any_ and any(reached))

    known, in_time = follow_tasks(tasks, until=true, seconds=timeout, wanted=wanted)
    good = wanted if until else wanted - _BAD_ENDS
    reached = [one for one in known.values() if one["state"] in good]
    if as_json:
        print_json({"inTime": in_time, "tasks": list(known.values())})
    else:
        for one in reached:
            click.echo(f"{_named(one)}: {brief(one['title'])}")
    if not in_time:
        left = [one for one in known.values() if one["state"] not in over]
        raise TimedOut(
            f"The time is over. {'; '.join(map(_named, left))}.",
            hint="Nothing was stopped; wait again, or `agentls show` one of them.",
        )
    others = [one for one in known.values() if one["state"] not in good]
    if others and not (any_ and reached):
        raise TaskFailed(
            " ".join(f"{_named(one)}. {one_line(one.get('why', ''))}" for one in others)
            .replace(" .", ".")
            .rstrip(),
            hint=f"`agentls show {others[0]['id']}` says what can be done;"
            " the prompt and the work are kept.",
        )


def _ends(wanted: frozenset[str]) -> frozenset[str]:
    """Give the states from which none that is wanted follows by itself.

    A task in review rests, but for who waits for a person's decision about it.
    """
    return _ENDS if wanted & {"merged", "discarded"} else _ENDS | {"review"}


def _named(task: Task) -> str:
    return f"{task['id']} {_SAID.get(task['state'], task['state'])}"
