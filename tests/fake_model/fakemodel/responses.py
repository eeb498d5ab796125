"""OpenAI's responses: what Codex speaks."""

import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from fakemodel.exchange import (
    ANSWERED_TOKENS,
    ASKED_TOKENS,
    Answer,
    Event,
    Question,
    Text,
    Tool,
    in_pieces,
    plain,
)


def fits(path: str) -> bool:
    """Tell whether a request's path is one of this format."""
    return path.endswith("/responses")


def count(_path: str) -> dict[str, Any] | None:
    """Answer a request that only counts tokens: there are none."""
    return None


def streams(body: Mapping[str, Any], _path: str) -> bool:
    """Tell whether the answer is to be streamed."""
    return bool(body.get("stream"))


def read(body: Mapping[str, Any], _path: str) -> Question:
    """Read a request."""
    given = body.get("input", ())
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    last = items[-1] if items else {}
    is_result = str(last.get("type", "")).endswith("_output")
    wanted = (body.get("text") or {}).get("format") or {}
    return Question(
        model=str(body.get("model", "")),
        system=str(body.get("instructions") or ""),
        heard=tuple(
            plain(one.get("content")) for one in items if one.get("role") == "user"
        ),
        result=plain(last["output"]) if is_result else None,
        tools=tuple(
            Tool(name=one["name"], freeform=one["type"] == "custom")
            for one in body.get("tools") or ()
            if one["type"] in {"function", "custom"}
        ),
        schema=wanted.get("schema") if wanted.get("type") == "json_schema" else None,
    )


def whole(answer: Answer, question: Question) -> dict[str, Any]:
    """Write an answer that isn't streamed."""
    return _response(_item(answer, question), question)


def stream(answer: Answer, question: Question) -> Iterator[Event]:
    """Write an answer piece by piece."""
    for number, (kind, values) in enumerate(_events(answer, question)):
        data = {"type": kind, "sequence_number": number, **values}
        yield Event(name=kind, data=data)


def _events(answer: Answer, question: Question) -> Iterator[tuple[str, dict[str, Any]]]:
    item = _item(answer, question)
    response = _response(item, question)
    begun = {"status": "in_progress", "output": [], "usage": None}
    yield "response.created", {"response": response | begun}
    added = item | {"status": "in_progress"} | _empty(item)
    yield "response.output_item.added", {"output_index": 0, "item": added}
    place = {"item_id": item["id"], "output_index": 0}
    if isinstance(answer, Text):
        part = {"type": "output_text", "text": "", "annotations": []}
        place["content_index"] = 0
        yield "response.content_part.added", {**place, "part": part}
        for piece in in_pieces(answer.text):
            yield "response.output_text.delta", {**place, "delta": piece}
        yield "response.output_text.done", {**place, "text": answer.text}
        yield "response.content_part.done", {**place, "part": item["content"][0]}
    else:
        key = "arguments" if "arguments" in item else "input"
        kind = _KINDS[key]
        for piece in in_pieces(answer.written):
            yield f"response.{kind}.delta", {**place, "delta": piece}
        yield f"response.{kind}.done", {**place, key: answer.written}
    yield "response.output_item.done", {"output_index": 0, "item": item}
    yield "response.completed", {"response": response}


_KINDS = {"arguments": "function_call_arguments", "input": "custom_tool_call_input"}


def _empty(item: Mapping[str, Any]) -> dict[str, Any]:
    if "content" in item:
        return {"content": []}
    return {key: "" for key in _KINDS if key in item}


def _item(answer: Answer, question: Question) -> dict[str, Any]:
    if isinstance(answer, Text):
        part = {"type": "output_text", "text": answer.text, "annotations": []}
        return {
            "type": "message",
            "id": _new_id("msg"),
            "role": "assistant",
            "status": "completed",
            "content": [part],
        }
    free = any(one.freeform for one in question.tools if one.name == answer.tool)
    return {
        "type": "custom_tool_call" if free else "function_call",
        "id": _new_id("ctc" if free else "fc"),
        "call_id": _new_id("call"),
        "name": answer.tool,
        "input" if free else "arguments": answer.written,
        "status": "completed",
    }


def _response(item: Mapping[str, Any], question: Question) -> dict[str, Any]:
    return {
        "id": _new_id("resp"),
        "object": "response",
        "created_at": int(time.time()),
        "model": question.model,
        "status": "completed",
        "output": [item],
        "usage": {
            "input_tokens": ASKED_TOKENS,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": ANSWERED_TOKENS,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": ASKED_TOKENS + ANSWERED_TOKENS,
        },
        "error": None,
        "incomplete_details": None,
        "parallel_tool_calls": False,
        "tools": [],
        "tool_choice": "auto",
        "metadata": {},
    }


def _new_id(kind: str) -> str:
    return f"{kind}_{uuid.uuid4().hex[:24]}"
