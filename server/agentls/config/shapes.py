"""The shapes that values in a TOML file may have: check, build, describe as schema.

A table that we understand is an attrs class whose fields are made by `key`;
`Record` reads it. Checking and building are apart, so that a file's faults are
all told at once and a value is built only from what is right.
"""

import abc
import difflib
import math
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import attrs

__all__ = [
    "Choice",
    "Fault",
    "Flag",
    "Folder",
    "KeyPath",
    "Number",
    "Record",
    "RecordList",
    "RecordTable",
    "Shape",
    "Text",
    "TextList",
    "TextTable",
    "Tree",
    "key",
    "key_text",
]

KeyPath = tuple[str | int, ...]
"""Where a value stands: names of keys, and places in arrays."""

_SHAPE = "agentls.shape"
_ABOUT = "agentls.about"
_REQUIRED = "agentls.required"
_BARE = re.compile(r"[A-Za-z0-9_-]+")


@attrs.frozen(kw_only=True)
class Fault:
    """Something wrong with one value, before it is known where it stands."""

    at: KeyPath
    message: str


class Shape(abc.ABC):
    """What a value may be."""

    @abc.abstractmethod
    def check(self, value: object, at: KeyPath) -> Iterator[Fault]:
        """Give all that is wrong with the value."""

    def build(self, value: Any) -> Any:
        """Turn a value without faults into what the program uses."""
        return value

    @abc.abstractmethod
    def schema(self) -> dict[str, Any]:
        """Describe the shape as JSON Schema."""


def key(
    shape: Shape, *, default: Any = None, about: str = "", required: bool = False
) -> Any:
    """Make the field of an attrs class that is one key of a table."""
    return attrs.field(
        default=default,
        metadata={_SHAPE: shape, _ABOUT: about, _REQUIRED: required},
    )


def key_text(at: KeyPath) -> str:
    """Write a key's place as a person would in TOML: `agents.mine.command[1]`."""
    text = ""
    for part in at:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += "." if text else ""
            text += part if _BARE.fullmatch(part) else repr(part)
    return text


@attrs.frozen(kw_only=True)
class Text(Shape):
    """A string; `refuse` gives what is wrong with one, or nothing."""

    refuse: Callable[[str], str | None] | None = None
    empty: bool = False

    def check(self, value: object, at: KeyPath) -> Iterator[Fault]:
        """Refuse what isn't text, and what no program could be given."""
        if not isinstance(value, str):
            yield _wrong_type(value, at, wanted="a string")
        elif not value.strip() and not self.empty:
            yield Fault(at=at, message="is empty")
        elif "\0" in value:
            yield Fault(at=at, message="holds a NUL character")
        elif self.refuse and (message := self.refuse(value)):
            yield Fault(at=at, message=message)

    def schema(self) -> dict[str, Any]:
        """Give a string, not empty where that is refused."""
        return {"type": "string"} | ({} if self.empty else {"minLength": 1})


@attrs.frozen(kw_only=True)
class Folder(Text):
    """The absolute path of a folder; `~` is the user's home."""

    def check(self, value: object, at: KeyPath) -> Iterator[Fault]:
        """Refuse what isn't absolute."""
        faults = tuple(super().check(value, at))
        yield from faults
        if not faults and not str(value).startswith(("/", "~/")):
            yield Fault(at=at, message="isn't absolute; begin with / or ~/")

    def build(self, value: str) -> Path:
        """Give the path."""
        return Path(value).expanduser()


@attrs.frozen
class Choice(Shape):
    """One of a few words; `later` are those that a later version will know."""

    words: tuple[str, ...]
    later: tuple[str, ...] = ()
    convert: Callable[[str], Any] = str

    def check(self, value: object, at: KeyPath) -> Iterator[Fault]:
        """Refuse any other word."""
        if not isinstance(value, str):
            yield _wrong_type(value, at, wanted="a string")
        elif value in self.later:
            yield Fault(at=at, message=f"{value!r} isn't supported yet")
        elif value not in self.words:
            yield Fault(
                at=at,
                message=f"{value!r} is none of {_listed(self.words)}"
                + _meant(value, self.words),
            )

    def build(self, value: str) -> Any:
        """Give the word as the program names it."""
        return self.convert(value)

    def schema(self) -> dict[str, Any]:
        """Give the words."""
        return {"enum": [str(word) for word in self.words]}


@attrs.frozen(kw_only=True)
class Number(Shape):
    """A number in a range."""

    least: float
    most: float
    whole: bool = False

    def check(self, value: object, at: KeyPath) -> Iterator[Fault]:
        """Refuse what isn't a number, or lies outside; true and false are none."""
        wanted = "a whole number" if self.whole else "a number"
        good = (int,) if self.whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, good):
            yield _wrong_type(value, at, wanted=wanted)
        elif math.isnan(value) or not self.least <= value <= self.most:
            yield Fault(
                at=at,
                message=f"{value} isn't between {self.least:g} and {self.most:g}",
            )

    def build(self, value: float) -> float:
        """Give an int or a float, as the shape says."""
        return int(value) if self.whole else float(value)

    def schema(self) -> dict[str, Any]:
        """Give the range."""
        kind = "integer" if self.whole else "number"
        return {"type": kind, "minimum": self.least, "maximum": self.most}


@attrs.frozen
class Flag(Shape):
    """True or false."""

    def check(self, value: object, at: KeyPath) -> Iterator[Fault]:
        """Refuse anything else."""
        if not isinstance(value, bool):
            yield _wrong_type(value, at, wanted="true or false")

    def schema(self) -> dict[str, Any]:
        """Give a boolean."""
        return {"type": "boolean"}


@attrs.frozen(kw_only=True)
class TextList(Shape):
    """An array of strings; with `or_one` also a single string.

    `refuse` gives what is wrong with an array whose strings are right.
    """

    each: Shape = attrs.field(factory=Text)
    or_one: bool = False
    least: int = 0
    refuse: Callable[[list[str]], str | None] | None = None

    def check(self, value: object, at: KeyPath) -> Iterator[Fault]:
        """Look at each string."""
        if self.or_one and isinstance(value, str):
            yield from self.each.check(value, at)
        elif not isinstance(value, list):
            wanted = "a string or an array of strings" if self.or_one else ""
            yield _wrong_type(value, at, wanted=wanted or "an array of strings")
        else:
            items = cast("list[object]", value)
            if len(items) < self.least:
                yield Fault(at=at, message="is empty")
            wrong = False
            for place, item in enumerate(items):
                for fault in self.each.check(item, (*at, place)):
                    wrong = True
                    yield fault
            if self.refuse and items and not wrong:
                message = self.refuse(cast("list[str]", value))
                if message:
                    yield Fault(at=at, message=message)

    def build(self, value: str | list[str]) -> tuple[str, ...]:
        """Give a tuple."""
        return (value,) if isinstance(value, str) else tuple(value)

    def schema(self) -> dict[str, Any]:
        """Give an array, or a string where one will do."""
        array = {"type": "array", "items": self.each.schema(), "minItems": self.least}
        return {"anyOf": [self.each.schema(), array]} if self.or_one else array


@attrs.frozen(kw_only=True)
class TextTable(Shape):
    """A table of strings; `refuse_name` gives what is wrong with a name."""

    each: Text = attrs.field(factory=lambda: Text(empty=True))
    refuse_name: Callable[[str], str | None] | None = None

    def check(self, value: object, at: KeyPath) -> Iterator[Fault]:
        """Look at each name and string."""
        if not isinstance(value, dict):
            yield _wrong_type(value, at, wanted="a table of strings")
            return
        for name, item in cast("dict[str, object]", value).items():
            if self.refuse_name and (message := self.refuse_name(name)):
                yield Fault(at=(*at, name), message=message)
            yield from self.each.check(item, (*at, name))

    def build(self, value: dict[str, str]) -> Mapping[str, str]:
        """Give the table."""
        return dict(value)

    def schema(self) -> dict[str, Any]:
        """Give an object of strings."""
        return {"type": "object", "additionalProperties": self.each.schema()}


@attrs.frozen
class Tree(Shape):
    """A table of anything: somebody else reads it."""

    def check(self, value: object, at: KeyPath) -> Iterator[Fault]:
        """Refuse only what isn't a table."""
        if not isinstance(value, dict):
            yield _wrong_type(value, at, wanted="a table")

    def schema(self) -> dict[str, Any]:
        """Give an object."""
        return {"type": "object"}


@attrs.frozen
class Record(Shape):
    """A table with known keys: an attrs class whose fields were made by `key`.

    `later` are keys that are planned; they are refused and not ignored.
    """

    cls: type[Any]
    later: frozenset[str] = frozenset()

    def check(self, value: object, at: KeyPath) -> Iterator[Fault]:
        """Look at each key; unknown ones are faults, so that no typo is lost."""
        if not isinstance(value, dict):
            yield _wrong_type(value, at, wanted="a table")
            return
        table = cast("dict[str, object]", value)
        fields = self._fields()
        for name, item in table.items():
            if name in fields:
                yield from _shape(fields[name]).check(item, (*at, name))
            elif name in self.later:
                yield Fault(at=(*at, name), message="isn't supported yet; remove it")
            else:
                yield Fault(
                    at=(*at, name), message=f"unknown key{_meant(name, fields)}"
                )
        for name, field in fields.items():
            if field.metadata[_REQUIRED] and name not in table:
                yield Fault(at=at, message=f"lacks the key {name!r}")

    def build(self, value: dict[str, Any]) -> Any:
        """Give an instance of the class."""
        fields = self._fields()
        return self.cls(
            **{name: _shape(fields[name]).build(item) for name, item in value.items()}
        )

    def schema(self) -> dict[str, Any]:
        """Give an object with exactly these keys."""
        fields = self._fields()
        schema: dict[str, Any] = {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                name: _shape(field).schema() | {"description": field.metadata[_ABOUT]}
                for name, field in fields.items()
            },
        }
        required = [name for name in fields if fields[name].metadata[_REQUIRED]]
        return schema | ({"required": required} if required else {})

    def _fields(self) -> dict[str, "attrs.Attribute[Any]"]:
        return {
            field.name: field
            for field in attrs.fields(self.cls)
            if _SHAPE in field.metadata
        }


@attrs.frozen
class RecordList(Shape):
    """An array of tables with known keys."""

    each: Record

    def check(self, value: object, at: KeyPath) -> Iterator[Fault]:
        """Look at each table."""
        if not isinstance(value, list):
            yield _wrong_type(value, at, wanted="an array of tables")
            return
        for place, item in enumerate(cast("list[object]", value)):
            yield from self.each.check(item, (*at, place))

    def build(self, value: list[dict[str, Any]]) -> tuple[Any, ...]:
        """Give a tuple of instances."""
        return tuple(self.each.build(item) for item in value)

    def schema(self) -> dict[str, Any]:
        """Give an array of objects."""
        return {"type": "array", "items": self.each.schema()}


@attrs.frozen
class RecordTable(Shape):
    """A table of tables with known keys, by names that are free or given."""

    each: Record
    names: tuple[str, ...] = ()
    """The names that may be used; empty: any."""
    refuse_name: Callable[[str], str | None] | None = None
    """Gives what is wrong with a name, or nothing."""

    def check(self, value: object, at: KeyPath) -> Iterator[Fault]:
        """Look at each name and table."""
        if not isinstance(value, dict):
            yield _wrong_type(value, at, wanted="a table of tables")
            return
        for name, item in cast("dict[str, object]", value).items():
            if self.names and name not in self.names:
                yield Fault(
                    at=(*at, name), message=f"unknown key{_meant(name, self.names)}"
                )
                continue
            if self.refuse_name and (message := self.refuse_name(name)):
                yield Fault(at=(*at, name), message=message)
            yield from self.each.check(item, (*at, name))

    def build(self, value: dict[str, dict[str, Any]]) -> Mapping[str, Any]:
        """Give the instances by name."""
        return {name: self.each.build(item) for name, item in value.items()}

    def schema(self) -> dict[str, Any]:
        """Give an object of objects."""
        if not self.names:
            return {"type": "object", "additionalProperties": self.each.schema()}
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {name: self.each.schema() for name in self.names},
        }


def _shape(field: "attrs.Attribute[Any]") -> Shape:
    return field.metadata[_SHAPE]


def _wrong_type(value: object, at: KeyPath, *, wanted: str) -> Fault:
    names: dict[type, str] = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "a string",
        list: "an array",
        dict: "a table",
    }
    found = names.get(type(value), "a date or time")
    return Fault(at=at, message=f"must be {wanted}, not {found}")


def _meant(name: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(repr(str(word)) for word in words)
