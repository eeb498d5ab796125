# JSON, and typing.cast would cost its import:
# pyright: reportUnknownVariableType=false
"""`agentls hook`: what an agent's own hook or notify setting calls.

It appends the event to the session's event file, durably, and then pokes the
daemon. An agent waits for it and takes its failure for its own: so it is quick,
says nothing, starts nothing and always ends with 0. Standard library only, and
little of that: it runs after every tool that an agent uses. What an agent says is
kept as the text that it is, and read by the daemon: reading JSON would double the
time that this takes.
"""

import os
import select
import sys
import time
from _json import encode_basestring_ascii, scanstring  # json takes 10 ms to import

TYPE_CHECKING = False  # as typing's own, which takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

__all__ = ["PAYLOAD_MAX", "main"]

PAYLOAD_MAX = 64 << 10
"""Bytes of a payload in the event file; longer texts in it are shortened."""

_INPUT_MAX = 16 << 20
_INPUT_SECONDS = 5.0
_POKE_SECONDS = 0.5
_SHORTER = (4096, 512, 64)
_MANY = 64


def main(argv: "Sequence[str]", *, environ: "Mapping[str, str]" = os.environ) -> int:
    """Record one event: `hook [EVENT] [JSON]`, the JSON else from standard input."""
    events = environ.get("AGENTLS_EVENTS")
    if not events:
        return 0
    # A broken payload, a full disk, a daemon that is gone: not the agent's concern.
    try:
        event, data = _event(argv)
        _append(events, _line(event, data))
        _poke(environ)
    except (OSError, ValueError, RecursionError, MemoryError):
        pass
    return 0


def _event(argv: "Sequence[str]") -> "tuple[str, bytes]":
    """Give the event's name and what the agent says of it."""
    given = list(argv)
    if given and given[-1].lstrip().startswith("{"):
        data = given.pop().encode("utf-8", "surrogateescape")
    else:
        data = _standard_input()
    return given[0] if given else "", data


def _standard_input() -> bytes:
    """Read what the agent gives, but never wait for a person or for ever."""
    if os.isatty(0):
        return b""
    data = bytearray()
    end = time.monotonic() + _INPUT_SECONDS
    while len(data) < _INPUT_MAX:
        ready, _, _ = select.select([0], [], [], max(0.0, end - time.monotonic()))
        piece = os.read(0, 1 << 16) if ready else b""
        if not piece:
            break
        data += piece
    return bytes(data)


def _line(event: str, data: bytes) -> str:
    """Give the record of an event; `agents/events.py` reads it."""
    said = encode_basestring_ascii(data.decode("utf-8", "surrogateescape"))
    if len(said) > PAYLOAD_MAX:
        return _shortened_line(event, data)
    name = encode_basestring_ascii(event)
    return f'{{"time": {time.time()!r}, "event": {name}, "said": {said}}}'


def _shortened_line(event: str, data: bytes) -> str:
    """Give the record of an event that says too much; what isn't JSON is cut."""
    import json  # noqa: PLC0415 - seldom needed

    try:
        payload: Any = json.loads(data)
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        return _line(event, data[:1024])
    record: dict[str, Any] = {"time": time.time(), "event": event, "payload": payload}
    line = json.dumps(record)  # shorter than what was said: nothing is escaped twice
    for texts in _SHORTER:
        if len(line) <= PAYLOAD_MAX:
            return line
        record["payload"] = _shortened(payload, texts)
        line = json.dumps(record)
    if len(line) <= PAYLOAD_MAX:
        return line
    record["payload"] = {
        name: value
        for name, value in payload.items()
        if not isinstance(value, (dict, list)) and len(str(value)) < _SHORTER[-1]  # pyright: ignore[reportUnknownArgumentType] - JSON
    }
    return json.dumps(record)


def _append(path: str, line: str) -> None:
    descriptor = os.open(
        path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
    )
    try:
        size = os.fstat(descriptor).st_size
        # A full disk may have cut the last line; this one must not be lost with it.
        # One that is being written looks the same: then there is an empty line more.
        cut = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, ("\n" * cut + line + "\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _shortened(value: "Any", texts: int) -> "Any":
    """Cut long texts and long arrays; it stays JSON, and paths in it stay."""
    if isinstance(value, str):
        return value if len(value) <= texts else value[:texts] + "…"
    if isinstance(value, list):
        return [_shortened(one, texts) for one in value[:_MANY]]
    if isinstance(value, dict):
        return {name: _shortened(one, texts) for name, one in value.items()}
    return value


def _poke(environ: "Mapping[str, str]") -> None:
    """Tell the daemon, if one is there, that the session's event file has grown."""
    state = environ.get("AGENTLS_STATE_DIR")
    session = environ.get("AGENTLS_SESSION")
    if not state or not session:
        return
    address = _address(os.path.join(state, "daemon.json"))  # noqa: PTH118 - pathlib takes 11 ms to import
    if not address:
        return
    from _socket import AF_UNIX, SOCK_STREAM, socket  # noqa: PLC0415 - only where a daemon is; its wrapper takes 5 ms to import

    name = encode_basestring_ascii(session)
    body = (
        '{"jsonrpc": "2.0", "method": "agentls/hookEvent",'
        f' "params": {{"session": {name}}}}}'
    ).encode()
    connection = socket(AF_UNIX, SOCK_STREAM)
    try:
        connection.settimeout(_POKE_SECONDS)
        connection.connect(address)
        connection.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    finally:
        connection.close()


def _address(path: str) -> str:
    """Read where the daemon listens from its record; empty if it isn't there."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - the same
        record = file.read()
    # Inside of a string the quotes would be escaped: this is the key.
    _, key, rest = record.partition('"address": "')
    return scanstring(rest, 0)[0] if key else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
