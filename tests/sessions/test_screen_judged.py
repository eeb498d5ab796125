"""A late viewer beside one from the start, both real terminals: tmux is the judge.

Real programs run on a real pty and are recorded; what they wrote is shown by panes
of a tmux of our own. One pane gets all from the start, one a repaint at a random
moment and the rest. `AGENTLS_TEST_FULL=1` takes 20 moments of each program.
"""

import lzma
import os
import random
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import attrs
import pytest
from ptyprocess import PtyProcess

from agentls.sessions.screen import Screen
from agentls.sessions.snapshot import PLAIN, read_snapshot
from judge import COLS, ROWS, Pane, Tmux, differences

RECORDINGS = Path(__file__).parent.parent / "recordings"

QUIET = 0.25
"""Seconds without output after which a program waits for the next key."""

pytestmark = [
    pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is the judge"),
    pytest.mark.timeout(900),
]

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


@attrs.frozen(kw_only=True)
class Grid:
    """The size that a terminal has from an offset of its output on."""

    offset: int
    rows: int = ROWS
    cols: int = COLS


def steps(
    output: bytes, grids: Sequence[Grid], *, begin: int = 0, end: int | None = None
) -> Iterator[tuple[Grid, bytes]]:
    """Cut output into pieces of one size of the terminal each."""
    end = len(output) if end is None else end
    for grid, following in zip(grids, [*grids[1:], None], strict=True):
        until = min(end, following.offset) if following else end
        since = max(begin, grid.offset)
        if since < until or since == until == end:
            yield grid, output[since:until]


def show(pane: Pane, pieces: Iterable[tuple[Grid, bytes]]) -> None:
    """Have a terminal draw pieces in the size of each.

    Those of one size are fed together: what the judge asks after a feed would end a
    sequence that is cut there.
    """
    for (rows, cols), alike in groupby(pieces, _size):
        pane.resize(rows=rows, cols=cols)
        pane.feed(b"".join(data for _, data in alike))


def _size(piece: tuple[Grid, bytes]) -> tuple[int, int]:
    return piece[0].rows, piece[0].cols


def redrawn(repaint: list[tuple[Grid, bytes]]) -> Screen:
    """Draw a repaint with the emulator: it shows backgrounds that tmux can't tell."""
    ((grid, data),) = repaint
    screen = Screen(rows=grid.rows, cols=grid.cols)
    screen.feed(data)
    return screen


def cells_of(screen: Screen) -> list[list[tuple[str, bytes]]]:
    """Give each row's characters and styles, without plain blanks at the end."""
    state = read_snapshot(screen.snapshot(), history=0)
    rows: list[list[tuple[str, bytes]]] = []
    for row in state.shown.rows:
        cells = [(cell.text or " ", cell.look.style) for cell in row.cells()]
        while cells and cells[-1] == (" ", PLAIN):
            cells.pop()
        rows.append(cells)
    return rows


@pytest.fixture
def judge(tmux: Tmux, full) -> Callable[..., None]:
    """Compare late viewers of the output with one from the start."""

    def compare(
        output: bytes, *, above: int = 0, grids: Sequence[Grid] = (Grid(offset=0),)
    ) -> None:
        chance = random.Random(len(output))  # noqa: S311 - moments, no secrets
        count = 20 if full else 3
        moments = sorted(chance.randrange(len(output)) for _ in range(count))
        whole = tmux.pane()
        show(whole, steps(output, grids))
        at_end = whole.look(above=above)
        for moment in (*moments, len(output)):
            screen = Screen(rows=ROWS, cols=COLS)
            for grid, data in steps(output, grids, end=moment):
                screen.resize(rows=grid.rows, cols=grid.cols)
                screen.feed(data)
            repaint = [(grid, screen.repaint())]
            assert cells_of(screen) == cells_of(redrawn(repaint)), f"at byte {moment}"
            screen.close()
            start, now, late = tmux.pane(), tmux.pane(), tmux.pane()
            show(start, steps(output, grids, end=moment))
            show(now, repaint)
            show(late, [*repaint, *steps(output, grids, begin=moment)])
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


@pytest.mark.full
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


@pytest.mark.full
@needs("htop")
def test_htop(record, judge):
    keys = (b"", b"\x1b[B" * 3, b"t", b"H", b"/sh", b"\x1b", b"\x1bOQ", b"\x1b", b"u")
    judge(record(["htop", "-d", "3"], *keys, most=1))


@pytest.mark.full
@needs("top")
def test_top(record, judge):
    judge(record(["top", "-d", "0.3"], b"z", b"x", b"1", b"c", b"h", b"q", most=1))


@pytest.mark.full
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


def test_codex_at_work(judge, say):
    """The recording is of the real program; see `tests/recordings/`."""
    output = lzma.decompress((RECORDINGS / "codex.xz").read_bytes())
    grids = [
        Grid(offset=int(offset), rows=int(rows), cols=int(cols))
        for offset, rows, cols in map(
            str.split, (RECORDINGS / "codex.grids").read_text().splitlines()
        )
    ]
    assert len(output) >= 5_000_000
    say(f"{len(output)} bytes, {len(grids)} sizes")
    judge(output, grids=[Grid(offset=0), *grids])
