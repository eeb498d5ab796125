"""One session as the demo's editor follows it: every byte once, line by line."""

import base64
from typing import Any

import attrs
import click

from agentls.cli.editor import Editor
from agentls.cli.visible import visible
from agentls.errors import Internal

__all__ = ["Watch"]

_FIRST, _EACH = 3, 10
"""The lines that are printed: enough to see them work, too few to hide the rest."""

_COLOURS = ("cyan", "magenta", "yellow")


@attrs.define(kw_only=True)
class Watch:
    """What came of a session so far; some of its lines are printed as they come."""

    session: str
    name: str
    number: int
    received: bytes = b""
    ended: bool = False
    _printed: int = 0

    @property
    def lines(self) -> int:
        """Count the whole lines."""
        return self.received.count(b"\n")

    def attach(self, editor: Editor) -> None:
        """Go on from where the last byte came from."""
        editor.execute(
            "agentls.attach", {"session": self.session, "offset": len(self.received)}
        )

    def take(self, params: dict[str, Any]) -> None:
        """Take a piece of output, which must begin where the last one ended."""
        if params["offset"] != len(self.received):
            raise Internal(
                f"{self.name}: a piece begins at byte {params['offset']}, but"
                f" {len(self.received)} have come."
            )
        if "base64" in params:
            self.received += base64.b64decode(params["base64"])
        else:
            self.received += params["text"].encode()
        whole = self.received.rfind(b"\n") + 1
        before = self.received[: self._printed].count(b"\n")
        for at, line in enumerate(self.received[self._printed : whole].splitlines()):
            if (before + at + 1) % _EACH == 0 or before + at < _FIRST:
                self._print(visible(line.decode(errors="replace")))
        self._printed = max(self._printed, whole)

    def _print(self, line: str) -> None:
        colour = _COLOURS[self.number % len(_COLOURS)]
        click.echo(f"  {click.style(f'{self.name:>9} │', fg=colour)} {line}")
