"""Google's generateContent: what Gemini CLI speaks."""

import re
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

_MODEL = re.compile(r"models/([^:?]+)")


def fits(path: str) -> bool:
    """Tell whether a request's path is one of this format."""
    return path.endswith((":generateContent", ":streamGenerateContent"))


def count(path: str) -> dict[str, Any] | None:
    """Answer a request that only counts tokens."""
    return {"totalTokens": ASKED_TOKENS} if path.endswith(":countTokens") else None


def streams(_body: Mapping[str, Any], path: str) -> bool:
    """Tell whether the answer is to be streamed."""
    return path.endswith(":streamGenerateContent")


def read(body: Mapping[str, Any], path: str) -> Question:
    """Read a request."""
    contents = body.get("contents", ())
    last = contents[-1].get("parts", ()) if contents else ()
    results = [one["functionResponse"] for one in last if "functionResponse" in one]
    told = [plain(one["parts"]) for one in contents if one.get("role") == "user"]
    model = _MODEL.search(path)
    wanted = body.get("generationConfig") or {}
    return Question(
        model=model[1] if model else "",
        system=plain((body.get("systemInstruction") or {}).get("parts")),
        heard=tuple(text for text in told if text),
        result=str(results) if results else None,
        tools=tuple(
            Tool(name=one["name"])
            for group in body.get("tools") or ()
            for one in group.get("functionDeclarations", ())
        ),
        schema=wanted.get("responseJsonSchema") or wanted.get("responseSchema"),
    )


def whole(answer: Answer, question: Question) -> dict[str, Any]:
    """Write an answer that isn't streamed."""
    return _piece(_part(answer), question, ends=True)


def stream(answer: Answer, question: Question) -> Iterator[Event]:
    """Write an answer piece by piece; a call comes whole."""
    if not isinstance(answer, Text):
        yield Event(data=whole(answer, question))
        return
    *first, last = in_pieces(answer.text)
    for piece in first:
        yield Event(data=_piece({"text": piece}, question, ends=False))
    yield Event(data=_piece({"text": last}, question, ends=True))


def _part(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, Text):
        return {"text": answer.text}
    call = {"name": answer.tool, "args": answer.arguments, "id": uuid.uuid4().hex[:8]}
    return {"functionCall": call}


def _piece(
    part: Mapping[str, Any], question: Question, *, ends: bool
) -> dict[str, Any]:
    candidate: dict[str, Any] = {
        "index": 0,
        "content": {"role": "model", "parts": [part]},
    }
    if ends:
        candidate["finishReason"] = "STOP"
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": ASKED_TOKENS,
            "candidatesTokenCount": ANSWERED_TOKENS,
            "totalTokenCount": ASKED_TOKENS + ANSWERED_TOKENS,
        },
        "modelVersion": question.model,
        "responseId": uuid.uuid4().hex[:12],
    }
