"""Anthropic's messages: what Claude Code speaks."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fakemodel.exchange import (
    ANSWERED_TOKENS,
    ASKED_TOKENS,
    Answer,
    Call,
    Event,
    Question,
    Text,
    Tool,
    in_pieces,
    plain,
)


def fits(path: str) -> bool:
    """Tell whether a request's path is one of this format."""
    return path.endswith("/messages")


def count(path: str) -> dict[str, Any] | None:
    """Answer a request that only counts tokens."""
    return {"input_tokens": ASKED_TOKENS} if path.endswith("/count_tokens") else None


def streams(body: Mapping[str, Any], _path: str) -> bool:
    """Tell whether the answer is to be streamed."""
    return bool(body.get("stream"))


def read(body: Mapping[str, Any], _path: str) -> Question:
    """Read a request."""
    said = [one for one in body.get("messages", ()) if one["role"] == "user"]
    heard = tuple(text for one in said if (text := _words(one["content"])))
    last = said[-1]["content"] if said else ""
    results = () if isinstance(last, str) else _results(last)
    return Question(
        model=str(body.get("model", "")),
        system=plain(body.get("system")),
        heard=heard,
        result=plain(results) if results else None,
        tools=tuple(Tool(name=one["name"]) for one in body.get("tools", ())),
    )


def whole(answer: Answer, question: Question) -> dict[str, Any]:
    """Write an answer that isn't streamed."""
    return {
        "id": f"msg_{uuid.uuid4().hex[:24]}",
        "type": "message",
        "role": "assistant",
        "model": question.model,
        "content": [_block(answer)],
        "stop_reason": _stop(answer),
        "stop_sequence": None,
        "usage": _usage(ANSWERED_TOKENS),
    }


def stream(answer: Answer, question: Question) -> Iterator[Event]:
    """Write an answer piece by piece."""
    message = whole(answer, question)
    (block,) = message["content"]
    begun = {"content": [], "stop_reason": None, "usage": _usage(1)}
    yield _event("message_start", message=message | begun)
    yield _event("content_block_start", index=0, content_block=block | _empty(answer))
    for delta in _deltas(answer):
        yield _event("content_block_delta", index=0, delta=delta)
    yield _event("content_block_stop", index=0)
    yield _event(
        "message_delta",
        delta={"stop_reason": _stop(answer), "stop_sequence": None},
        usage=_usage(ANSWERED_TOKENS),
    )
    yield _event("message_stop")


def _words(content: Any) -> str:
    if isinstance(content, str):
        return content
    return plain([one for one in content if one.get("type") == "text"])


def _results(last: Sequence[Any]) -> Sequence[Any]:
    """Give the results of tools, unless a person has said something behind them."""
    results = [one for one in last if _is_result(one)]
    behind = last[last.index(results[-1]) + 1 :] if results else ()
    told = [one for one in behind if not plain(one).startswith("<system-reminder>")]
    return () if told else results


def _is_result(one: Any) -> bool:
    return isinstance(one, Mapping) and one.get("type") == "tool_result"


def _block(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, Text):
        return {"type": "text", "text": answer.text}
    return {
        "type": "tool_use",
        "id": f"toolu_{uuid.uuid4().hex[:24]}",
        "name": answer.tool,
        "input": answer.arguments,
    }


def _empty(answer: Answer) -> dict[str, Any]:
    return {"text": ""} if isinstance(answer, Text) else {"input": {}}


def _deltas(answer: Answer) -> Iterator[dict[str, Any]]:
    if isinstance(answer, Text):
        for piece in in_pieces(answer.text):
            yield {"type": "text_delta", "text": piece}
        return
    for piece in in_pieces(answer.written):
        yield {"type": "input_json_delta", "partial_json": piece}


def _stop(answer: Answer) -> str:
    return "tool_use" if isinstance(answer, Call) else "end_turn"


def _usage(answered: int) -> dict[str, int]:
    return {
        "input_tokens": ASKED_TOKENS,
        "output_tokens": answered,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    }


def _event(kind: str, **values: Any) -> Event:
    return Event(name=kind, data={"type": kind, **values})
