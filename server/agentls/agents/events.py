"""What an agent's events mean, by the rules of its definition. Pure."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import attrs

from agentls.agents.definition import Definition, EventRule
from agentls.agents.status import Status, at_path, put_in, written
from agentls.model import AskedKind

__all__ = ["AgentEvent", "HookRecord", "read_event", "read_records"]


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
    kind: AskedKind
    """What the agent wants, if it waits."""
    tool: str
    """What it wants to use; may be empty."""
    prompt: str | None
    last_message: str | None
    conversation: str | None
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
        reason=put_in(rule.reason, record.payload),
        kind=rule.kind,
        tool=put_in(rule.tool, record.payload),
        prompt=_text_at(record.payload, definition.payload.prompt),
        last_message=_text_at(record.payload, definition.payload.message),
        conversation=_text_at(record.payload, definition.payload.session),
        time=record.time,
    )


def _records(data: bytes) -> Iterator[HookRecord]:
    for line in data.split(b"\n"):
        try:
            found: Any = json.loads(line)
            event = str(found["event"])
            said = found.get("said")
            yield HookRecord(
                time=datetime.fromtimestamp(found["time"], UTC),
                event=event,
                payload=dict(found["payload"] if said is None else _read(said, event)),
            )
        # A line cut by a full disk, or written by something else than our hook.
        except (
            ValueError,
            TypeError,
            AttributeError,
            KeyError,
            OverflowError,
            OSError,
            RecursionError,
        ):
            continue


def _read(said: str, event: str) -> Mapping[str, Any]:
    """Read what an agent said; what can't be read is at least an event of that name."""
    try:
        payload: Any = json.loads(said) if said.strip() else {}
    except (ValueError, RecursionError):
        payload = None
    if isinstance(payload, dict):
        return cast("dict[str, Any]", payload)
    text = said.encode("utf-8", "surrogateescape")[:1024].decode("utf-8", "replace")
    return {"hook_event_name": event, "text": text}


def _fits(rule: EventRule, payload: Mapping[str, Any]) -> bool:
    return all(
        written(at_path(payload, path)) == text for path, text in rule.when.items()
    ) and all(
        text in written(at_path(payload, path)) for path, text in rule.contains.items()
    )


def _text_at(payload: Mapping[str, Any], path: str | None) -> str | None:
    found = at_path(payload, path) if path else None
    return found if isinstance(found, str) and found else None
