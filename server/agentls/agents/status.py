"""What an agent can be said to do, and how it is put into words."""

import enum
import json
import re
from collections.abc import Mapping
from typing import cast

__all__ = ["Status", "at_path", "put_in", "written"]

_REASON_MAX = 300
_PATH_IN_REASON = re.compile(r"\{([^{}]+)\}")


class Status(enum.StrEnum):
    """What an event or a signal says about its agent."""

    WORKING = "working"
    WAITING = "waiting"
    DONE = "done"
    IGNORE = "ignore"


def put_in(template: str, values: Mapping[str, object]) -> str:
    """Put values into a sentence for a person, by dotted paths; one line, not long."""
    text = _PATH_IN_REASON.sub(
        lambda found: written(at_path(values, found[1])), template
    )
    text = " ".join(text.split()).rstrip(": ")
    return text if len(text) <= _REASON_MAX else text[: _REASON_MAX - 1] + "…"


def at_path(values: object, path: str) -> object:
    """Give what stands in JSON at a dotted path; None where nothing does."""
    found = values
    for part in path.split("."):
        if isinstance(found, Mapping):
            found = cast("Mapping[str, object]", found).get(part)
        elif isinstance(found, list) and part.isdecimal():
            items = cast("list[object]", found)
            found = items[int(part)] if int(part) < len(items) else None
        else:
            return None
    return found


def written(value: object) -> str:
    """Write a value as text: as its JSON, where it isn't text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
