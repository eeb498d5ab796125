"""A TOML file as it was read: its text, its table, and the line of each key."""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import attrs

from agentls.config.shapes import Fault, KeyPath, key_text
from agentls.errors import InvalidParams

__all__ = ["ConfigError", "Document", "Problem", "parse_document", "read_document"]

_SIZE_MAX = 64 << 10
_LOOKS = 64
_AT_LINE = re.compile(r"^(.*) \(at line (\d+), column \d+\)$", re.DOTALL)
_AT_END = re.compile(r"^(.*) \(at end of document\)$", re.DOTALL)


@attrs.frozen(kw_only=True)
class Problem:
    """What is wrong in a file, and where."""

    file: Path
    line: int | None
    """Counted from 1; None when the file could not be read at all."""
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else f"{self.file}"
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ConfigError(InvalidParams):
    """Files of the configuration can't be used; `problems` has them all."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(
            "The configuration can't be used:\n"
            + "\n".join(str(problem) for problem in problems),
            hint="Correct it and try again; docs/config.md describes every key.",
        )
        self.problems = problems


@attrs.frozen(kw_only=True)
class Document:
    """A file that is TOML."""

    file: Path
    text: str = attrs.field(repr=False)
    table: Mapping[str, Any]
    of_repository: bool = False
    """Whether it comes with a repository, and not from the user or from us."""

    def holds(self, at: KeyPath) -> bool:
        """Tell whether the key is set here."""
        return _holds(self.table, at)

    def line_of(self, at: KeyPath) -> int:
        """Give the line on which the key begins, or the one that it stands in.

        tomllib doesn't tell lines. But a prefix of the file that is TOML and lacks
        the key ends before it, and one that is TOML and has it doesn't: the two
        that lie closest hold the key's line between them.
        """
        while at and not self.holds(at):
            at = at[:-1]  # a place in an array, or a key that is missing
        lines = self.text.splitlines(keepends=True)
        without, having = 0, len(lines)
        looks = _LOOKS if at else 0
        while having - without > 1 and looks > 0:
            middle = (without + having) // 2
            # A prefix that ends inside of a value isn't TOML: look at its neighbours.
            for end in (*range(middle, without, -1), *range(middle + 1, having)):
                looks -= 1
                table = _parsed("".join(lines[:end]))
                if table is not None or not looks:
                    break
            else:
                break
            if table is None:
                break
            if _holds(table, at):
                having = end
            else:
                without = end
        return min(without + 1, max(1, len(lines)))

    def problem(self, fault: Fault) -> Problem:
        """Say where a fault stands."""
        return Problem(
            file=self.file,
            line=self.line_of(fault.at),
            key=key_text(fault.at),
            message=fault.message,
        )


def read_document(file: Path, *, of_repository: bool) -> Document | None:
    """Read a TOML file; None when there is none. Raises `ConfigError`."""
    try:
        # Without waiting: a repository may put a pipe in the file's place.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _unreadable(file, "isn't a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            data = stream.read(_SIZE_MAX + 1)
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    finally:
        os.close(descriptor)
    if len(data) > _SIZE_MAX:
        raise _unreadable(file, f"is larger than {_SIZE_MAX >> 10} KiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _unreadable(file, "isn't UTF-8", line=line) from error
    return parse_document(text, file=file, of_repository=of_repository)


def parse_document(text: str, *, file: Path, of_repository: bool = False) -> Document:
    """Parse TOML that was read from the file. Raises `ConfigError`."""
    text = text.replace("\r\n", "\n")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        line = text.count("\n") + 1
        if at_end := _AT_END.match(said):
            said = f"{at_end[1]} (at the end of the file)"
        elif at_line := _AT_LINE.match(said):
            said, line = at_line[1], int(at_line[2])
        raise _unreadable(file, f"isn't TOML: {said}", line=line) from error
    except RecursionError as error:
        raise _unreadable(file, "is nested too deeply") from error
    return Document(file=file, text=text, table=table, of_repository=of_repository)


def _holds(table: object, at: KeyPath) -> bool:
    found = table
    for part in at:
        if isinstance(part, int):
            if not isinstance(found, list):
                return False
            items = cast("list[object]", found)
            if part >= len(items):
                return False
            found = items[part]
        else:
            if not isinstance(found, dict) or part not in found:
                return False
            found = cast("dict[str, object]", found)[part]
    return True


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _unreadable(file: Path, message: str, *, line: int | None = None) -> ConfigError:
    return ConfigError((Problem(file=file, line=line, key="", message=message),))
