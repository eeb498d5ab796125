"""Watching a session for signals: along its output, its screen, and its silence."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence

from agentls.sessions.live import Watched
from agentls.sessions.log import LogReader, OutputGone
from agentls.sessions.session_screen import ShownText
from agentls.sessions.signals import Rule, Scanner, ScreenJudge, Signal

__all__ = ["watch"]

_PIECE = 1 << 18
_PACE_SECONDS = 0.02
"""Between two looks at a session that prints."""
_SCREEN_PACE_SECONDS = 0.1
"""The same, where its screen is looked at too: that takes some milliseconds."""
_SILENCE_PACE_SECONDS = 1.0
_SILENCE_PART = 8
"""Where nothing but its silence is of interest, it is looked at once a second, or so
many times in the silence that is waited for if that is longer."""


async def watch(
    session: Watched,
    rules: Sequence[Rule],
    *,
    since: int,
    text: Callable[[], Awaitable[ShownText]],
    tell: Callable[[Signal], None],
) -> None:
    """Tell of signals until the session is over.

    Sequences, titles and bells are those of the output from the offset `since` on,
    each told once; of the screen and of silence what is so now, and then each change.
    """
    await _Watch(session, rules, since=since, text=text, tell=tell).run()


class _Watch:
    def __init__(
        self,
        session: Watched,
        rules: Sequence[Rule],
        *,
        since: int,
        text: Callable[[], Awaitable[ShownText]],
        tell: Callable[[Signal], None],
    ) -> None:
        self._session = session
        self._scanner = Scanner(rules)
        self._judge = ScreenJudge(rules)
        self._silence = {
            place: rule.seconds
            for place, rule in enumerate(rules)
            if rule.source == "silence"
        }
        self._silent: set[int] = set()
        self._position = since
        self._text = text
        self._tell = tell
        self._now = asyncio.get_running_loop().time
        self._heard = self._now()

    async def run(self) -> None:
        log = self._session.log()
        first = True
        try:
            while True:
                live = self._session.live  # looked at before reading: then it is all
                if await self._read(log) or first:
                    await self._look()
                first = False
                for signal in self._judge.due(now=self._now()):
                    self._tell(signal)
                self._look_at_silence()
                if not live:
                    return
                await asyncio.sleep(self._pace())
                await self._output_or(self._next_due())
        finally:
            log.close()

    def _pace(self) -> float:
        """Give the seconds between two looks at a session that prints."""
        if self._judge.wanted:
            return _SCREEN_PACE_SECONDS
        if self._scanner.wanted:
            return _PACE_SECONDS
        shortest = min(self._silence.values(), default=0.0)
        return max(_SILENCE_PACE_SECONDS, shortest / _SILENCE_PART)

    async def _read(self, log: LogReader) -> bool:
        """Read what is new; tell whether anything is."""
        before = self._position
        if not self._scanner.wanted:
            self._position = max(before, self._session.size)
        while self._scanner.wanted:
            try:
                chunk = await log.read(self._position, limit=_PIECE)
            except OutputGone as gone:
                self._scanner.skip()
                self._position = gone.first
                continue
            if chunk.end == self._position:
                break
            self._position = chunk.end
            if chunk.gap is not None:
                self._scanner.skip()
                continue
            for signal in self._scanner.feed(chunk.data, end=chunk.end):
                self._tell(signal)
        return self._position > before

    async def _look(self) -> None:
        self._heard = self._now()
        if self._silent:
            self._silent.clear()
            self._tell(self._signal(None))
        if self._judge.wanted:
            shown = await self._text()
            text = "\n".join(shown.lines).rstrip()
            self._judge.see(text, offset=shown.offset, now=self._now())

    def _look_at_silence(self) -> None:
        seconds = self._now() - self._heard
        for place, least in self._silence.items():
            if seconds >= least and place not in self._silent:
                self._silent.add(place)
                self._tell(self._signal(place))

    def _signal(self, rule: int | None) -> Signal:
        return Signal(rule=rule, source="silence", groups={}, offset=self._position)

    def _next_due(self) -> float:
        silence = (
            self._heard + seconds
            for place, seconds in self._silence.items()
            if place not in self._silent
        )
        return min((self._judge.next_due(), *silence), default=math.inf)

    async def _output_or(self, moment: float) -> None:
        try:
            async with asyncio.timeout_at(None if moment == math.inf else moment):
                await self._session.grown(self._position)
        except TimeoutError:
            pass
