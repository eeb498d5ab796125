"""LSP framing: a header with the body's length, an empty line, the body.

Header names may have any case, and headers other than Content-Length are
skipped. A length is bounded, so that a broken or hostile peer can't make us
take all memory. Standard library only, and no asyncio: the bridge reads here.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from agentls.errors import Internal

__all__ = [
    "BODY_MAX",
    "HEAD_MAX",
    "AsyncReader",
    "BadFrame",
    "BlockingReader",
    "Frame",
    "FrameSplitter",
    "encode",
    "read_frame",
    "read_frame_async",
]

BODY_MAX = 64 << 20
"""Bytes of a body; more is refused."""

HEAD_MAX = 4096
"""Bytes of all headers of a frame; more is refused."""


class BadFrame(Internal):
    """The stream isn't LSP, or too much; nothing after it can be understood."""


class BlockingReader(Protocol):
    """What `read_frame` needs: a buffered binary file."""

    def readline(self, limit: int, /) -> bytes:
        """Give the next line, its end included, or at most `limit` bytes."""
        ...

    def read(self, size: int, /) -> bytes:
        """Give exactly `size` bytes, fewer only at the end."""
        ...


class AsyncReader(Protocol):
    """What `read_frame_async` needs: an `asyncio.StreamReader`."""

    async def readline(self) -> bytes:
        """Give the next line, its end included; ValueError when it is too long."""
        ...

    async def readexactly(self, n: int, /) -> bytes:
        """Give `n` bytes; EOFError when the stream ends before."""
        ...


class Frame(NamedTuple):
    """One message as it was sent: `raw` with its headers, the body from `start`."""

    raw: bytes
    start: int

    @property
    def body(self) -> bytes:
        """The message without its headers."""
        return self.raw[self.start :]


def encode(body: bytes) -> bytes:
    """Put the header before a body."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def read_frame(stream: BlockingReader) -> bytes | None:
    """Read one body; None at the end of the stream.

    Raises `BadFrame` for what isn't a frame, is too large, or ends in the middle.
    """
    length: int | None = None
    size = 0
    while True:
        line = stream.readline(HEAD_MAX + 1)
        if not line and not size:
            return None
        if line == b"\r\n":
            break
        size = _checked_size(line, size)
        length = _length_in(line, length)
    length = _required(length)
    body = stream.read(length)
    if len(body) < length:
        raise _cut()
    return body


async def read_frame_async(stream: AsyncReader) -> bytes | None:
    """Read one body as `read_frame` does, from a stream of asyncio."""
    length: int | None = None
    size = 0
    while True:
        try:
            line = await stream.readline()
        except ValueError as error:
            raise _no_head() from error
        if not line and not size:
            return None
        if line == b"\r\n":
            break
        size = _checked_size(line, size)
        length = _length_in(line, length)
    try:
        return await stream.readexactly(_required(length))
    except EOFError as error:
        raise _cut() from error


class FrameSplitter:
    """Cuts a stream of bytes, given in pieces of any size, into frames."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._have = 0
        self._need = 0
        """Bytes before it is worth to look again: a big body is joined once."""

    @property
    def between_frames(self) -> bool:
        """Whether all that was fed has been given as whole frames."""
        return not self._have

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Give the frames that are whole now; must be iterated to its end.

        Raises `BadFrame` after the good frames before the bad one; then the
        stream is lost.
        """
        self._pieces.append(data)
        self._have += len(data)
        if self._have < self._need:
            return
        buffer = data if len(self._pieces) == 1 else b"".join(self._pieces)
        at = 0
        while True:
            head_end = buffer.find(b"\r\n\r\n", at, at + HEAD_MAX)
            if head_end < 0:
                if len(buffer) - at >= HEAD_MAX:
                    raise _no_head()
                need = 0
                break
            start = head_end + 4
            end = start + _length_of(buffer[at:head_end])
            if end > len(buffer):
                need = end - at
                break
            yield Frame(buffer[at:end], start - at)
            at = end
        self._pieces = [buffer[at:]] if at < len(buffer) else []
        self._have = len(buffer) - at
        self._need = need


def _length_of(head: bytes) -> int:
    length: int | None = None
    for line in head.split(b"\r\n"):
        length = _length_in(line, length)
    return _required(length)


def _length_in(line: bytes, before: int | None) -> int | None:
    """Give the length that a header line names, else the one known before."""
    name, colon, value = line.partition(b":")
    if not colon:
        raise _no_head()
    if name.strip().lower() != b"content-length":
        return before
    digits = value.strip()
    # isdigit first: int() takes signs and underscores too; 12 digits are no body.
    if not digits.isdigit() or len(digits) > 12:  # noqa: PLR2004
        raise BadFrame(
            f"A message names the length {digits[:40]!r}.",
            hint=f"Content-Length is a number of bytes up to {BODY_MAX}.",
        )
    return int(digits)


def _required(length: int | None) -> int:
    if length is None:
        raise BadFrame(
            "A message came without Content-Length.",
            hint="Speak the Language Server Protocol here.",
        )
    if length > BODY_MAX:
        raise BadFrame(
            f"A message of {length} bytes was refused; {BODY_MAX} is the most.",
            hint="Close the very large document, or exclude it from agentls.",
        )
    return length


def _checked_size(line: bytes, size: int) -> int:
    size += len(line)
    if size > HEAD_MAX or not line.endswith(b"\n"):
        raise _cut() if len(line) < HEAD_MAX and size <= HEAD_MAX else _no_head()
    return size


def _no_head() -> BadFrame:
    return BadFrame(
        "What came isn't a message of the Language Server Protocol.",
        hint="`agentls lsp` is started by editors; run `agentls --help` in a terminal.",
    )


def _cut() -> BadFrame:
    return BadFrame("The stream ended in the middle of a message.")
