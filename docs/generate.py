"""Write what is made from the types in the code: two docs, and TypeScript's types.

`python docs/generate.py` writes, `--check` fails when what is there is stale.
"""

import ast
import difflib
import enum
import functools
import importlib
import inspect
import json
import pkgutil
import sys
import types as python_types
import typing
from pathlib import Path
from typing import Any

import attrs

from agentls import errors
from agentls.agents.definition import DEFINITION
from agentls.config import config_schema
from agentls.lsp import connection, protocol  # connection: fills the registry
from agentls.lsp.registry import COMMANDS, FROM_CLIENT, TO_CLIENT
from agentls.lsp.wire import camel
from typescript import typescript

PAGE = Path(__file__).parent / "protocol.md"
SCHEMA = PAGE.with_name("config.schema.json")
TYPESCRIPT = PAGE.parent.parent / "editors/vscode/src/generated/protocol.ts"

INTRODUCTION = """\
# The protocol

<!-- Written by `make docs` from server/agentls/lsp/. Don't edit: a test compares. -->

agentls speaks LSP 3.18 over the standard streams of `agentls lsp`. Every operation is
one `workspace/executeCommand` whose only argument is one JSON object (it may be left
out where every field is optional). Names are camelCase; an absent field is left out,
never null; an unknown field is refused.

- **Progress**: `workDoneToken` of `workspace/executeCommand`; cancelling the progress
  or the request (`$/cancelRequest`) undoes a create.
- **Offsets** count bytes of a session's log. `window` is the credit of an attach: after
  that many bytes nothing comes until `agentls/ack {session, end}`.
- **`rev`** grows with every change of any task; drop what is older than you have.
- **Documents**: `agentls:/<task>/base/<path>` is a file as it was where the task began,
  `agentls:/<task>/<id>/<path>` as it is in a commit or tree
  (`workspace/textDocumentContent`). Paths are percent-encoded bytes.
- **Hints**: when a document is opened or saved that lies in a repository with open
  tasks, `textDocument/publishDiagnostics` marks the lines that these change too:
  severity hint, source `agentls`, `code` one of `changes`, `clashes` (you changed them
  as well), `deletes`, `adds` (the file), `data = {task}`.
- **Environment**: `initializationOptions.environment` may give `SSH_AUTH_SOCK`,
  `DISPLAY`, `WAYLAND_DISPLAY` and `LANG` for the agents of this client's tasks.
- **Agents**: `initializationOptions.delegate = {session?, folder?}` says that an agent
  asks, in that session (`AGENTLS_SESSION`) or folder, and no person. Then only commands
  that name a right are answered, as the user's `mcp.allow` says; others and other
  tasks than its own are refused with `notAllowed`. See [mcp.md](mcp.md).
- **File names that are no UTF-8** have lone surrogates (U+DC80 to U+DCFF) for the odd
  bytes; with `initializationOptions.oddBytes = "private"` U+10FE80 to U+10FEFF, both
  ways, for clients whose JSON refuses those.
- **The daemon may go**: the connection stays. Pending requests are answered with
  `daemonRestarted`; after `agentls/reconnected` list and attach again.

## Errors

An error that is no bug has code -32803 and `data = {kind, hint}`. The message says what
happened and what was kept, the hint what to do next.

| kind | means |
| --- | --- |
"""


def page() -> str:
    """Give the page's text."""
    parts = [INTRODUCTION]
    parts += [
        f"| `{kind}` | {_first_line(cls)} |\n" for kind, cls in errors.kinds().items()
    ]
    parts.append("\n## Commands\n")
    for name, command in sorted(COMMANDS.items()):
        parts.append(
            f"\n### `{name}`\n\n{command.doc}\n\n"
            f"Takes {_link(command.params)}, gives {_link(command.result)}."
            f"{f' Agents need the right `{command.right}`.' if command.right else ''}\n"
        )
    parts.append("\n## Notifications from the server\n")
    for method, known in sorted(TO_CLIENT.items()):
        parts.append(f"\n### `{method}`\n\n{known.doc}\n\n{_link(known.params)}.\n")
    parts.append("\n## Notifications to the server\n")
    for method, known in sorted(FROM_CLIENT.items()):
        parts.append(f"\n### `{method}`\n\n{known.doc}\n\n{_link(known.params)}.\n")
    parts.append("\n## Types\n")
    parts += [_type(cls) for cls in sorted(_types(), key=lambda cls: cls.__name__)]
    return "".join(parts)


@functools.cache
def _types() -> frozenset[type[Any]]:
    """Give the wire types of all modules of the protocol."""
    modules = (
        importlib.import_module(f"{protocol.__name__}.{found.name}")
        for found in pkgutil.iter_modules(protocol.__path__)
    )
    return frozenset(
        getattr(module, name) for module in modules for name in module.__all__
    )


def _type(cls: type[Any]) -> str:
    head = f"\n### {cls.__name__}\n\n{inspect.getdoc(cls)}\n"
    if issubclass(cls, enum.Enum):
        return head + f"\nOne of {', '.join(f'`{item.value}`' for item in cls)}.\n"
    fields = attrs.fields(attrs.resolve_types(cls))
    if not fields:
        return head
    docs = _field_docs(cls)
    rows = [
        f"| `{camel(field.name)}{'' if field.default is attrs.NOTHING else '?'}` "
        f"| {_type_name(field.type)} | {docs.get(field.name, '')} |\n"
        for field in fields
    ]
    return head + "\n| field | type | |\n| --- | --- | --- |\n" + "".join(rows)


def _field_docs(cls: type[Any]) -> dict[str, str]:
    """Give the texts below the fields, from the source."""
    (tree,) = ast.parse(inspect.getsource(cls)).body
    assert isinstance(tree, ast.ClassDef)
    docs: dict[str, str] = {}
    for field, text in zip(tree.body, tree.body[1:], strict=False):
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(doc))),
            ):
                docs[name] = " ".join(doc.split())
            case _:
                pass
    return docs


def _type_name(hint: Any) -> str:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, python_types.UnionType}:
        return " or ".join(_type_name(arg) for arg in args if arg is not type(None))
    if origin is tuple:
        return f"list of {_type_name(args[0])}"
    if isinstance(hint, type) and hint in _types():
        return _link(hint)
    return {str: "string", int: "integer", bool: "boolean"}.get(hint, str(hint))


def _link(cls: type[Any]) -> str:
    return f"[{cls.__name__}](#{cls.__name__.lower()})"


def _first_line(cls: type[Any]) -> str:
    return (inspect.getdoc(cls) or "").split("\n\n")[0].replace("\n", " ")


def schema() -> str:
    """Give the JSON Schema of the configuration, for completion in editors."""
    made = config_schema(agent=DEFINITION.schema())
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the files, or compare them."""
    assert connection.serve
    stale = 0
    made = {
        PAGE: page(),
        SCHEMA: schema(),
        TYPESCRIPT: typescript(_types(), docs=_field_docs),
    }
    for path, wanted in made.items():
        present = path.read_text("utf-8") if path.exists() else ""
        if present == wanted:
            continue
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted, "utf-8")
            continue
        stale = 1
        print(f"{path.name} is stale; run `make docs`.", file=sys.stderr)
        sys.stderr.writelines(
            difflib.unified_diff(
                present.splitlines(keepends=True), wanted.splitlines(keepends=True)
            )
        )
    return stale


if __name__ == "__main__":
    sys.exit(main())
