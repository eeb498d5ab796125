"""Output: 100 MB from a program to its reader, coloured text and `yes`.

Measured is the time from the moment at which the program may begin (a named pipe is
opened) to the last byte at the reader. The agentls reader is a client on `agentls
lsp` that acknowledges each piece and parses each message; the bare terminal is read
in Python by 64 KB; `tmux -C` is a control client that gives every byte, dtach its
attached client on a terminal. What came is compared with what was printed, byte for
byte and after the clock stopped, but for `tmux attach`, which draws the last screen
only: its end is a marker on the screen.

dtach may lose what a program prints before its first client is there, so the
program waits for that.
"""

import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from figures import Line, medians
from peers import Terminal, Tmux
from stage import Editor, fresh_home, open_editor, repository

__all__ = ["coloured", "measure"]

MEGABYTE = 1 << 20
WINDOW = 4 * MEGABYTE
_OCTAL = re.compile(rb"\\([0-7]{3})")
_DTACH_CLEARS = b"\x1b[H\x1b[J"


def measure(rounds: int, *, megabytes: int) -> list[Line]:
    """Give the lines of output."""
    with fresh_home() as env:
        folder = Path(env["HOME"])
        text = folder / "text"
        coloured(text, megabytes=megabytes)
        count = megabytes * MEGABYTE // 3 * 2  # the terminal makes 3 of each 2 bytes
        works = {
            "coloured": (f"cat '{text}'", _as_printed(text.read_bytes())),
            "yes": (f"yes | head -c {count}", b"y\r\n" * (count // 2)),
        }
        lines: list[Line] = []
        with open_editor(env, root=repository(folder)) as editor:
            for name, (command, wanted) in works.items():
                taker = _Taker(command, wanted=wanted, env=env, editor=editor)
                found = medians(taker.works(), rounds=rounds, warm_up=False)
                lines += _lines(f"output, {megabytes} MB {name}", found)
        return lines


def coloured(path: Path, *, megabytes: int) -> None:
    """Write a file of coloured lines, as compilers and test runners print."""
    line = "\033[32mok\033[0m   tests/test_{n:06d}.py \033[2m{n} ms\033[0m passed\n"
    block = "".join(line.format(n=n) for n in range(20_000)).encode()
    with path.open("wb") as file:
        for _ in range(megabytes * MEGABYTE // len(block) + 1):
            file.write(block)


def _as_printed(data: bytes) -> bytes:
    """Give bytes as a terminal passes them on: CR LF at line ends."""
    return data.replace(b"\n", b"\r\n")


def _lines(name: str, found: Mapping[str, float]) -> list[Line]:
    ours = found["agentls"]
    limits = {
        "bare pty": ("≥ 0.8 of its speed: ≤ 1.25 ×", 1.25),
        "tmux attach": ("≥ 3 × its speed: ≤ 0.33 ×", 1 / 3),
        "tmux -C": ("≥ 5 × its speed: ≤ 0.20 ×", 0.2),
    }
    lines = [
        Line(
            name=name,
            agentls=ours,
            peer_name=peer,
            peer=found[peer],
            target=target,
            met=ours <= found[peer] * limit,
        )
        for peer, (target, limit) in limits.items()
    ]
    told = Line(name=name, agentls=ours, peer_name="dtach", peer=found["dtach"])
    return [*lines, told]


class _Taker:
    """One command, printed to each of the readers."""

    def __init__(
        self, command: str, *, wanted: bytes, env: Mapping[str, str], editor: Editor
    ) -> None:
        self._command = command
        self._wanted = wanted
        self._env = env
        self._editor = editor
        self._folder = Path(env["HOME"])
        self._gate = self._folder / "gate"
        if not self._gate.exists():
            os.mkfifo(self._gate)
        self._script = f"read -r _ < '{self._gate}'; {command}"

    def works(self) -> dict[str, Callable[[], float]]:
        """Give the ways to read, by name."""
        return {
            "agentls": self.agentls,
            "bare pty": self.bare,
            "tmux -C": self.control,
            "tmux attach": self.attached,
            "dtach": self.dtach,
        }

    def agentls(self) -> float:
        """Read with an LSP client."""
        _, session = self._editor.begin(self._script)
        self._editor.execute("attach", session=session, window=WINDOW)
        began = self._go()
        pieces: list[str] = []
        missing = len(self._wanted)  # characters are bytes in these texts
        for piece in self._editor.output_of(session):
            pieces.append(piece)
            missing -= len(piece)
            if missing <= 0:
                break
        took = time.perf_counter() - began
        self._compare("".join(pieces).encode())
        self._editor.discard_all()
        return took

    def bare(self) -> float:
        """Read a pseudo-terminal in Python."""
        terminal = self._terminal("/bin/sh", "-c", self._script)
        data = bytearray()
        began = self._go()
        while piece := terminal.read():
            data += piece
        took = time.perf_counter() - began
        terminal.close()
        self._compare(data)
        return took

    def control(self) -> float:
        """Read with a control client of tmux."""
        with Tmux(self._folder, env=self._env, name="tmux") as tmux:
            tmux.session("s", f"{self._script}; read -r _ < '{self._gate}'")
            with tmux.control("s") as client:
                assert client.stdout is not None
                began = self._go()
                pieces: list[bytes] = []
                missing = len(self._wanted)
                for line in client.stdout:
                    if line.startswith(b"%output "):
                        text = line[:-1].split(b" ", 2)[2]
                        pieces.append(text)
                        missing -= len(text) - 3 * text.count(b"\\")
                        if missing <= 0:
                            break
                took = time.perf_counter() - began
            text = b"".join(pieces)  # a byte's escape isn't split between two lines
            self._compare(_OCTAL.sub(lambda found: bytes([int(found[1], 8)]), text))
        return took

    def attached(self) -> float:
        """Read a terminal in which tmux is attached."""
        with Tmux(self._folder, env=self._env, name="tmux") as tmux:
            script = f"{self._script}; printf 'THE''END'; read -r _ < '{self._gate}'"
            tmux.session("s", script)
            terminal = tmux.attach("s")
            terminal.until_quiet(0.3)
            began = self._go()
            terminal.until(b"THEEND")
            took = time.perf_counter() - began
        terminal.close()
        return took

    def dtach(self) -> float:
        """Read a terminal in which dtach is attached."""
        socket = str(self._folder / "dtach")
        argv = ("-A", socket, "-E", "-z", "-r", "none", "/bin/sh", "-c", self._script)
        terminal = self._terminal("dtach", *argv)
        data = bytearray(terminal.until(_DTACH_CLEARS))
        began = self._go()
        missing = len(self._wanted)
        while missing > 0 and (piece := terminal.read()):
            missing -= len(piece)
            data += piece
        took = time.perf_counter() - began
        terminal.close()
        begin = data.index(_DTACH_CLEARS) + len(_DTACH_CLEARS)
        self._compare(data[begin : begin + len(self._wanted)])
        return took

    def _terminal(self, *argv: str) -> Terminal:
        return Terminal(argv, env=self._env)

    def _go(self) -> float:
        began = time.perf_counter()
        self._gate.write_text("go\n")
        return began

    def _compare(self, data: bytes | bytearray) -> None:
        assert data == self._wanted, (len(data), len(self._wanted), "not every byte")
