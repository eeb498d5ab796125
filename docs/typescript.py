"""The TypeScript side of the wire types: what editors/vscode is compiled against."""

import enum
import types as python_types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from agentls import errors
from agentls.lsp.registry import COMMANDS, FROM_CLIENT, TO_CLIENT, Notification
from agentls.lsp.wire import camel
from agentls.model import State

__all__ = ["typescript"]

_HEAD = """\
// Written by `make docs` from server/agentls/lsp/. Don't edit: `make check` compares.
// biome-ignore-all format: generated
"""

FieldDocs = Callable[[type[Any]], Mapping[str, str]]


def typescript(classes: Iterable[type[Any]], *, docs: FieldDocs) -> str:
    """Give the module that declares all wire types, commands and notifications."""
    parts = [_HEAD]
    parts += [
        _declaration(cls, docs) for cls in sorted(classes, key=lambda cls: cls.__name__)
    ]
    parts += [
        _union("TaskState", "The states of a task.", (state.value for state in State)),
        _union("ErrorKind", "The `kind` of an error's data.", sorted(errors.kinds())),
    ]
    parts += ["\n/** Every command: what it takes, and what it gives. */\n"]
    parts += ["export interface Commands {\n"]
    parts += [
        f"  {_quoted(name)}: [{command.params.__name__}, {command.result.__name__}];\n"
        for name, command in sorted(COMMANDS.items())
    ]
    parts += ["}\n"]
    parts += _notifications("FromServer", "What the server tells.", TO_CLIENT)
    parts += _notifications("ToServer", "What the server is told.", FROM_CLIENT)
    return "".join(parts)


def _notifications(
    name: str, doc: str, known: Mapping[str, Notification]
) -> Iterable[str]:
    yield f"\n/** {doc} */\nexport interface {name} {{\n"
    for method, notification in sorted(known.items()):
        yield f"  {_quoted(method)}: {notification.params.__name__};\n"
    yield "}\n"


def _declaration(cls: type[Any], docs: FieldDocs) -> str:
    doc = (cls.__doc__ or "").strip().split("\n")[0]
    if issubclass(cls, enum.Enum):
        return _union(cls.__name__, doc, (item.value for item in cls))
    fields = attrs.fields(attrs.resolve_types(cls))
    lines = [f"\n/** {doc} */\nexport interface {cls.__name__} {{\n"]
    said = docs(cls)
    for field in fields:
        if text := said.get(field.name):
            lines.append(f"  /** {text} */\n")
        optional = "" if field.default is attrs.NOTHING else "?"
        lines.append(f"  {camel(field.name)}{optional}: {_type_name(field.type)};\n")
    return "".join([*lines, "}\n"])


def _union(name: str, doc: str, values: Iterable[str]) -> str:
    alternatives = "".join(f"\n  | {_quoted(value)}" for value in values)
    return f"\n/** {doc} */\nexport type {name} ={alternatives};\n"


def _type_name(hint: Any) -> str:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, python_types.UnionType}:
        return " | ".join(_type_name(arg) for arg in args if arg is not type(None))
    if origin is dict:
        return f"Readonly<Record<{', '.join(map(_type_name, args))}>>"
    if origin is tuple:
        return f"readonly {_type_name(args[0])}[]"
    names = {str: "string", int: "number", float: "number", bool: "boolean"}
    return names.get(hint) or hint.__name__


def _quoted(text: str) -> str:
    return f'"{text}"'
