"""What a program's output tells besides its text: sequences, titles, bells, screens.

Rules say what is looked for, and signals what was found; what they mean is for
others. Pure: output and screens go in, signals come out.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

__all__ = ["Rule", "Scanner", "ScreenJudge", "Signal", "rules_of"]

_OSC = re.compile(rb"\x1b\]([^\x07\x1b]*)(?:\x07|\x1b\\)|(\x07)")
_BEGINNING = re.compile(rb"\x1b(?:\][^\x07\x1b]*\x1b?)?\Z")
"""What may become a sequence when more bytes come."""
_UNFINISHED_MAX = 1 << 16
_TITLE_CODES = frozenset({0, 2})


@attrs.frozen(kw_only=True)
class Rule:
    """Something to look for."""

    source: str
    """`osc`, `title`, `bell`, `screen`, `silence`, or `dialog`, which is looked for
    on the screen too, apart from `screen`."""
    key: str
    """What was told with this key isn't told again until another was."""
    code: int = 0
    """The number of an `osc`."""
    patterns: tuple[str, ...] = ()
    """Regular expressions, each of which the text has."""
    seconds: float = 0.0
    """How long it must be silent, or the screen be like that."""

    def encode(self) -> dict[str, Any]:
        """Give what `rules_of` reads."""
        return attrs.asdict(self)

    def find(self, text: str) -> tuple[re.Match[str], ...] | None:
        """Look into a text; None unless it has every pattern."""
        found = [re.search(one, text, re.MULTILINE) for one in self.patterns]
        matches = tuple(one for one in found if one)
        return matches if len(matches) == len(found) else None


@attrs.frozen(kw_only=True)
class Signal:
    """Something that was found."""

    rule: int | None
    """Which rule it was, by its place; None: what was on the screen isn't there now,
    or it is silent no more."""
    source: str
    groups: Mapping[str, str]
    """The patterns' named groups."""
    offset: int
    """How far the output was looked at then."""

    def encode(self) -> dict[str, Any]:
        """Give its fields by name."""
        return attrs.asdict(self)


def rules_of(encoded: Sequence[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Read rules that were sent."""
    return tuple(
        Rule(
            source=one["source"],
            key=one["key"],
            code=one["code"],
            patterns=tuple(one["patterns"]),
            seconds=one["seconds"],
        )
        for one in encoded
    )


class Scanner:
    """Finds sequences, titles and bells in a stream of output, however it is cut."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [
            (place, rule)
            for place, rule in enumerate(rules)
            if rule.source in {"osc", "title", "bell"}
        ]
        self._rest = b""
        self._told: dict[str, tuple[str, Mapping[str, str]]] = {}

    @property
    def wanted(self) -> bool:
        """Whether it looks for anything."""
        return bool(self._rules)

    def feed(self, data: bytes, *, end: int) -> Iterator[Signal]:
        """Take the output before the offset `end`; give what is new in it.

        Bells of one piece are one.
        """
        data = self._rest + data
        at = rung = 0
        for found in _OSC.finditer(data):
            at = found.end()
            offset = end - len(data) + at
            if found[2]:
                rung = offset
                continue
            number, _, text = found[1].decode("utf-8", "replace").partition(";")
            code = int(number) if number.isdecimal() and len(number) < 9 else -1  # noqa: PLR2004 - no such code
            if code in _TITLE_CODES:
                yield from self._told_once("title", 0, text, offset=offset)
            yield from self._told_once("osc", code, text, offset=offset)
        if rung:
            yield from self._told_once("bell", 0, "", offset=rung)
        begun = _BEGINNING.search(data, at)
        rest = data[begun.start() :] if begun else b""
        self._rest = rest if len(rest) <= _UNFINISHED_MAX else b""

    def skip(self) -> None:
        """Forget what was begun: the output goes on elsewhere."""
        self._rest = b""

    def _told_once(
        self, source: str, code: int, text: str, *, offset: int
    ) -> Iterator[Signal]:
        for place, rule in self._rules:
            if rule.source != source or (source == "osc" and rule.code != code):
                continue
            if (matches := rule.find(text)) is None:
                continue
            groups = _groups(matches)
            if source == "bell" or self._told.get(source) != (rule.key, groups):
                self._told[source] = (rule.key, groups)
                yield Signal(rule=place, source=source, groups=groups, offset=offset)
            return


class ScreenJudge:
    """Says what of its rules the screen shows: of each kind the first that fits."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = list(enumerate(rules))
        self._sources = tuple(
            source
            for source in ("screen", "dialog")
            if any(rule.source == source for rule in rules)
        )
        self._seen: dict[str, tuple[Signal, float]] = {}
        self._told: dict[str, Signal] = {}

    @property
    def wanted(self) -> bool:
        """Whether it looks for anything."""
        return bool(self._sources)

    def see(self, text: str, *, offset: int, now: float) -> None:
        """Take what the screen shows."""
        for source in self._sources:
            signal = self._look(source, text, offset=offset)
            before, _ = self._seen.get(source, (None, 0.0))
            if before is None or not _same(before, signal):
                self._seen[source] = (signal, now)

    def due(self, *, now: float) -> Iterator[Signal]:
        """Give what is new, and has been so for as long as its rule says."""
        for source, (signal, since) in self._seen.items():
            told = self._told.get(source)
            new = told is None or not _same(told, signal)
            if told is None and signal.rule is None:
                # That it is gone isn't known to others, who may have seen it before.
                new = source == "dialog"
            if new and now >= since + self._seconds(signal):
                self._told[source] = signal
                yield signal

    def next_due(self) -> float:
        """Give when `due` may give something without another look; inf for never."""
        return min(
            (
                since + self._seconds(signal)
                for source, (signal, since) in self._seen.items()
                if signal.rule is not None
                and (source not in self._told or not _same(self._told[source], signal))
            ),
            default=math.inf,
        )

    def _look(self, source: str, text: str, *, offset: int) -> Signal:
        for place, rule in self._rules:
            if rule.source == source and (matches := rule.find(text)) is not None:
                return Signal(
                    rule=place, source=source, groups=_groups(matches), offset=offset
                )
        return Signal(rule=None, source=source, groups={}, offset=offset)

    def _seconds(self, signal: Signal) -> float:
        return 0.0 if signal.rule is None else self._rules[signal.rule][1].seconds


def _same(one: Signal, other: Signal) -> bool:
    return (one.rule, one.groups) == (other.rule, other.groups)


def _groups(matches: Sequence[re.Match[str]]) -> Mapping[str, str]:
    return {
        name: text
        for match in matches
        for name, text in match.groupdict(default="").items()
    }
