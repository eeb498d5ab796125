"""A late viewer beside one from the start, both real terminals: tmux is the judge.

Real programs run on a real pty and are recorded; what they wrote is shown by panes
of a tmux of our own. One pane gets all from the start, one a repaint at a random
moment and the rest. `AGENTLS_TEST_FULL=1` takes 20 moments of each program.
"""

import difflib
import os
import random
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from ptyprocess import PtyProcess

from agentls.sessions.screen import Screen

ROWS, COLS = 24, 80
QUIET = 0.25
"""Seconds without output after which a program waits for the next key."""

pytestmark = [
    pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is the judge"),
    pytest.mark.timeout(900),
]

# What tmux knows of a terminal beside its cells.
FACTS = (
    *("cursor_x", "cursor_y", "cursor_flag", "insert_flag", "keypad_cursor_flag"),
    *("keypad_flag", "mouse_all_flag", "mouse_button_flag", "mouse_standard_flag"),
    *("mouse_sgr_flag", "mouse_utf8_flag", "origin_flag", "wrap_flag", "pane_title"),
    *("scroll_region_upper", "scroll_region_lower", "alternate_on", "pane_tabs"),
    *("alternate_saved_x", "alternate_saved_y"),
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

# What the terminal interfaces of agents do: a log that scrolls, and below it a part
# that is drawn again and again with synchronized updates, colours and emoji. The first
# line stays: tmux alone keeps in its history what is erased from the very first cell.
AGENT = r"""
import random, sys
chance, out = random.Random(5), sys.stdout
marks = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏✻✳·"
words = "the agent edits a file and runs its tests 日本語 é 😀 ✅ → └─".split()
out.write("\x1b[?2004h\x1b[?1004h\x1b[>1u\x1b[?25l\x1b]0;✳ agent\x07agent 1.0\r\n")
below, size, step = 0, 0, 0
while size < int(sys.argv[1]):
    step += 1
    text = "\x1b[?2026h" + "\x1b[2K\x1b[1A" * below + ("\r\x1b[J" if below else "")
    if step % 3 == 0:
        red, green = chance.randrange(256), chance.randrange(256)
        text += f"\x1b[38;2;{red};{green};90m●\x1b[39m \x1b[1m" + chance.choice(words)
        text += "\x1b[22m " + " ".join(chance.choices(words, k=chance.randrange(30)))
        text += "\x1b[0m\r\n"
        if step % 9 == 0:
            text += "\x1b[48;2;40;0;0m- old line \x1b[K\x1b[0m\r\n"
            text += "\x1b[48;2;0;40;0m+ new \x1b]8;;http://a/b\x07link\x1b]8;;\x07\x1b[K\x1b[0m\r\n"
    rows = [f"\x1b[36m{marks[step % len(marks)]} Working… ({step}s · esc)\x1b[39m"]
    rows += ["╭" + "─" * 70 + "╮", "│ > " + "x" * (step % 60), "╰" + "─" * 70 + "╯"]
    rows += ["  \x1b[2m? for shortcuts\x1b[22m"] * (1 + step % 2)
    text += "\r\n".join(rows) + "\x1b[4G\x1b[?2026l"
    below = len(rows) - 1
    size += len(text.encode())
    out.write(text)
out.write("\x1b[6n")
out.flush()
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

    def __init__(self, tmux: "Tmux", *, link: socket.socket, name: str) -> None:
        self._tmux, self._link, self._name = tmux, link, name

    def feed(self, data: bytes) -> None:
        """Have the terminal draw, and wait until it has."""
        self._link.sendall(struct.pack("<I", len(data)) + data)
        assert self._link.recv(1) == b"k"

    def look(self, *, above: int) -> Look:
        """Look at the terminal, with so many rows above its screen."""
        told = "\n".join(f"{fact}=#{{{fact}}}" for fact in FACTS)
        shown = self._tmux.run("display", "-p", "-t", self._name, told)
        facts = dict(line.split("=", 1) for line in shown.splitlines())
        # Behind a full line, tmux alone stays there when the line's end is erased.
        facts["cursor_x"] = str(min(int(facts["cursor_x"]), COLS - 1))
        alternate = facts["alternate_on"] == "1"
        back = () if alternate else ("-S", str(-above))
        return Look(
            facts=facts,
            screen=self._capture("-e", *back),
            primary=self._capture("-e", "-a") if alternate else (),
            lines=self._capture("-J", *back) if above and not alternate else (),
        )

    def close(self) -> None:
        """End the feeder; tmux removes the pane."""
        self._link.close()

    def _capture(self, *how: str) -> tuple[str, ...]:
        text = self._tmux.run("capture-pane", "-p", "-t", self._name, *how)
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
            name = self.run("new-window", "-d", "-P", "-F", "#{pane_id}", feeder)
            link, _ = server.accept()
        link.settimeout(60)
        self._links.append(link)
        pane = Pane(self, link=link, name=name.strip())
        for data in fed:
            pane.feed(data)
        return pane

    def close(self) -> None:
        """End the server, the panes and their feeders."""
        for link in self._links:
            link.close()
        self.run("kill-server")


def visible(text: str) -> tuple[str, ...]:
    """Give rows of characters with their attributes, without what nobody can see."""
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
        while cells and cells[-1] == " ":
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


@pytest.fixture
def tmux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str) -> Iterator[Tmux]:
    assert mark
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("TMUX", raising=False)
    folder = tmp_path / "t"
    folder.mkdir()
    server = Tmux(folder)
    yield server
    server.close()


@pytest.fixture
def record(tmp_path: Path, mark: str) -> Callable[..., bytes]:
    """Run a program on a pty, type, and give all that it wrote."""

    def make(argv: list[str], *keys: bytes, most: float = 20) -> bytes:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8",
            "LD_AGENTLS_TEST": mark,
        }
        program: Any = PtyProcess.spawn(
            argv, cwd=str(tmp_path), env=environment, dimensions=(ROWS, COLS)
        )
        out = bytearray()

        def drain() -> None:
            end = time.monotonic() + most
            while (
                time.monotonic() < end
                and (select.select([program.fd], [], [], QUIET)[0])
            ):
                out.extend(os.read(program.fd, 1 << 16))

        try:
            drain()
            for key in keys:
                os.write(program.fd, key)
                drain()
        except OSError:  # the program has ended
            pass
        finally:
            program.kill(signal.SIGKILL)
            program.close()
        return bytes(out)

    return make


@pytest.fixture
def judge(tmux: Tmux, full) -> Callable[..., None]:
    """Compare late viewers of the output with one from the start."""

    def compare(output: bytes, *, above: int = 0) -> None:
        chance = random.Random(len(output))  # noqa: S311 - moments, no secrets
        count = 20 if full else 3
        moments = sorted(chance.randrange(len(output)) for _ in range(count))
        whole = tmux.pane(output)
        at_end = whole.look(above=above)
        for moment in (*moments, len(output)):
            screen = Screen(rows=ROWS, cols=COLS)
            screen.feed(output[:moment])
            repaint = screen.repaint()
            screen.close()
            start, now = tmux.pane(output[:moment]), tmux.pane(repaint)
            late = tmux.pane(repaint + output[moment:])
            wrong = differences(start.look(above=above), now.look(above=above))
            assert not wrong, (f"at byte {moment}", *wrong)
            wrong = differences(at_end, late.look(above=above))
            assert not wrong, (f"at the end, from byte {moment} on", *wrong)
            for pane in (start, now, late):
                pane.close()
        whole.close()

    return compare


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file worth looking at."""
    path = tmp_path / "source.py"
    text = Path(__file__).read_text("utf-8")
    path.write_text("# 日本語 😀 é\t" + "long " * 40 + "\n" + text, "utf-8")
    return path


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not shutil.which(program), reason=f"no {program} here")


@needs("vim")
def test_vim(record, judge, source):
    settings = "set number hlsearch mouse=a laststatus=2 ruler termguicolors"
    output = record(
        ["vim", "-u", "NONE", "-c", "syntax on", "-c", settings, str(source)],
        *(b"\x06", b"\x06", b"/def\r", b"n", b":split\r", b"G", b"\x19" * 5),
        "Oh\u00e9llo 日本語 😀 end".encode(),
        *(b"\x1b", b"\x15", b":vsplit\r", b"\x06", b":only\r", b"u", b"dd"),
        *(b":set list\r", b"gg", b"V5j", b"\x1b", b":!echo hi\r", b"\r", b"i"),
    )
    assert b"\x1b[?1049h" in output
    judge(output)


@needs("less")
def test_less(record, judge, source):
    keys = (
        b" ",
        b" ",
        b"/import\r",
        b"n",
        b"G",
        b"g",
        b"jjjjj",
        b"kk",
        b"&def\r",
        b"h",
    )
    judge(record(["less", "-R", "-N", str(source)], *keys))


@needs("htop")
def test_htop(record, judge):
    keys = (b"", b"\x1b[B" * 3, b"t", b"H", b"/sh", b"\x1b", b"\x1bOQ", b"\x1b", b"u")
    judge(record(["htop", "-d", "3"], *keys, most=1))


@needs("top")
def test_top(record, judge):
    judge(record(["top", "-d", "0.3"], b"z", b"x", b"1", b"c", b"h", b"q", most=1))


@needs("bash")
def test_a_shell_with_ten_megabytes_of_output(record, judge, full):
    lines = 40_000 if full else 4_000
    output = record(
        ["bash", "--norc", "-i"],
        b"PS1='$ '\r",
        b"ls -la --color=always /usr/bin\r",
        b"seq 1 %d\r" % (lines * 25),
        b"for i in $(seq %d); do printf '\\033[3%%dm%%s the quick brown fox jumps"
        b" over the lazy dog, and on and on, on one line\\033[0m\\n' $((i%%8)) $i;"
        b" done\r" % lines,
        "printf '\\033[1;31mred\\033[0m 日本 😀 %s\\n' $(seq 50)\r".encode(),
        b"echo -n 'a line that isn'",
    )
    assert len(output) > lines * 200
    judge(output, above=200)


def test_an_agents_interface(record, judge, full):
    size = 5_000_000 if full else 500_000
    output = record([sys.executable, "-c", AGENT, str(size)])
    assert len(output) > size
    judge(output, above=200)
