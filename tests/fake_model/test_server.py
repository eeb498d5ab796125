"""Each wire format as a client sees it: over HTTP, streamed and not."""

import http.client
import json
import threading

import pytest

from fakemodel.exchange import Call, Text
from fakemodel.script import read_script
from fakemodel.server import Model

SCRIPT = r"""
[[answers]]
result = true
text = "It is done."

[[answers]]
says = 'HOLD'
hold = "it"
text = "At last."

[[answers]]
says = 'WRITE (?P<file>\S+)'
use = "write"

[[answers]]
text = "Yes, indeed."

[tools.write]
patch = "*** {file}"

[tools.write.write]
path = "{file}"
"""


@pytest.fixture
def model(tmp_path):
    file = tmp_path / "script.toml"
    file.write_text(SCRIPT)
    with Model(read_script(file)).serving() as running:
        yield running


@pytest.fixture
def post(model):
    def send(path, body, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", model.port, timeout=30)
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.getheader("content-type") == "application/json":
            return json.loads(text)
        return [
            json.loads(line.removeprefix("data: "))
            for line in text.splitlines()
            if line.startswith("data: ") and line != "data: [DONE]"
        ]

    return send


WRITES = {"path": "a.txt"}
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}


def claude(said, *, tools=False, result=None, **more):
    messages = [{"role": "user", "content": [{"type": "text", "text": said}]}]
    if result:
        content = [{"type": "tool_result", "tool_use_id": "t", "content": result}]
        messages.append({"role": "user", "content": content})
    offered = [{"name": "write", "input_schema": SCHEMA}] if tools else []
    return {"model": "m", "system": "s", "messages": messages, "tools": offered, **more}


def chat(said, *, tools=False, result=None, **more):
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": said}]
    if result:
        messages.append({"role": "tool", "tool_call_id": "t", "content": result})
    write = {"type": "function", "function": {"name": "write", "parameters": SCHEMA}}
    return {"model": "m", "messages": messages, "tools": [write] * tools, **more}


def responses(said, *, tools=False, result=None, **more):
    content = [{"type": "input_text", "text": said}]
    items = [{"type": "message", "role": "user", "content": content}]
    if result:
        output = {"type": "function_call_output", "call_id": "c", "output": result}
        items.append(output)
    offered = [{"type": "function", "name": "write", "parameters": SCHEMA}] * tools
    base = {"model": "m", "instructions": "s", "input": items, "tools": offered}
    return {**base, **more}


def gemini(said, *, tools=False, result=None, **more):
    contents = [{"role": "user", "parts": [{"text": said}]}]
    if result:
        part = {"functionResponse": {"name": "write", "response": {"output": result}}}
        contents.append({"role": "user", "parts": [part]})
    write = {"name": "write", "parametersJsonSchema": SCHEMA}
    return {
        "contents": contents,
        "systemInstruction": {"parts": [{"text": "s"}]},
        "tools": [{"functionDeclarations": [write]}] * tools,
        **more,
    }


WIRES = {
    "anthropic": (claude, "/v1/messages?beta=true"),
    "chat": (chat, "/v1/chat/completions"),
    "responses": (responses, "/v1/responses"),
    "gemini": (gemini, "/v1beta/models/m:generateContent"),
}


@pytest.fixture(params=WIRES)
def wire(request):
    return WIRES[request.param]


def test_every_format_is_read_alike(model, post, wire):
    write, path = wire
    post(path, write("WRITE a.txt", tools=True))
    post(path, write("WRITE a.txt", tools=True, result="ok"))
    post(path, write("hello"))
    first, second, third = (one.question for one in model.exchanges)
    assert (first.model, first.system) == ("m", "s")
    assert first.heard == ("WRITE a.txt",)
    assert [tool.name for tool in first.tools] == ["write"]
    assert first.result is None
    assert "ok" in second.result
    assert second.said == "WRITE a.txt"
    assert third.tools == ()
    assert [one.answer for one in model.exchanges] == [
        Call(tool="write", arguments=WRITES),
        Text(text="It is done."),
        Text(text="Yes, indeed."),
    ]


def test_anthropic_answers(post):
    words = post("/v1/messages", claude("hello"))
    assert words["content"] == [{"type": "text", "text": "Yes, indeed."}]
    assert words["stop_reason"] == "end_turn"
    call = post("/v1/messages", claude("WRITE a.txt", tools=True))
    assert call["content"][0]["input"] == WRITES
    assert call["stop_reason"] == "tool_use"


def test_anthropic_streams(post):
    events = post("/v1/messages", claude("hello", stream=True))
    assert events[0]["type"] == "message_start"
    assert events[-1]["type"] == "message_stop"
    pieces = [one["delta"]["text"] for one in events if "text" in one.get("delta", {})]
    assert len(pieces) > 1
    assert "".join(pieces) == "Yes, indeed."
    events = post("/v1/messages", claude("WRITE a.txt", tools=True, stream=True))
    deltas = [one["delta"] for one in events if "delta" in one]
    assert json.loads("".join(one.get("partial_json", "") for one in deltas)) == WRITES
    assert deltas[-1]["stop_reason"] == "tool_use"
    assert events[-2]["usage"]["output_tokens"] == 20


def test_chat_answers(post):
    (choice,) = post("/v1/chat/completions", chat("hello"))["choices"]
    assert choice["message"]["content"] == "Yes, indeed."
    assert choice["finish_reason"] == "stop"
    (choice,) = post("/v1/chat/completions", chat("WRITE a.txt", tools=True))["choices"]
    (call,) = choice["message"]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == WRITES
    assert choice["finish_reason"] == "tool_calls"


def test_chat_streams(post):
    *events, usage = post("/v1/chat/completions", chat("hello", stream=True))
    deltas = [one["choices"][0]["delta"] for one in events]
    assert "".join(one.get("content", "") for one in deltas) == "Yes, indeed."
    assert usage["usage"]["total_tokens"] == 120
    body = chat("WRITE a.txt", tools=True, stream=True)
    *events, _ = post("/v1/chat/completions", body)
    calls = [
        call
        for one in events
        for call in one["choices"][0]["delta"].get("tool_calls", ())
    ]
    assert [call.get("id") is not None for call in calls] == [True, False]
    assert json.loads("".join(one["function"]["arguments"] for one in calls)) == WRITES
    assert events[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_responses_answer(post):
    (item,) = post("/v1/responses", responses("hello"))["output"]
    assert item["content"][0]["text"] == "Yes, indeed."
    (item,) = post("/v1/responses", responses("WRITE a.txt", tools=True))["output"]
    assert item["type"] == "function_call"
    assert json.loads(item["arguments"]) == WRITES


@pytest.mark.parametrize(
    ("said", "kind", "whole"),
    [
        ("hello", "response.output_text.delta", "Yes, indeed."),
        (
            "WRITE a.txt",
            "response.function_call_arguments.delta",
            json.dumps(WRITES),
        ),
    ],
)
def test_responses_stream(post, said, kind, whole):
    events = post("/v1/responses", responses(said, tools=True, stream=True))
    assert [one["sequence_number"] for one in events] == [*range(len(events))]
    assert "".join(one["delta"] for one in events if one["type"] == kind) == whole
    done, completed = events[-2:]
    assert done["type"] == "response.output_item.done"
    assert completed["type"] == "response.completed"
    assert completed["response"]["output"] == [done["item"]]
    assert completed["response"]["usage"]["total_tokens"] == 120


def test_a_freeform_tool_of_responses_takes_text(post):
    body = responses("WRITE a.txt", stream=True)
    body["tools"] = [{"type": "custom", "name": "patch"}]
    events = post("/v1/responses", body)
    assert events[-2]["item"]["type"] == "custom_tool_call"
    assert events[-2]["item"]["input"] == "*** a.txt"


def test_gemini_answers(post):
    path = "/v1beta/models/m:generateContent"
    (candidate,) = post(path, gemini("hello"))["candidates"]
    assert candidate["content"]["parts"] == [{"text": "Yes, indeed."}]
    (candidate,) = post(path, gemini("WRITE a.txt", tools=True))["candidates"]
    (part,) = candidate["content"]["parts"]
    assert part["functionCall"]["args"] == WRITES
    assert part["functionCall"]["id"]
    wanted = {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}
    (candidate,) = post(path, gemini("x", generationConfig=wanted))["candidates"]
    assert json.loads(candidate["content"]["parts"][0]["text"]) == {"path": "x"}


def test_gemini_streams(post):
    path = "/v1beta/models/m:streamGenerateContent?alt=sse"
    events = [one["candidates"][0] for one in post(path, gemini("hello"))]
    texts = [one["content"]["parts"][0]["text"] for one in events]
    assert "".join(texts) == "Yes, indeed."
    assert [one.get("finishReason") for one in events] == [None, "STOP"]


def test_an_answer_that_is_held_comes_when_it_is_let_go(model, post):
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(post("/v1/messages", claude("HOLD")))
    )
    asking.start()
    asked = model.until_asked(lambda one: one.said == "HOLD", seconds=30)
    assert asked is not None
    assert answers == []
    model.let_go("it")
    asking.join(30)
    assert answers[0]["content"][0]["text"] == "At last."


def test_a_question_that_never_comes_is_not_waited_for_for_ever(model, post):
    post("/v1/messages", claude("hello"))
    assert model.until_asked(lambda _: True, after=1, seconds=0.01) is None


def test_what_no_format_knows_is_refused_and_told(model, post):
    assert "error" in post("/v1/embeddings", {})
    assert model.strays == ("POST /v1/embeddings",)


def test_tokens_are_counted_without_an_answer(model, post):
    counted = post("/v1/messages/count_tokens?beta=true", claude("hello"))
    assert counted == {"input_tokens": 100}
    assert post("/v1beta/models/m:countTokens", {}) == {"totalTokens": 100}
    assert model.exchanges == ()
