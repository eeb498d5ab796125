"""OpenAI's chat completions: what OpenCode, Qwen Code and Aider speak."""

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

_USAGE = {
    "prompt_tokens": ASKED_TOKENS,
    "completion_tokens": ANSWERED_TOKENS,
    "total_tokens": ASKED_TOKENS + ANSWERED_TOKENS,
}


def fits(path: str) -> bool:
    """Tell whether a request's path is one of this format."""
    return path.endswith("/chat/completions")


def count(_path: str) -> dict[str, Any] | None:
    """Answer a request that only counts tokens: there are none."""
    return None


def streams(body: Mapping[str, Any], _path: str) -> bool:
    """Tell whether the answer is to be streamed."""
    return bool(body.get("stream"))


def read(body: Mapping[str, Any], _path: str) -> Question:
    """Read a request."""
    messages = body.get("messages", ())
    last = messages[-1] if messages else {}
    wanted = body.get("response_format") or {}
    return Question(
        model=str(body.get("model", "")),
        system="\n".join(_texts(messages, "system", "developer")),
        heard=tuple(_texts(messages, "user")),
        result=plain(last["content"]) if last.get("role") == "tool" else None,
        tools=tuple(
            Tool(name=one["function"]["name"])
            for one in body.get("tools") or ()
            if one.get("type") == "function"
        ),
        schema=(wanted.get("json_schema") or {}).get("schema"),
    )


def whole(answer: Answer, question: Question) -> dict[str, Any]:
    """Write an answer that isn't streamed."""
    message: dict[str, Any] = {"role": "assistant"}
    if isinstance(answer, Text):
        message["content"] = answer.text
    else:
        message |= {"content": None, "tool_calls": [_call(answer, answer.written)]}
    choice = {"index": 0, "message": message, "finish_reason": _reason(answer)}
    return {
        **_head(question),
        "object": "chat.completion",
        "choices": [choice],
        "usage": _USAGE,
    }


def stream(answer: Answer, question: Question) -> Iterator[Event]:
    """Write an answer piece by piece."""
    head = {**_head(question), "object": "chat.completion.chunk"}
    for delta in _deltas(answer):
        yield Event(data={**head, "choices": [_choice(delta, None)]})
    yield Event(data={**head, "choices": [_choice({}, _reason(answer))]})
    yield Event(data={**head, "choices": [], "usage": _USAGE})
    yield Event(data="[DONE]")


def _deltas(answer: Answer) -> Iterator[dict[str, Any]]:
    role = {"role": "assistant"}
    if isinstance(answer, Text):
        for piece in in_pieces(answer.text):
            yield {**role, "content": piece}
        return
    first, *rest = in_pieces(answer.written)
    yield {**role, "content": None, "tool_calls": [_call(answer, first)]}
    for piece in rest:  # only the first one names the call
        yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}


def _call(answer: Any, arguments: str) -> dict[str, Any]:
    return {
        "index": 0,
        "id": f"call_{uuid.uuid4().hex[:20]}",
        "type": "function",
        "function": {"name": answer.tool, "arguments": arguments},
    }


def _choice(delta: Mapping[str, Any], reason: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": reason}


def _reason(answer: Answer) -> str:
    return "stop" if isinstance(answer, Text) else "tool_calls"


def _head(question: Question) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex[:20]}",
        "created": int(time.time()),
        "model": question.model,
    }


def _texts(messages: Any, *roles: str) -> Iterator[str]:
    return (plain(one.get("content")) for one in messages if one["role"] in roles)
