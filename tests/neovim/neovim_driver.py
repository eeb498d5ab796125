"""A real Neovim with a screen: keys go in, and what it drew can be read back.

Neovim runs embedded; this process is its user interface and keeps the grid of cells
that Neovim tells it to draw. Waiting is for what the screen or Neovim says, with a
deadline.
"""

import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgpack

__all__ = ["Neovim", "NeovimError"]

_DEADLINE = 30.0
_REQUEST, _ANSWER, _NEWS = 0, 1, 2


class NeovimError(Exception):
    """Neovim answered a request with an error."""


class Neovim:
    """One Neovim, its grid, and what it told."""

    def __init__(
        self,
        program: Path,
        *args: str,
        environ: Mapping[str, str],
        cwd: Path,
        rows: int = 40,
        cols: int = 120,
    ) -> None:
        self.process = subprocess.Popen(
            [program, "--embed", *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environ),
            cwd=cwd,
        )
        self._grid: list[list[str]] = []
        self._groups: list[list[int]] = []
        self._cursor = (0, 0)
        self._highlights: dict[int, dict[str, Any]] = {}
        self._answers: dict[int, tuple[Any, Any]] = {}
        self._last = 0
        self._closed = False
        self.flushes = 0
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.request("nvim_ui_attach", cols, rows, {"ext_linegrid": True, "rgb": True})

    # What a person does and sees.

    def keys(self, text: str) -> None:
        """Press keys, as `:help key-notation` writes them."""
        self.request("nvim_input", text)

    def command(self, line: str) -> None:
        """Type a command line and press Enter."""
        self.keys(f"<C-\\><C-n>:{line.replace('<', '<lt>')}<CR>")

    def screen(self) -> str:
        """Give the text on the screen."""
        with self._news:
            return "\n".join("".join(row).rstrip() for row in self._grid)

    def row_of(self, text: str) -> int:
        """Give the screen's row with a text, from 0."""
        return next(
            row for row, line in enumerate(self.screen().split("\n")) if text in line
        )

    def until_screen(self, *texts: str, without: Sequence[str] = ()) -> str:
        """Wait until the screen shows all the texts, and give it."""

        def drawn() -> bool:
            screen = self.screen()
            return all(text in screen for text in texts) and not any(
                text in screen for text in without
            )

        self.until(drawn, f"{texts} without {tuple(without)}")
        return self.screen()

    def until(self, true: Callable[[], Any], what: str = "it") -> Any:
        """Wait until something is true, looking whenever Neovim drew."""
        end = time.monotonic() + _DEADLINE
        while not (found := true()):
            with self._news:
                seen = self.flushes
                left = end - time.monotonic()
                if left <= 0 or self._closed:
                    raise AssertionError(
                        f"never came: {what}; the screen shows:\n{self.screen()}"
                    )
                self._news.wait_for(lambda s=seen: self.flushes != s, min(left, 0.25))
        return found

    # What a program asks.

    def request(self, method: str, *args: Any) -> Any:
        """Call a function of Neovim's API and give its answer."""
        with self._news:
            self._last += 1
            number = self._last
        message = msgpack.packb([_REQUEST, number, method, args])
        self.process.stdin.write(message)
        self.process.stdin.flush()
        with self._news:
            came = self._news.wait_for(
                lambda: number in self._answers or self._closed, _DEADLINE
            )
            if not came or number not in self._answers:
                raise AssertionError(f"no answer to {method}; {self.screen()}")
            error, result = self._answers.pop(number)
        if error is not None:
            raise NeovimError(error[1] if isinstance(error, list) else error)
        return result

    def lua(self, code: str, *args: Any) -> Any:
        """Run Lua code and give what it returns."""
        return self.request("nvim_exec_lua", code, args)

    def until_lua(self, code: str, *args: Any) -> Any:
        """Wait until Lua code returns something true, and give it."""
        return self.until(lambda: self.lua(code, *args), code)

    def attributes(self, row: int, text: str) -> dict[str, Any]:
        """Give how a text in a screen's row is highlighted."""
        with self._news:
            before = "".join(self._grid[row]).index(text)
            col = next(
                col
                for col in range(len(self._grid[row]))
                if len("".join(self._grid[row][:col])) >= before
            )
            return self._highlights.get(self._groups[row][col], {})

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column on the screen, from 0."""
        with self._news:
            return self._cursor

    def close(self) -> None:
        """End it as it is: it goes when its user interface goes."""
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join()
        self.process.stdout.close()

    def _read(self) -> None:
        unpacker = msgpack.Unpacker(
            strict_map_key=False, ext_hook=_handle, unicode_errors="surrogateescape"
        )
        while data := self.process.stdout.read1(1 << 16):
            unpacker.feed(data)
            for message in unpacker:
                with self._news:
                    if message[0] == _ANSWER:
                        _, number, error, result = message
                        self._answers[number] = (error, result)
                        self._news.notify_all()
                    elif message[0] == _NEWS and message[1] == "redraw":
                        for name, *calls in message[2]:
                            self._redraw(name, calls)
        with self._news:
            self._closed = True
            self._news.notify_all()

    def _redraw(self, name: str, calls: list[Any]) -> None:
        if name == "flush":
            self.flushes += 1
            self._news.notify_all()
        elif draw := getattr(self, f"_{name}", None):
            for call in calls:
                draw(*call)

    def _grid_resize(self, _: int, cols: int, rows: int) -> None:
        self._grid = [[" "] * cols for _ in range(rows)]
        self._groups = [[0] * cols for _ in range(rows)]

    def _grid_clear(self, _: int) -> None:
        for row in self._grid:
            row[:] = [" "] * len(row)

    def _grid_cursor_goto(self, _: int, row: int, col: int) -> None:
        self._cursor = (row, col)

    def _hl_attr_define(self, number: int, attributes: dict[str, Any], *_: Any) -> None:
        self._highlights[number] = attributes

    def _grid_line(self, _: int, row: int, col: int, cells: list[Any], *_more) -> None:
        group = 0
        for text, *more in cells:
            group = more[0] if more else group
            for _again in range(more[1] if len(more) > 1 else 1):
                self._grid[row][col] = text
                self._groups[row][col] = group
                col += 1

    def _grid_scroll(
        self, _: int, top: int, bottom: int, left: int, right: int, rows: int, _c: int
    ) -> None:
        lines = range(top, bottom - rows)
        if rows < 0:
            lines = range(bottom - 1, top - rows - 1, -1)
        for row in lines:
            self._grid[row][left:right] = self._grid[row + rows][left:right]
            self._groups[row][left:right] = self._groups[row + rows][left:right]


def _handle(_: int, data: bytes) -> int:
    """Give the number of a buffer, window or tab page."""
    return msgpack.unpackb(data)
