"""The screen of one session, followed along its log.

It is a cache: what it keeps is a snapshot with its offset, in the session's folder
(`kept_screen.py`); without one it is made again from the log. Reading and feeding go
in steps, so that neither the event loop nor a thread is held for long.
"""

import asyncio
import bisect
import contextlib
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import attrs

from agentls.errors import AgentlsError
from agentls.sessions.folder import Grid, grids_size, read_grids
from agentls.sessions.kept_screen import KeptScreen, read_kept, write_kept
from agentls.sessions.live import Watched
from agentls.sessions.log import Chunk, LogReader, OutputGone
from agentls.sessions.rounds import Look, Rounds
from agentls.sessions.screen import HISTORY_LINES, Colors, Screen, Unfinished
from agentls.threads import in_thread

__all__ = ["Repaint", "SessionScreen", "ShownText"]

_LOG = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

_STEP_BYTES = 1 << 18
_BEHIND_BYTES = 1 << 20
"""So far behind, output is taken in pieces of this size, and lines may be left out."""
_KEEP_BYTES = 4 << 20
"""After so much output a snapshot is kept: more is never fed before an attach."""
_REST_SECONDS = 2.0
"""After so long without output the emulator's memory is let go."""
_PACE_SECONDS = 0.02
"""Between two looks at a session that prints: what it asks is answered that late."""
_ASKING_SECONDS = 10.0
"""A program that asked nothing for so long (most ask when they begin) is looked at in
rounds while it prints; after a rest it is looked at at once all the same."""
_LOOK_BYTES = 1 << 14
"""So much at most is taken by a look in a round; who prints more is behind."""
_ANSWERS_MAX = 1 << 15
_DEFAULT_GRID = Grid(offset=0, rows=24, cols=80)

# Where output may begin whose beginning is gone: not inside a sequence or character.
_SAFE = re.compile(rb"[\n\x1b]")
_CANCEL = b"\x18\x1b\\"
"""Ends a sequence under way whose rest is missing."""


@attrs.frozen(kw_only=True)
class Repaint:
    """What a viewer that comes late is sent, before the output from `offset` on."""

    offset: int
    rows: int
    cols: int
    data: bytes


@attrs.frozen(kw_only=True)
class ShownText:
    """What a person would read on the screen at the offset."""

    offset: int
    lines: tuple[str, ...]
    title: str


class SessionScreen:
    """Follows one session's log, as far as somebody asks.

    Its calls may come from several tasks; each sees the screen at one offset.
    `before_step` is called in the thread that is about to run the emulator's code.
    Raises `EmulatorMissing` where no emulator can be had.
    """

    def __init__(
        self,
        folder: Path,
        *,
        colors: Colors | None = None,
        before_step: Callable[[], None] = lambda: None,
    ) -> None:
        self._log = LogReader(folder)
        self._folder = folder
        self._cache = folder / "screen"
        self._colors = colors
        self._before_step = before_step
        self.turn = asyncio.Lock()
        """Held by whoever reads on: all see the screen at one offset."""
        self._screen: Screen | None = None
        self._offset = 0
        self._grid = _DEFAULT_GRID
        self._kept: KeptScreen | None = None
        self._on_disk = -1
        """The offset of the snapshot that this object wrote or read last."""
        self._safe = True
        """Not inside a sequence or character whose beginning is gone."""
        self._answer_from: int | None = None
        self._answers = bytearray()
        self._grids: tuple[Grid, ...] = ()
        self._grids_size = 0
        """Bytes of the file that they were read from; it only grows."""

    async def repaint(
        self, *, history: int = HISTORY_LINES, ahead_of: int | None = None
    ) -> Repaint | None:
        """Give the screen at the log's present end.

        Inside a sequence of megabytes it is the screen of the snapshot before; the
        offset says so. With `ahead_of` it is the screen as far as it was followed,
        and None unless that is beyond this offset.
        """
        async with self.turn:
            if ahead_of is None:
                screen = await self._caught_up()
            elif self._screen is None or self._offset <= ahead_of:
                return None
            else:
                screen = self._screen
            try:
                data = await self._step(screen.repaint, history=history)
            except Unfinished:
                return await self._step(self._repaint_kept, history=history)
            return Repaint(
                offset=self._offset,
                rows=self._grid.rows,
                cols=self._grid.cols,
                data=data,
            )

    async def text(self) -> ShownText:
        """Give the text at the log's present end."""
        async with self.turn:
            screen = await self._caught_up()
            try:
                return await self._step(self._text, screen, offset=self._offset)
            except Unfinished:
                return await self._step(self._text_kept)

    async def answer(self, *, since: int | None) -> None:
        """Answer what the program asks from that offset on; None: nothing."""
        async with self.turn:
            self._answer_from = since
            self._answers.clear()

    async def answers(self, *, size: int | None = None) -> tuple[int, bytes]:
        """Give the answers to what was asked up to an offset, in order, once.

        `size` is the log's, where it is known without looking at the files.
        """
        async with self.turn:
            await self._caught_up(size=size)
            return self._taken_answers()

    async def follow(
        self,
        session: Watched,
        *,
        rounds: Rounds,
        send: Callable[[int, bytes], None] = lambda _upto, _answers: None,
    ) -> None:
        """Keep up with the session until it is over; snapshots are kept at rest.

        `send` is given what the program asked to be answered, as it is met.
        """
        now = asyncio.get_running_loop().time
        asked = now()
        while True:
            live = session.live  # looked at before reading: then it is all
            # What the shim announced, while it does; the files know the end.
            upto, answers = await self.answers(size=session.size if live else None)
            if answers:
                send(upto, answers)
                asked = now()
            if not live:
                break
            if now() - asked < _ASKING_SECONDS:
                await asyncio.sleep(_PACE_SECONDS)
            else:
                await rounds.keep_up(self, live=lambda: session.live)
                if self._answers:
                    continue
            try:
                async with asyncio.timeout(_REST_SECONDS):
                    await session.grown(self._offset)
            except TimeoutError:
                await self.close()
                await session.grown(self._offset)
        await self.close()

    def look(self) -> Look:
        """Take what little is new of a log that goes on as before."""
        if self._screen is None:
            return Look.MORE
        data = self._log.read_open(self._offset, limit=_LOOK_BYTES)
        if not data:
            return Look.NOTHING
        self._before_step()
        end = self._offset + len(data)
        self._take(self._screen, Chunk(offset=self._offset, end=end, data=data))
        return Look.MORE if self._answers or len(data) == _LOOK_BYTES else Look.TAKEN

    async def close(self) -> None:
        """Keep a snapshot and free the emulator; a later call begins from it."""
        async with self.turn:
            screen, self._screen = self._screen, None
            if screen is not None:
                await self._step(self._keep, screen)
                screen.close()
            if self._kept is not None and self._kept.offset == self._on_disk:
                self._kept = None  # a hundred sessions at rest cost no memory
            self._log.close()

    async def _step(
        self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a step of the emulator's in a thread."""

        def step() -> R:
            self._before_step()
            return function(*args, **kwargs)

        return await in_thread(step)

    async def _caught_up(self, *, size: int | None = None) -> Screen:
        """Feed what the log has now; in steps, so that others get their turn."""
        if self._screen is None:
            self._screen = await self._opened()
        screen = self._screen
        # What comes meanwhile is for the next call: a flood would never end.
        if size is None:
            size = await self._log.size()
        before = self._offset
        while (left := size - self._offset) > 0:
            limit = _BEHIND_BYTES if left > _BEHIND_BYTES else _STEP_BYTES
            try:
                chunk = await self._log.read(self._offset, limit=limit)
            except OutputGone as gone:  # the log was cut while nobody looked
                await self._step(screen.feed, _CANCEL)
                self._offset = gone.first
                continue
            if chunk.end == self._offset:
                break
            await self._step(self._take, screen, chunk)
        if self._offset == before:  # else the last piece came with its size
            await self._step(self._resize_at_end, screen)
        return screen

    async def _opened(self) -> Screen:
        first, size = await self._log.first_offset(), await self._log.size()
        kept = self._kept or await in_thread(read_kept, self._cache)
        if kept is not None and first <= kept.offset <= size:
            try:
                return await self._step(self._restored, kept)
            except AgentlsError:  # another version wrote it, or it is torn
                _LOG.info("the kept screen of %s is of no use", self._folder.name)
        return await self._step(self._begun, first)

    def _begun(self, first: int) -> Screen:
        """Begin at the first byte that is there."""
        grid = _grid_at(self._read_grids(), offset=first)
        screen = Screen(rows=grid.rows, cols=grid.cols, colors=self._colors)
        self._offset, self._grid = first, grid
        self._safe = first == 0
        self._kept = self._state_of(screen)
        return screen

    def _restored(self, kept: KeptScreen) -> Screen:
        screen = Screen.restored(kept.snapshot, colors=self._colors)
        self._kept = kept
        self._on_disk = self._offset = kept.offset
        self._grid = Grid(offset=kept.offset, rows=kept.rows, cols=kept.cols)
        self._safe = True
        return screen

    def _take(self, screen: Screen, chunk: Chunk) -> None:
        """Feed a chunk, with the sizes that the terminal had on the way."""
        data, begin = chunk.data, chunk.offset
        if chunk.gap is not None:
            screen.feed(_CANCEL)
            begin = chunk.end
        elif not self._safe:
            found = _SAFE.search(data)
            begin = chunk.offset + found.start() if found else chunk.end
            data = data[begin - chunk.offset :]
            self._safe = found is not None
        # Read after the log: a size is noted before the output that follows it.
        grids = self._read_grids()
        self._resize(screen, _grid_at(grids, offset=begin))
        later = [grid for grid in grids if begin < grid.offset <= chunk.end]
        if len(data) > _STEP_BYTES and not later and not self._was_answered():
            screen.catch_up(data)
            self._note_answers(screen)
        else:
            for grid in later:
                data = self._feed(screen, data, begin=begin, count=grid.offset - begin)
                begin = grid.offset
                self._resize(screen, grid)
            self._feed(screen, data, begin=begin, count=len(data))
        self._offset = chunk.end
        if self._kept is None or self._offset - self._kept.offset >= _KEEP_BYTES:
            self._keep(screen)

    def _feed(self, screen: Screen, data: bytes, *, begin: int, count: int) -> bytes:
        """Feed so many bytes and give the rest; note what is to be answered."""
        fed, rest = data[:count], data[count:]
        since = self._answer_from
        asked = 0 if since is None else min(max(0, since - begin), len(fed))
        screen.feed(fed[:asked])
        screen.replies()
        screen.feed(fed[asked:])
        self._note_answers(screen)
        return rest

    def _was_answered(self) -> bool:
        """Tell whether some of what comes next was answered already."""
        return self._answer_from is not None and self._answer_from > self._offset

    def _note_answers(self, screen: Screen) -> None:
        replies = screen.replies()
        if self._answer_from is not None:
            self._answers += replies
        if len(self._answers) > _ANSWERS_MAX:  # asked by nobody who reads
            self._answers.clear()

    def _taken_answers(self) -> tuple[int, bytes]:
        taken = bytes(self._answers)
        self._answers.clear()
        if self._answer_from is not None:
            # A screen that is made again feeds what was answered once more.
            self._answer_from = max(self._answer_from, self._offset)
        return self._offset, taken

    def _resize(self, screen: Screen, grid: Grid) -> None:
        if (grid.rows, grid.cols) != (self._grid.rows, self._grid.cols):
            screen.resize(rows=grid.rows, cols=grid.cols)
            self._grid = grid

    def _resize_at_end(self, screen: Screen) -> None:
        self._resize(screen, _grid_at(self._read_grids(), offset=self._offset))

    def _read_grids(self) -> tuple[Grid, ...]:
        """Give the sizes that the terminal has had; read again when there are more."""
        if (size := grids_size(self._folder)) != self._grids_size:
            self._grids, self._grids_size = read_grids(self._folder), size
        return self._grids

    def _text(self, screen: Screen, *, offset: int) -> ShownText:
        return ShownText(offset=offset, lines=screen.text(), title=screen.title())

    def _repaint_kept(self, *, history: int) -> Repaint:
        kept, screen = self._before()
        data = screen.repaint(history=history)
        screen.close()
        return Repaint(offset=kept.offset, rows=kept.rows, cols=kept.cols, data=data)

    def _text_kept(self) -> ShownText:
        kept, screen = self._before()
        shown = self._text(screen, offset=kept.offset)
        screen.close()
        return shown

    def _before(self) -> tuple[KeptScreen, Screen]:
        """Give the last snapshot and a screen made of it."""
        if self._kept is None:  # there is one from the beginning on
            raise AssertionError
        return self._kept, Screen.restored(self._kept.snapshot, colors=self._colors)

    def _state_of(self, screen: Screen) -> KeptScreen:
        return KeptScreen(
            offset=self._offset,
            rows=self._grid.rows,
            cols=self._grid.cols,
            snapshot=screen.snapshot(),
        )

    def _keep(self, screen: Screen) -> None:
        """Remember the screen as it is now, and write it to the disk if it can be."""
        if self._kept is not None and self._kept.offset == self._offset:
            return
        if self._answers:  # not sent yet: a screen made again must meet the questions
            return
        with contextlib.suppress(Unfinished):
            self._kept = kept = self._state_of(screen)
            try:
                write_kept(self._cache, kept)
                self._on_disk = kept.offset
            except OSError as error:  # a full disk: it is made from the log again
                _LOG.info("the screen of %s isn't kept: %s", self._folder.name, error)


def _grid_at(grids: tuple[Grid, ...], *, offset: int) -> Grid:
    """Give the size in force at the offset."""
    index = bisect.bisect_right(grids, offset, key=lambda grid: grid.offset)
    return grids[index - 1] if index else (grids or (_DEFAULT_GRID,))[0]
