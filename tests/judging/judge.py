"""tmux as the judge of what terminals show: its panes, and how two of them differ."""

import difflib
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import attrs

ROWS, COLS = 24, 80

# What tmux knows of a terminal beside its cells.
FACTS = (
    *("cursor_x", "cursor_y", "cursor_flag", "insert_flag", "keypad_cursor_flag"),
    *("keypad_flag", "mouse_all_flag", "mouse_button_flag", "mouse_standard_flag"),
    *("mouse_sgr_flag", "mouse_utf8_flag", "origin_flag", "wrap_flag", "pane_title"),
    *("scroll_region_upper", "scroll_region_lower", "alternate_on", "pane_tabs"),
    *("alternate_saved_x", "alternate_saved_y", "pane_width", "pane_height"),
)

# Writes frames to its terminal; answers when the terminal has drawn them.
FEEDER = r"""
import os, socket, struct, sys, tty
link = socket.socket(socket.AF_UNIX)
link.connect(sys.argv[1])
tty.setraw(0)
stream = link.makefile("rwb")
while len(head := stream.read(4)) == 4:
    data = stream.read(struct.unpack("<I", head)[0])
    rest = memoryview(data + b"\x1b[5n" * 3)
    while rest:
        rest = rest[os.write(1, rest):]
    answer = b""
    while b"\x1b[0n" * 3 not in answer:
        answer += os.read(0, 65536)
    stream.write(b"k")
    stream.flush()
"""


@attrs.frozen(kw_only=True)
class Look:
    """What a pane shows."""

    facts: Mapping[str, str]
    screen: tuple[str, ...]
    """Rows with attributes, on the primary screen also some that scrolled out."""
    primary: tuple[str, ...]
    """The rows that come back when the alternate screen is left."""
    lines: tuple[str, ...]
    """Lines that the width alone has broken are one line here."""


class Pane:
    """One terminal of the judge."""

    def __init__(
        self, tmux: "Tmux", *, name: str, link: socket.socket | None = None
    ) -> None:
        self._tmux, self._link, self.name = tmux, link, name

    def feed(self, data: bytes) -> None:
        """Have the terminal draw, and wait until it has."""
        assert self._link
        self._link.sendall(struct.pack("<I", len(data)) + data)
        assert self._link.recv(1) == b"k"

    def resize(self, *, rows: int, cols: int) -> None:
        """Give the terminal another size."""
        size = ("-x", str(cols), "-y", str(rows))
        self._tmux.run("resize-window", "-t", self.name, *size)

    def look(self, *, above: int) -> Look:
        """Look at the terminal, with so many rows above its screen."""
        told = "\n".join(f"{fact}=#{{{fact}}}" for fact in FACTS)
        shown = self._tmux.run("display", "-p", "-t", self.name, told)
        facts = dict(line.split("=", 1) for line in shown.splitlines())
        # Behind a full line, tmux alone stays there when the line's end is erased.
        last = int(facts["pane_width"]) - 1
        facts["cursor_x"] = str(min(int(facts["cursor_x"]), last))
        alternate = facts["alternate_on"] == "1"
        back = () if alternate else ("-S", str(-above))
        return Look(
            facts=facts,
            screen=self._capture("-e", *back),
            primary=_filled(self._capture("-e", "-a")) if alternate else (),
            lines=self._capture("-J", *back) if above and not alternate else (),
        )

    def close(self) -> None:
        """End the feeder; tmux removes the pane."""
        assert self._link
        self._link.close()

    def _capture(self, *how: str) -> tuple[str, ...]:
        text = self._tmux.run("capture-pane", "-p", "-t", self.name, *how)
        return visible(text)


class Tmux:
    """A tmux server of our own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0
        self._links: list[socket.socket] = []
        (folder / "feeder.py").write_text(FEEDER)
        (folder / "conf").write_text(
            f"set -g default-size {COLS}x{ROWS}\nset -g history-limit 3000\n"
            "set -g status off\nset -g default-shell /bin/sh\n"
        )
        self.run("new-session", "-d", "-x", str(COLS), "-y", str(ROWS), "exec cat")

    def run(self, *words: str) -> str:
        """Run a command of tmux and give what it prints."""
        done = subprocess.run(
            ["tmux", "-S", self._folder / "s", "-f", self._folder / "conf", *words],
            capture_output=True,
            check=True,
            timeout=30,
        )
        return done.stdout.decode("utf-8", "replace")

    def pane(self, *fed: bytes) -> Pane:
        """Open a terminal and feed it."""
        self._count += 1
        path = self._folder / f"f{self._count}"
        with socket.socket(socket.AF_UNIX) as server:
            server.settimeout(30)
            server.bind(str(path))
            server.listen(1)
            feeder = f"exec {sys.executable} {self._folder / 'feeder.py'} {path}"
            name = self.window(feeder).name
            link, _ = server.accept()
        link.settimeout(60)
        self._links.append(link)
        pane = Pane(self, link=link, name=name)
        for data in fed:
            pane.feed(data)
        return pane

    def window(self, command: str) -> Pane:
        """Open a terminal in which a command runs."""
        name = self.run("new-window", "-d", "-P", "-F", "#{pane_id}", command)
        return Pane(self, name=name.strip())

    def close(self) -> None:
        """End the server, the panes and their feeders."""
        for link in self._links:
            link.close()
        self.run("kill-server")


def _filled(rows: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out the blank rows at the end: tmux resizes what is hidden later."""
    kept = list(rows)
    while kept and not kept[-1]:
        kept.pop()
    return tuple(kept)


_BLANK = re.compile(r" (\[\('48', '[\d;]+'\)\])?")


def visible(text: str) -> tuple[str, ...]:
    """Give rows of characters with their attributes, without what nobody can see.

    And without blanks at a row's end, whatever their background: tmux draws those
    that were erased, but `capture-pane` gives only those that were written.
    """
    rows: list[str] = []
    look: dict[str, str] = {}
    for line in text.split("\n"):
        cells: list[str] = []
        # tmux carries attributes over from row to row.
        for sequence, character in re.findall(r"\x1b\[([\d;:]*)m|([^\x1b])", line):
            if not character:
                attributes(sequence.split(";"), look)
                continue
            now = dict(look)
            if character == " " and not now.keys() & {"7", "4", "9", "21", "53"}:
                now = {key: value for key, value in now.items() if key == "48"}
            cells.append(character + (str(sorted(now.items())) if now else ""))
        while cells and _BLANK.fullmatch(cells[-1]):
            cells.pop()
        rows.append("".join(cells))
    return tuple(rows)


def attributes(numbers: list[str], look: dict[str, str]) -> None:
    """Take in one SGR sequence; a colour has one name, however it was written."""
    rest = [number or "0" for number in numbers]
    while rest:
        first = rest.pop(0)
        if first == "0":
            look.clear()
        elif first in {"38", "48", "58"}:
            count = 2 if rest[0] == "5" else 4
            color, rest = rest[:count], rest[count:]
            look[first] = ";".join(color)
        elif first in {"39", "49", "59"}:
            look.pop(str(int(first) - 1), None)
        elif re.fullmatch(r"[34][0-7]", first):
            look[first[0] + "8"] = f"5;{first[1]}"
        elif re.fullmatch(r"(9|10)[0-7]", first):
            look["38" if first[0] == "9" else "48"] = f"5;{int(first[-1]) + 8}"
        else:
            look[first] = "on"


def differences(start: Look, late: Look) -> list[str]:
    """Say where two terminals differ."""
    found = [
        f"{fact}: {value!r} from the start, {late.facts[fact]!r} late"
        for fact, value in start.facts.items()
        if value != late.facts[fact]
    ]
    for one, other in (
        (start.screen, late.screen),
        (start.primary, late.primary),
        (start.lines, late.lines),
    ):
        found += difflib.unified_diff(one, other, "start", "late", lineterm="", n=0)
    return found
