"""A model server that talks much: the OpenAI Responses protocol, and a fixed story.

Each answer is long text with headings, lists, code, tables, wide characters and
emoji, in small pieces; every other turn begins with calls of the shell tool. A title
that a client asks for without tools is short.
"""

import contextlib
import http.server
import itertools
import json
import random
import time
from typing import Any

__all__ = ["serve"]

_WORDS = [
    "the",
    "agent",
    "reads",
    "a",
    "file",
    "edits",
    "it",
    "runs",
    "every",
    "test",
    "and",
    "tells",
    "what",
    "changed",
    "in",
    "which",
    "module",
    "because",
    "a",
    "reader",
    "wants",
    "to",
    "know",
    "why",
    "日本語",
    "naïve",
    "café",
    "😀",
    "✅",
    "→",
    "done",
]
_COMMANDS = (
    "ls -la --color=always /usr/bin | head -60",
    "seq 1 400",
    r"for i in $(seq 60); do printf '\033[3%dmline %d\033[0m\n' $((i % 8)) $i; done",
    "git log --oneline; git status",
)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    turns = itertools.count()
    pause = 0.0

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Refuse everything but the list of models."""
        body = json.dumps({"object": "list", "data": [], "models": []}).encode()
        self.send_response(200 if "/models" in self.path else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Answer a turn; the client may leave in the middle."""
        with contextlib.suppress(BrokenPipeError):
            self._answer()

    def _answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        asked = json.loads(self.rfile.read(length))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        number = next(self.turns)
        self._events = itertools.count()
        tools = {tool.get("name") for tool in asked.get("tools") or []}
        items = asked.get("input") or [{}]
        after_tool = str(items[-1].get("type", "")).endswith("_output")
        response = {"id": f"resp_{number}", "object": "response", "status": "completed"}
        self._event("response.created", response=response | {"output": []})
        if not tools:
            item = self._message(number, ["A story"])
        elif number % 2 and not after_tool:
            item = self._call(number)
        else:
            item = self._message(number, _story(number))
        usage = {
            "input_tokens": 100,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 20,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 120,
        }
        done = response | {"output": [item], "usage": usage}
        self._event("response.completed", response=done)

    def _message(self, number: int, pieces: list[str]) -> dict[str, Any]:
        item = {"type": "message", "id": f"msg_{number}", "role": "assistant"}
        empty = item | {"status": "in_progress", "content": []}
        self._event("response.output_item.added", output_index=0, item=empty)
        for piece in pieces:
            self._event(
                "response.output_text.delta",
                item_id=item["id"],
                output_index=0,
                content_index=0,
                delta=piece,
            )
            time.sleep(self.pause)
        content = [{"type": "output_text", "text": "".join(pieces), "annotations": []}]
        whole = item | {"status": "completed", "content": content}
        self._event("response.output_item.done", output_index=0, item=whole)
        return whole

    def _call(self, number: int) -> dict[str, Any]:
        command = _COMMANDS[number // 2 % len(_COMMANDS)]
        item = {
            "type": "function_call",
            "id": f"fc_{number}",
            "call_id": f"call_{number}",
            "name": "exec_command",
            "arguments": json.dumps({"cmd": command}),
            "status": "completed",
        }
        self._event("response.output_item.done", output_index=0, item=item)
        return item

    def _event(self, kind: str, **values: Any) -> None:
        body = {"type": kind, "sequence_number": next(self._events)} | values
        self.wfile.write(f"event: {kind}\ndata: {json.dumps(body)}\n\n".encode())
        self.wfile.flush()


def _story(number: int) -> list[str]:
    """Give an answer in small pieces."""
    chance = random.Random(number)  # noqa: S311 - a story, no secrets
    text = f"# Turn {number}\n\n"
    for part in range(24):
        sentence = " ".join(chance.choices(_WORDS, k=chance.randrange(12, 60)))
        text += f"## Part {part}\n\n{sentence.capitalize()}. **Bold** and *slanted* "
        text += f"and `code_{part}`.\n\n"
        if part % 3 == 0:
            rows = "".join(
                f"- {' '.join(chance.choices(_WORDS, k=6))}\n" for _ in range(5)
            )
            text += rows + "\n"
        if part % 4 == 1:
            body = "\n".join(f"    total += values[{n}]  # {n}" for n in range(12))
            text += f"```python\ndef part_{part}(values):\n{body}\n```\n\n"
        if part % 6 == 2:
            text += "| name | value |\n| --- | --- |\n| 日本語 | 😀 |\n| é | 12 |\n\n"
    return [text[at : at + 9] for at in range(0, len(text), 9)]


def serve(*, pause: float) -> http.server.ThreadingHTTPServer:
    """Give a server on a free port of this machine, to be run in a thread."""
    handler = type("Handler", (_Handler,), {"pause": pause})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    return server
