"""What a viewer's terminal answers by itself, told apart from what a person types.

A terminal that draws a session's output answers the questions in it (DA, DSR,
OSC 10, …). agentls has answered them already, so these answers must not reach the
program a second time, nor those of a viewer that only watches.
"""

import re

__all__ = ["TerminalAnswers"]

_ANSWER = re.compile(
    rb"\x1b\[(?:"
    rb"[?>=][0-9;:]*[cnRu]"  # DA, private DSR and CPR, the keyboard's flags
    rb"|[03]n"  # DSR: there is a terminal
    rb"|\??[0-9;]*\$y"  # DECRPM
    rb"|[0-9;]*t"  # sizes and titles
    rb"|[0-9;]*\*?x"  # DECREQTPARM
    rb")"
    rb"|\x1b[\]P_^X][^\x07\x18\x1a\x1b]*(?:\x07|\x1b\\)"  # OSC, DCS, APC, PM, SOS
)
_POSITION = re.compile(rb"\x1b\[[0-9]+;[0-9]+R")
_PASTE = re.compile(rb"(\x1b\[200~.*?(?:\x1b\[201~|\Z))", re.DOTALL)
_PASTE_BEGIN, _PASTE_END = b"\x1b[200~", b"\x1b[201~"


class TerminalAnswers:
    """Takes the answers out of what one viewer sends.

    An answer comes in one piece, as terminals write it. A cursor's position is told
    as some terminals tell the F3 key, and counts as one only when it was asked for.
    """

    def __init__(self) -> None:
        self._positions = 0
        self._pasting = False

    def shown(self, output: str) -> None:
        """Take note of output that the viewer's terminal is given to draw."""
        self._positions += output.count("\x1b[6n")

    def leave_out(self, data: bytes) -> bytes:
        """Give what a person has typed or pasted."""
        if b"\x1b" not in data:
            return data
        kept = bytearray()
        if self._pasting:
            end = data.find(_PASTE_END)
            if end < 0:
                return data
            self._pasting = False
            kept += data[: end + len(_PASTE_END)]
            data = data[end + len(_PASTE_END) :]
        for part in _PASTE.split(data):
            if part.startswith(_PASTE_BEGIN):
                self._pasting = not part.endswith(_PASTE_END)
                kept += part
            else:
                kept += _POSITION.sub(self._position, _ANSWER.sub(b"", part))
        return bytes(kept)

    def _position(self, found: re.Match[bytes]) -> bytes:
        if not self._positions:
            return found[0]
        self._positions -= 1
        return b""
