"""The keys about which agent a task is given by itself."""

import attrs

from agentls.config.shapes import Record, RecordList, Text, TextList, key

__all__ = ["AUTO", "ROUTES", "Route"]

AUTO = "auto"
"""In place of an agent's name: one is chosen for each task."""

_SCRIPT_AGENT = "shell"


def _refuse_agent(name: str) -> str | None:
    if name == AUTO:
        return f"{name!r} can't lead to itself; name an agent"
    if name == _SCRIPT_AGENT:
        return f"{name!r} would run a prompt as a script; name it for the task"
    return None


@attrs.frozen(kw_only=True)
class Route:
    """Which tasks go to an agent: those that have what each key says."""

    agent: str = key(
        Text(refuse=_refuse_agent), required=True, about="The agent for them."
    )
    labels: tuple[str, ...] = key(
        TextList(or_one=True),
        default=(),
        about="The task has one of these labels, in any case.",
    )
    words: tuple[str, ...] = key(
        TextList(or_one=True),
        default=(),
        about="One of these words stands in the prompt, in any case.",
    )
    paths: tuple[str, ...] = key(
        TextList(or_one=True),
        default=(),
        about="The prompt names a path that fits one of these patterns; * is"
        " anything, slashes too.",
    )


ROUTES = RecordList(Record(Route))
"""The key `routes`: the first route that fits decides."""
