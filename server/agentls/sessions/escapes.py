"""Terminal output cut into text and escape sequences, and two filters made of that.

A session's log is what its program wrote to a terminal. To show it as plain text
the sequences go; to play it again on a living terminal those go that would make
the terminal answer, ring, notify or touch the clipboard a second time.
"""

import re
from collections.abc import Callable, Iterator

__all__ = ["SEQUENCE", "PlainText", "ReplayFilter"]

SEQUENCE = re.compile(
    rb"\x1b(?:"
    rb"\[[0-?]*[ -/]*[@-~]"  # CSI
    rb"|[\]PX^_][^\x07\x1b]*(?:\x1b(?!\\)[^\x07\x1b]*)*(?:\x07|\x1b\\)"  # OSC, DCS, …
    rb"|[ -/]+[0-~]"  # charsets and the like
    rb"|[0-OQ-WYZ\\`-~]"  # the short ones
    rb")",
    re.DOTALL,
)
_BEGINNING = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07]*|[ -/]*)\Z", re.DOTALL)
"""What may still become a sequence when more bytes come."""

_REST_MAX = 1 << 20
"""Bytes of an unfinished sequence that are kept back, before they pass as text."""

_ONCE_ONLY = re.compile(
    rb"\x1b(?:"
    rb"\[[>=?]?[0-9;]*c"  # device attributes
    rb"|\[\??[0-9;]*n"  # device status
    rb"|\[\??[0-9;]*\$p"  # modes
    rb"|\[>[0-9;]*q"  # version
    rb"|\[\?u"  # keyboard flags
    rb"|\[\?[0-9;]*S"  # graphics attributes
    rb"|\[(?:1[13-6]|18|19|2[01])(?:;[0-9;]*)?t"  # window reports
    rb"|\][0-9;]*[^\x07\x1b]*\?(?:\x07|\x1b\\)"  # colours, clipboard, status: asked
    rb"|\](?:9|52|99|777|7501)(?:;[^\x07\x1b]*)?(?:\x07|\x1b\\)"  # clipboard, notes
    rb"|P[0-9;]*[$+]q[^\x07\x1b]*(?:\x07|\x1b\\)"  # settings, capabilities
    rb"|Z"  # identify
    rb")",
    re.DOTALL,
)
_ASK_OR_RING = re.compile(rb"[\x05\x07]")
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


class _Splitter:
    """Cuts a stream into text and whole sequences, over the borders of its pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[tuple[bool, bytes]]:
        """Give the pieces in order; True with each that is a sequence."""
        data = self._rest + data
        self._rest = b""
        at = 0
        for found in SEQUENCE.finditer(data):
            if found.start() > at:
                yield False, data[at : found.start()]
            yield True, found[0]
            at = found.end()
        tail = data[at:]
        found = _BEGINNING.search(tail)
        if found and len(tail) - found.start() <= _REST_MAX:
            self._rest = tail[found.start() :]
            tail = tail[: found.start()]
        if tail:
            yield False, tail

    def end(self) -> bytes:
        """Give what was kept back."""
        rest, self._rest = self._rest, b""
        return rest


class _Filter:
    """A stream of bytes through a splitter."""

    def __init__(self) -> None:
        self._splitter = _Splitter()

    def _through(
        self,
        data: bytes,
        *,
        sequence: Callable[[bytes], bytes],
        text: Callable[[bytes], bytes],
    ) -> bytes:
        return b"".join(
            sequence(piece) if escape else text(piece)
            for escape, piece in self._splitter.feed(data)
        )


class ReplayFilter(_Filter):
    """Leaves out what must happen once only, when it was written."""

    def feed(self, data: bytes) -> bytes:
        """Give what may be shown again."""
        return self._through(
            data,
            sequence=lambda piece: b"" if _ONCE_ONLY.fullmatch(piece) else piece,
            text=lambda piece: _ASK_OR_RING.sub(b"", piece),
        )

    def end(self) -> bytes:
        """Give the beginning of a sequence that was kept back; what follows is new."""
        return self._splitter.end()


class PlainText(_Filter):
    """Keeps the text alone: lines end with a line feed, tabs stay."""

    def __init__(self) -> None:
        super().__init__()
        self._return = False

    def feed(self, data: bytes) -> bytes:
        """Give the text of the next piece."""
        return self._through(data, sequence=lambda _: b"", text=self._text)

    def end(self) -> bytes:
        """Give the last line's end, if one is due."""
        due, self._return = self._return, False
        return b"\n" if due else b""

    def _text(self, piece: bytes) -> bytes:
        if self._return:
            piece = b"\r" + piece
        self._return = piece.endswith(b"\r")
        if self._return:  # only what follows tells whether it ends a line by itself
            piece = piece.rstrip(b"\r")
        piece = re.sub(rb"\r+\n", b"\n", piece)
        # A program that draws over its line: each drawing becomes a line.
        return _NOT_TEXT.sub(b"", re.sub(rb"\r+", b"\n", piece))
