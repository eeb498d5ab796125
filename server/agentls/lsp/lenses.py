"""Code lenses: a checklist in Markdown says that its open items can become tasks."""

from typing import Any

from lsprotocol import types

from agentls.errors import AgentlsError
from agentls.lsp.server import Server, path_of
from agentls.tasks.batches import BatchSource
from agentls.tasks.request import TaskRequest

__all__ = ["advertise", "register"]


def advertise(capabilities: types.ServerCapabilities) -> None:
    """Say that this server gives code lenses."""
    capabilities.code_lens_provider = types.CodeLensOptions()


def register(server: Server) -> None:
    """Let the connection answer requests for code lenses."""

    async def lenses(params: Any) -> list[types.CodeLens]:
        uri = params.text_document.uri
        text = server.text_of(uri)
        if text is None or not uri.lower().endswith((".md", ".markdown")):
            return []
        try:
            lines = await _lines_without_task(server, uri, text)
        except AgentlsError:
            return []  # in no repository: there is nothing to offer
        if not lines:
            return []
        number = len(lines)
        at = types.Position(line=lines[0] - 1, character=0)
        return [
            types.CodeLens(
                range=types.Range(start=at, end=at),
                command=types.Command(
                    title=f"Run {number} open items as tasks"
                    if number > 1
                    else "Run 1 open item as a task",
                    command="agentls.createTasks",
                    arguments=[{"file": uri, "text": text}],
                ),
            )
        ]

    server.protocol.fm.features[types.TEXT_DOCUMENT_CODE_LENS] = lenses


async def _lines_without_task(server: Server, uri: str, text: str) -> tuple[int, ...]:
    """Give the lines, from 1, of the open items that are no tasks yet."""
    path = path_of(uri)
    items = await server.core.batching.run(
        BatchSource(format="markdown", text=text, path=path),
        TaskRequest(prompt="", folder=path.parent),
        dry=True,
        note_ids=False,
    )
    return tuple(item.line for item in items if item.line and not item.task)
