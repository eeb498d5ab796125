"""The screen of one session, followed along its log.

It is a cache: what it keeps is a snapshot with its offset, in the session's folder;
without one it is made again from the log. Reading and feeding go in steps, so that
neither the event loop nor a thread is held for long.
"""

import asyncio
import bisect
import contextlib
import functools
import importlib.metadata
import logging
import re
import zlib
from pathlib import Path

import attrs

from agentls.errors import AgentlsError
from agentls.sessions.folder import Grid, read_grids
from agentls.sessions.live import Watched
from agentls.sessions.log import Chunk, LogReader, OutputGone
from agentls.sessions.screen import HISTORY_LINES, Colors, Screen, Unfinished
from agentls.threads import in_thread

__all__ = ["Repaint", "SessionScreen", "ShownText"]

_LOG = logging.getLogger(__name__)

_STEP_BYTES = 1 << 18
_KEEP_BYTES = 4 << 20
"""After so much output a snapshot is kept: more is never fed before an attach."""
_REST_SECONDS = 2.0
_CACHE_MAX = 16 << 20
_CACHE_NAME = "agentls-screen-1"
_ANSWERS_MAX = 1 << 16
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


@attrs.frozen(kw_only=True)
class _Kept:
    """A screen as it was at an offset."""

    offset: int
    rows: int
    cols: int
    snapshot: bytes


class SessionScreen:
    """Follows one session's log, as far as somebody asks.

    Its calls may come from several tasks; each sees the screen at one offset.
    Raises `EmulatorMissing` where no emulator can be had.
    """

    def __init__(
        self,
        folder: Path,
        *,
        cache: Path | None = None,
        colors: Colors | None = None,
    ) -> None:
        self._log = LogReader(folder)
        self._folder = folder
        self._cache = cache or folder / "screen"
        self._colors = colors
        self._turn = asyncio.Lock()
        self._screen: Screen | None = None
        self._offset = 0
        self._grid = _DEFAULT_GRID
        self._kept: _Kept | None = None
        self._safe = True
        """Not inside a sequence or character whose beginning is gone."""
        self._answer_from: int | None = None
        self._answers = bytearray()

    async def repaint(self, *, history: int = HISTORY_LINES) -> Repaint:
        """Give the screen at the log's present end.

        Inside a sequence of megabytes it is the screen of the snapshot before; the
        offset says so.
        """
        async with self._turn:
            screen = await self._caught_up()
            try:
                data = await in_thread(screen.repaint, history=history)
            except Unfinished:
                return await in_thread(self._repaint_kept, history=history)
            return Repaint(
                offset=self._offset,
                rows=self._grid.rows,
                cols=self._grid.cols,
                data=data,
            )

    async def text(self) -> ShownText:
        """Give the text at the log's present end."""
        async with self._turn:
            screen = await self._caught_up()
            try:
                return await in_thread(self._text, screen, offset=self._offset)
            except Unfinished:
                return await in_thread(self._text_kept)

    async def answer(self, *, since: int | None) -> None:
        """Answer what the program asks from that offset on; None: somebody else does.

        The offset that matters is the log's size when the last controller left, or
        when one came: then every question is answered once.
        """
        async with self._turn:
            self._answer_from = since
            self._answers.clear()

    async def answers(self) -> bytes:
        """Give the answers to what was asked up to the log's end, in order, once."""
        async with self._turn:
            await self._caught_up()
            taken = bytes(self._answers)
            self._answers.clear()
            return taken

    async def follow(self, session: Watched) -> None:
        """Keep up with the session until it is over; snapshots are kept at rest."""
        while True:
            live = session.live  # looked at before reading: then it is all
            async with self._turn:
                await self._caught_up()
            if not live:
                break
            try:
                async with asyncio.timeout(_REST_SECONDS):
                    await session.grown(self._offset)
            except TimeoutError:
                await self.keep()
                await session.grown(self._offset)
        await self.keep()

    async def keep(self) -> None:
        """Keep a snapshot on the disk, unless the last one is as new."""
        async with self._turn:
            if self._screen is not None:
                await in_thread(self._keep, self._screen)

    async def close(self) -> None:
        """Keep a snapshot and free the emulator; a later call begins from it."""
        async with self._turn:
            screen, self._screen = self._screen, None
            if screen is not None:
                await in_thread(self._keep, screen)
                screen.close()
            self._log.close()

    async def _caught_up(self) -> Screen:
        """Feed what the log has; in steps, so that others get their turn."""
        if self._screen is None:
            self._screen = await self._opened()
        screen = self._screen
        while True:
            try:
                chunk = await self._log.read(self._offset, limit=_STEP_BYTES)
            except OutputGone as gone:  # the log was cut while nobody looked
                await in_thread(screen.feed, _CANCEL)
                self._offset = gone.first
                continue
            if chunk.end == self._offset:
                await in_thread(self._resize_at_end, screen)
                return screen
            await in_thread(self._take, screen, chunk)

    async def _opened(self) -> Screen:
        first, size = await self._log.first_offset(), await self._log.size()
        kept = self._kept or await in_thread(self._read_cache)
        if kept is not None and first <= kept.offset <= size:
            try:
                return await in_thread(self._restored, kept)
            except AgentlsError:  # another version wrote it, or it is torn
                _LOG.info("the kept screen of %s is of no use", self._folder.name)
        return await in_thread(self._begun, first)

    def _begun(self, first: int) -> Screen:
        """Begin at the first byte that is there."""
        grid = _grid_at(read_grids(self._folder), offset=first)
        screen = Screen(rows=grid.rows, cols=grid.cols, colors=self._colors)
        self._offset, self._grid = first, grid
        self._safe = first == 0
        self._kept = self._state_of(screen)
        return screen

    def _restored(self, kept: _Kept) -> Screen:
        screen = Screen.restored(kept.snapshot, colors=self._colors)
        self._kept = kept
        self._offset = kept.offset
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
        grids = read_grids(self._folder)
        self._resize(screen, _grid_at(grids, offset=begin))
        later = [grid for grid in grids if begin < grid.offset <= chunk.end]
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
        if since is None or since >= begin + len(fed):
            screen.feed(fed)
            screen.replies()
            return rest
        screen.feed(fed[: max(0, since - begin)])
        screen.replies()
        screen.feed(fed[max(0, since - begin) :])
        self._answers += screen.replies()
        if len(self._answers) > _ANSWERS_MAX:  # asked by nobody who reads
            self._answers.clear()
        return rest

    def _resize(self, screen: Screen, grid: Grid) -> None:
        if (grid.rows, grid.cols) != (self._grid.rows, self._grid.cols):
            screen.resize(rows=grid.rows, cols=grid.cols)
            self._grid = grid

    def _resize_at_end(self, screen: Screen) -> None:
        self._resize(screen, _grid_at(read_grids(self._folder), offset=self._offset))

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

    def _before(self) -> tuple[_Kept, Screen]:
        """Give the last snapshot and a screen made of it."""
        if self._kept is None:  # there is one from the beginning on
            raise AssertionError
        return self._kept, Screen.restored(self._kept.snapshot, colors=self._colors)

    def _state_of(self, screen: Screen) -> _Kept:
        return _Kept(
            offset=self._offset,
            rows=self._grid.rows,
            cols=self._grid.cols,
            snapshot=screen.snapshot(),
        )

    def _keep(self, screen: Screen) -> None:
        """Remember the screen as it is now, and write it to the disk if it can be."""
        if self._kept is not None and self._kept.offset == self._offset:
            return
        with contextlib.suppress(Unfinished):
            self._kept = kept = self._state_of(screen)
            try:
                _write_cache(self._cache, kept)
            except OSError as error:  # a full disk: it is made from the log again
                _LOG.info("the screen of %s isn't kept: %s", self._folder.name, error)

    def _read_cache(self) -> _Kept | None:
        try:
            with self._cache.open("rb") as file:
                data = file.read(_CACHE_MAX)
        except OSError:
            return None
        head, _, body = data.partition(b"\n")
        try:
            name, version, *numbers = head.decode("ascii").split(" ")
            offset, rows, cols = map(int, numbers)
            snapshot = zlib.decompressobj().decompress(body, _CACHE_MAX)
        except (ValueError, zlib.error):
            return None
        if (name, version) != (_CACHE_NAME, _library_version()) or offset < 0:
            return None
        return _Kept(offset=offset, rows=rows, cols=cols, snapshot=snapshot)


def _grid_at(grids: tuple[Grid, ...], *, offset: int) -> Grid:
    """Give the size in force at the offset."""
    index = bisect.bisect_right(grids, offset, key=lambda grid: grid.offset)
    return grids[index - 1] if index else (grids or (_DEFAULT_GRID,))[0]


def _write_cache(path: Path, kept: _Kept) -> None:
    head = f"{_CACHE_NAME} {_library_version()} {kept.offset} {kept.rows} {kept.cols}\n"
    room = path.with_name(path.name + ".room")
    room.write_bytes(head.encode("ascii") + zlib.compress(kept.snapshot, 1))
    room.chmod(0o600)
    room.replace(path)  # never a half one; not synced: it can be lost


@functools.cache
def _library_version() -> str:
    """Name what the form of a snapshot depends on."""
    try:
        return importlib.metadata.version("pyghostty")
    except importlib.metadata.PackageNotFoundError:
        return "none"
