"""The `agentls:` documents: the sides of a diff that are no files, by the server.

`agentls:/<task>/base/<path>` is the file as it was where the task began,
`agentls:/<task>/<id>/<path>` as it was in a commit or tree, and
`agentls:/<task>/briefing.md` what to know before a review. LSP 3.18 asks for such a
document by `workspace/textDocumentContent`, which pygls doesn't advertise by itself.
"""

import os
import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlsplit

from lsprotocol import types

from agentls.errors import InvalidParams
from agentls.lsp.server import Server
from agentls.model import TaskId

__all__ = ["advertise", "register", "side_uri"]

_SCHEME = "agentls"
_BRIEFING = re.compile(r"agentls:/([a-z0-9]+)/briefing\.md")


def side_uri(task: TaskId, point: str, path: bytes) -> str:
    """Give the URI of a file at a point of a task; paths may have any bytes."""
    return f"{_SCHEME}:/{task}/{point}/{quote(path)}"


def advertise(capabilities: types.ServerCapabilities) -> None:
    """Say that this server fills documents of our scheme."""
    workspace = capabilities.workspace or types.WorkspaceOptions()
    workspace.text_document_content = types.TextDocumentContentOptions(
        schemes=[_SCHEME]
    )
    capabilities.workspace = workspace


def register(server: Server) -> None:
    """Let the connection answer requests for documents."""

    async def content(params: Any) -> types.TextDocumentContentResult:
        if task := _briefing(params.uri):
            text = await server.core.briefings.write(task)
            return types.TextDocumentContentResult(text=text)
        task, point, path = _parse(params.uri)
        text = await server.core.reviewing.text(task, point, path)
        return types.TextDocumentContentResult(text=text)

    server.protocol.fm.features[types.WORKSPACE_TEXT_DOCUMENT_CONTENT] = content


def _briefing(uri: str) -> str | None:
    """Give the task whose briefing is asked for, if that is."""
    found = _BRIEFING.fullmatch(uri)
    return found and found[1]


def _parse(uri: str) -> tuple[str, str, bytes]:
    try:
        parts = urlsplit(uri)
        path = os.fsdecode(unquote_to_bytes(parts.path))
    except ValueError:  # a bracket in the place of the host, or half a character
        parts, path = urlsplit(""), ""
    names = PurePosixPath(path).parts
    if (
        parts.scheme != _SCHEME
        or len(names) < 4  # noqa: PLR2004 - root, task, point, path
        or ".." in names
        or "\0" in path
    ):
        raise InvalidParams(
            f"{uri!r} is no document of agentls.",
            hint=f"They read {_SCHEME}:/<task>/<point>/<path>.",
        )
    return names[1], names[2], os.fsencode("/".join(names[3:]))
