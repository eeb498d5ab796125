"""What an agent's events mean, by the rules of its definition. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import attrs

from agentls.agents.definition import Definition, EventRule, Status

__all__ = ["AgentEvent", "HookRecord", "read_event", "read_records"]

_REASON_MAX = 300
_PATH_IN_REASON = re.compile(r"\{([^{}]+)\}")


@attrs.frozen(kw_only=True)
class HookRecord:
    """One line of a session's event file, as `agentls hook` wrote it."""

    time: datetime
    event: str
    payload: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class AgentEvent:
    """What an event says about the agent."""

    status: Status
    """Never `ignore`."""
    reason: str
    """One sentence for a person; may be empty."""
    prompt: str | None
    last_message: str | None
    conversation: str | None
    source: str
    """Where it came from: `hook`."""
    time: datetime


def read_records(data: bytes) -> tuple[HookRecord, ...]:
    """Read an event file; lines that aren't whole records are passed over."""
    return tuple(_records(data))


def read_event(definition: Definition, record: HookRecord) -> AgentEvent | None:
    """Say what a record means; None when it means nothing."""
    for rule in definition.events:
        if _fits(rule, record.payload):
            break
    else:
        return None
    if rule.status is Status.IGNORE:
        return None
    return AgentEvent(
        status=rule.status,
        reason=_reason(rule.reason, record.payload),
        prompt=_text_at(record.payload, definition.payload.prompt),
        last_message=_text_at(record.payload, definition.payload.message),
        conversation=_text_at(record.payload, definition.payload.session),
        source="hook",
        time=record.time,
    )


def _records(data: bytes) -> Iterator[HookRecord]:
    for line in data.split(b"\n"):
        try:
            found: Any = json.loads(line)
            yield HookRecord(
                time=datetime.fromtimestamp(found["time"], UTC),
                event=str(found["event"]),
                payload=dict(found["payload"]),
            )
        # A line cut by a full disk, or written by something else than our hook.
        except (
            ValueError,
            TypeError,
            KeyError,
            OverflowError,
            OSError,
            RecursionError,
        ):
            continue


def _fits(rule: EventRule, payload: Mapping[str, Any]) -> bool:
    return all(
        _written(_at(payload, path)) == text for path, text in rule.when.items()
    ) and all(
        text in _written(_at(payload, path)) for path, text in rule.contains.items()
    )


def _reason(template: str, payload: Mapping[str, Any]) -> str:
    text = _PATH_IN_REASON.sub(lambda found: _written(_at(payload, found[1])), template)
    text = " ".join(text.split()).rstrip(": ")
    return text if len(text) <= _REASON_MAX else text[: _REASON_MAX - 1] + "…"


def _text_at(payload: Mapping[str, Any], path: str | None) -> str | None:
    found = _at(payload, path) if path else None
    return found if isinstance(found, str) and found else None


def _at(payload: object, path: str) -> object:
    found = payload
    for part in path.split("."):
        if isinstance(found, dict):
            found = cast("dict[str, object]", found).get(part)
        elif isinstance(found, list) and part.isdecimal():
            items = cast("list[object]", found)
            found = items[int(part)] if int(part) < len(items) else None
        else:
            return None
    return found


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
