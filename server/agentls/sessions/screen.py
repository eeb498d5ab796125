"""What a terminal shows of a program's output, for whoever looks later.

A `Screen` is fed with output and gives: what a viewer that comes late must be sent,
the text for patterns and for a glance, and the terminal's answers to what the
program asks. Behind it stands a real emulator (emulator.py).
"""

from agentls.sessions.emulator import Colors, Emulator, EmulatorMissing, Unfinished
from agentls.sessions.leap import leap
from agentls.sessions.repaint import repaint
from agentls.sessions.snapshot import State, read_snapshot

__all__ = ["HISTORY_LINES", "Colors", "EmulatorMissing", "Screen", "Unfinished"]

HISTORY_LINES = 500
"""Lines above the screen that a repaint has, at most."""


class Screen:
    """One terminal of a given size. Not to be used by two threads at once.

    Raises `EmulatorMissing` where there is no emulator for this machine.
    """

    def __init__(self, *, rows: int, cols: int, colors: Colors | None = None) -> None:
        self._emulator = Emulator(rows=rows, cols=cols, colors=colors)

    @classmethod
    def restored(cls, snapshot: bytes, *, colors: Colors | None = None) -> "Screen":
        """Make a screen from what `snapshot` gave; AgentlsError for anything else."""
        screen = cls(rows=1, cols=1, colors=colors)
        screen._emulator = Emulator.restored(snapshot, colors=colors)
        return screen

    def feed(self, data: bytes) -> None:
        """Take the program's next output, cut anywhere."""
        self._emulator.feed(data)

    def catch_up(self, data: bytes) -> None:
        """Take much output; lines that would scroll out above may be left out."""
        shorter = None
        if rows := self._rows_that_scroll():
            shorter = leap(data, lines=2 * HISTORY_LINES + rows)
        self.feed(data if shorter is None else shorter)

    def resize(self, *, rows: int, cols: int) -> None:
        """Take another size."""
        self._emulator.resize(rows=rows, cols=cols)

    def replies(self) -> bytes:
        """Give the answers to what was asked since the last call, in order, once."""
        return self._emulator.answers()

    def snapshot(self) -> bytes:
        """Give the whole state, to be restored by the same version of agentls.

        Raises `Unfinished` inside a sequence of more than a megabyte.
        """
        return self._emulator.snapshot()

    def repaint(self, *, history: int = HISTORY_LINES) -> bytes:
        """Give what makes a viewer's terminal of this size show this screen.

        It sets the terminal back first and draws both screens; the program's next
        output follows it directly. Raises `Unfinished` as `snapshot` does.
        """
        return repaint(self._read(history=history))

    def text(self) -> tuple[str, ...]:
        """Give the lines that are shown, without the blanks at their ends."""
        return tuple(row.text() for row in self._read(history=0).shown.rows)

    def title(self) -> str:
        """Give the title that the program has set; empty when it has set none."""
        return self._read(history=0).title.decode("utf-8", "replace")

    def close(self) -> None:
        """Free the emulator's memory at once."""
        self._emulator.close()

    def _rows_that_scroll(self) -> int:
        """Give the number of rows where plain lines push all others out, else 0."""
        try:
            state = self._read(history=0)
        except Unfinished:
            return 0
        whole = (0, state.rows - 1, 0, state.cols - 1)
        if state.region != whole or state.alternate or state.unfinished:
            return 0
        return state.rows

    def _read(self, *, history: int) -> State:
        return read_snapshot(self._emulator.snapshot(), history=history)
