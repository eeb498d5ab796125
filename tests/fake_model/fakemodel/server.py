"""The model as a server on loopback, and what it was asked."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs

from fakemodel import anthropic, chat, gemini, responses
from fakemodel.exchange import Answer, Event, Question
from fakemodel.script import Script

WIRES = (anthropic, responses, chat, gemini)
_MODELS = {
    "object": "list",
    "data": [{"id": "fake", "object": "model", "created": 1, "owned_by": "fake"}],
    "has_more": False,
}


@attrs.frozen(kw_only=True)
class Exchange:
    """A question, and what was answered (or is going to be, when it is let go)."""

    question: Question
    answer: Answer


class Model:
    """A running server."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._news = threading.Condition()
        self._exchanges: list[Exchange] = []
        self._strays: list[str] = []
        self._let_go: set[str] = set()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.model = self

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return self._server.server_port

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All that was asked so far."""
        with self._news:
            return tuple(self._exchanges)

    @property
    def strays(self) -> tuple[str, ...]:
        """Requests that no wire format knows."""
        with self._news:
            return tuple(self._strays)

    def let_go(self, name: str) -> None:
        """Answer what is held by that name, now and from now on."""
        with self._news:
            self._let_go.add(name)
            self._news.notify_all()

    def hold(self, name: str) -> None:
        """Hold what is asked from now on again."""
        with self._news:
            self._let_go.discard(name)

    def until_asked(
        self, fits: Callable[[Question], bool], *, after: int = 0, seconds: float
    ) -> Question | None:
        """Wait for a question behind the first `after`; None when none comes."""

        def found() -> Question | None:
            asked = (one.question for one in self._exchanges[after:])
            return next((one for one in asked if fits(one)), None)

        with self._news:
            self._news.wait_for(lambda: found() is not None, timeout=seconds)
            return found()

    def answer(self, question: Question) -> Answer:
        """Decide, note it, and wait for what holds the answer."""
        reply = self._script.reply(question)
        with self._news:
            self._exchanges.append(Exchange(question=question, answer=reply.answer))
            self._news.notify_all()
            if reply.hold is not None:
                self._news.wait_for(lambda: reply.hold in self._let_go)
        return reply.answer

    def note_stray(self, what: str) -> None:
        """Remember a request that isn't understood."""
        with self._news:
            self._strays.append(what)

    @contextmanager
    def serving(self) -> Iterator["Model"]:
        """Serve while the context lasts; what is held then is never answered."""
        thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.01},  # how long its shutdown takes
            daemon=True,
        )
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    model: Model
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_HEAD(self) -> None:
        self._json({})

    def do_GET(self) -> None:
        if self.headers.get("upgrade", "").lower() == "websocket":
            self._json({"error": {"message": "no websocket here"}}, status=426)
        elif self._path.endswith("/models"):
            self._json(_MODELS)
        else:
            self._refuse()

    def do_POST(self) -> None:
        data = self._body()
        for wire in WIRES:
            if (counted := wire.count(self._path)) is not None:
                self._json(counted)
                return
            if wire.fits(self._path):
                body = json.loads(data)
                question = wire.read(body, self._path)
                answer = self.server.model.answer(question)
                with suppress(BrokenPipeError, ConnectionResetError):  # it was killed
                    if wire.streams(body, self._path):
                        self._stream(wire.stream(answer, question))
                    else:
                        self._json(wire.whole(answer, question))
                return
        self._refuse()

    @property
    def _path(self) -> str:
        return self.path.partition("?")[0]

    def _refuse(self) -> None:
        self.server.model.note_stray(f"{self.command} {self.path}")
        self._json({"error": {"message": "not here"}}, status=404)

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            data = b"".join(self._chunks())
        else:
            data = self.rfile.read(int(self.headers.get("content-length") or 0))
        packed = self.headers.get("content-encoding") == "gzip"
        return gzip.decompress(data) if packed else data

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _json(self, value: Mapping[str, Any], *, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _stream(self, events: Iterator[Event]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        for event in events:
            data = event.data if isinstance(event.data, str) else json.dumps(event.data)
            name = f"event: {event.name}\n" if event.name else ""
            self.wfile.write(f"{name}data: {data}\n\n".encode())
            self.wfile.flush()
