"""The converter between JSON and types, one for all connections.

Making lsprotocol's converter costs 40 ms, so it is made once (its hooks hold
no state). To it come our own types: camelCase on the wire, absent fields left
out, unknown fields refused so that a misspelt one is not silently ignored.
"""

import enum
import functools
import json
import types as python_types
import typing
from typing import Any, TypeVar

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.v import format_exception
from lsprotocol import types
from pygls.protocol import default_converter

from agentls.errors import InvalidParams
from agentls.frames import encode
from agentls.lsp import protocol
from agentls.lsp.protocol.sessions import OutputParams
from agentls.lsp.registry import FROM_CLIENT, TO_CLIENT

__all__ = [
    "answer_frame",
    "camel",
    "converter",
    "is_text",
    "message_type",
    "notification_frame",
    "output_frame",
    "result_type",
    "structure",
]

T = TypeVar("T")


@functools.cache
def converter() -> cattrs.Converter:
    """Give the one converter."""
    made = default_converter()
    made.register_unstructure_hook_factory(_is_ours, functools.partial(_writer, made))
    return made


def structure(value: Any, cls: type[T], *, what: str) -> T:
    """Read JSON as one of our types; raise `InvalidParams` naming each wrong field."""
    if not isinstance(value, dict):
        raise InvalidParams(
            f"{what} takes one JSON object.", hint="See docs/protocol.md."
        )
    try:
        return _strict_reader().structure(value, cls)
    except (cattrs.BaseValidationError, ValueError, TypeError) as error:
        problems = "; ".join(cattrs.transform_error(error, "params", _told))
        raise InvalidParams(
            f"{what}: {problems}.", hint="See docs/protocol.md for its parameters."
        ) from error


@functools.cache
def _strict_reader() -> cattrs.Converter:
    """Give the converter for what clients send: nothing is guessed or converted."""
    made = cattrs.Converter()
    made.register_structure_hook_factory(_is_ours, functools.partial(_reader, made))
    for plain in _JSON_NAMES:
        made.register_structure_hook(plain, _plain)
    return made


def _plain(value: Any, cls: type[Any]) -> Any:
    if issubclass(cls, enum.Enum):  # an enumeration of strings is a string too
        return cls(value)
    if type(value) is not cls:
        raise TypeError(f"{_JSON_NAMES[cls]} expected")
    if isinstance(value, str) and not is_text(value):
        raise ValueError("it holds half a character")
    return value


def is_text(value: str) -> bool:
    """Tell whether text can be written as bytes; odd ones are low surrogates."""
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _told(error: BaseException, cls: type[Any] | None) -> str:
    if isinstance(error, (TypeError, ValueError)):
        return str(error)
    return format_exception(error, cls)


_JSON_NAMES = {str: "a string", int: "an integer", bool: "true or false"}


def output_frame(params: OutputParams) -> bytes:
    """Give the frame of an `agentls/output`, as the converter would, but soon.

    It ends as the bridge expects of a message that it can pass on unread.
    """
    shown: dict[str, Any] = {
        "session": params.session,
        "offset": params.offset,
        "end": params.end,
    }
    for name in ("text", "base64", "gap", "repaint", "rows", "cols"):
        if (value := getattr(params, name)) is not None:
            shown[name] = value
    written = json.dumps(shown, ensure_ascii=False)
    body = f'{{"params": {written}, "method": "agentls/output", "jsonrpc": "2.0"}}'
    return encode(body.encode())


def answer_frame(request_id: Any, result: str) -> bytes:
    """Give the frame of an answer whose result is written already.

    It begins as the bridge expects of an answer that it can pass on unread.
    """
    body = f'{{"id": {json.dumps(request_id)}, "jsonrpc": "2.0", "result": {result}}}'
    return encode(body.encode())


def notification_frame(method: str, params: str) -> bytes:
    """Give the frame of a notification whose parameters are written already."""
    body = f'{{"params": {params}, "method": "{method}", "jsonrpc": "2.0"}}'
    return encode(body.encode())


def message_type(method: str) -> type[Any] | None:
    """Give the type of a message by its method, agentls' own ones included."""
    if method in FROM_CLIENT or method in TO_CLIENT:
        return _notification_type(method)
    found = types.METHOD_TO_TYPES.get(method)
    return found[0] if found else None


def result_type(method: str) -> type[Any] | None:
    """Give the type of the answer to a request by its method."""
    found = types.METHOD_TO_TYPES.get(method)
    return found[1] if found else None


@functools.cache
def _notification_type(method: str) -> type[Any]:
    known = FROM_CLIENT.get(method) or TO_CLIENT[method]
    made = attrs.make_class(
        "AgentlsNotification",
        {
            "params": attrs.field(type=known.params),
            "method": attrs.field(type=str),
            "jsonrpc": attrs.field(type=str),
        },
    )
    converter().register_structure_hook(
        made,
        lambda value, cls: cls(
            params=structure(value.get("params"), known.params, what=method),
            method=method,
            jsonrpc="2.0",
        ),
    )
    return made


def _is_ours(cls: Any) -> bool:
    module = getattr(cls, "__module__", "")
    return module.startswith(f"{protocol.__name__}.") and attrs.has(cls)


def _reader(made: cattrs.Converter, cls: type[Any]) -> Any:
    renamed: dict[str, Any] = {
        field.name: override(rename=camel(field.name)) for field in _fields(cls)
    }
    return make_dict_structure_fn(cls, made, _cattrs_forbid_extra_keys=True, **renamed)


def _writer(made: cattrs.Converter, cls: type[Any]) -> Any:
    shown: dict[str, Any] = {
        field.name: override(
            rename=camel(field.name),
            omit_if_default=field.default is None,
            # Text and numbers stay as they are; finding that out takes time.
            unstruct_hook=_as_it_is if _is_plain(field.type) else None,
        )
        for field in _fields(cls)
    }
    return make_dict_unstructure_fn(cls, made, **shown)


def _as_it_is(value: Any) -> Any:
    return value


def _is_plain(hint: Any) -> bool:
    """Tell whether JSON has the type as it is; it may be absent, too."""
    union = isinstance(hint, python_types.UnionType)
    parts = typing.get_args(hint) if union else (hint,)
    return all(part in _JSON_NAMES or part is type(None) for part in parts)


def _fields(cls: type[Any]) -> "tuple[attrs.Attribute[Any], ...]":
    return attrs.fields(attrs.resolve_types(cls))


def camel(name: str) -> str:
    """Give a field's name as it stands on the wire."""
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
