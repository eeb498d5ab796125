"""Hints on the lines of the user's own files that open tasks change as well.

They are published when a file is opened or saved, and again when something else
is to be expected of its repository's tasks. Each connection has its own, for the
documents that are open in it.
"""

import asyncio
from pathlib import Path
from typing import Any

from lsprotocol import types

from agentls.errors import AgentlsError
from agentls.lsp.server import Server, path_of
from agentls.review.radar import Touch, TouchKind
from agentls.tasks.forecasting import News

__all__ = ["Hints", "register"]

_SAID = {
    TouchKind.CHANGES: "Task {task} changes these lines too: {title}",
    TouchKind.CLASHES: "You and task {task} changed the same lines: {title}",
    TouchKind.DELETES: "Task {task} deletes or renames this file: {title}",
    TouchKind.ADDS: "Task {task} adds a file of this name: {title}",
}


class Hints:
    """What one connection was told about its open documents."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._shown: dict[str, list[types.Diagnostic]] = {}
        """By document, where there are any."""
        self._waiting: dict[str, bool] = {}
        """The documents to look at, and whether each was saved."""
        self._worker: asyncio.Task[Any] | None = None

    def look(self, uri: str, *, saved: bool) -> None:
        """Look at a document soon, one after the other."""
        self._waiting[uri] = saved or self._waiting.get(uri, False)
        if self._worker is None or self._worker.done():
            self._worker = self._server.core.spawn(self._work(), name="hints")

    def forget(self, uri: str) -> None:
        """Take the hints of a document away that is no longer open."""
        self._waiting.pop(uri, None)
        self._publish(uri, [])

    def hear(self, news: News) -> None:
        """Look again at what is open in a repository."""
        for uri in self._server.open_documents():
            path = _local(uri)
            if path is not None and path.is_relative_to(news.repository):
                self.look(uri, saved=False)

    def close(self) -> None:
        """Look at nothing any more."""
        self._waiting.clear()
        if self._worker is not None:
            self._worker.cancel()

    async def _work(self) -> None:
        while self._waiting:
            uri = next(iter(self._waiting))
            saved = self._waiting.pop(uri)
            path, text = _local(uri), self._server.text_of(uri)
            if path is None or text is None:
                continue
            forecasting = self._server.core.forecasting
            try:
                found = await forecasting.radar(path, text.encode("utf-8", "replace"))
                if saved:
                    await forecasting.file_saved(path)
            except AgentlsError:  # moved away, or git can't read it: nothing to hint
                found = ()
            if uri not in self._waiting and self._server.text_of(uri) is not None:
                self._publish(uri, [self._diagnostic(touch) for touch in found])

    def _publish(self, uri: str, hints: list[types.Diagnostic]) -> None:
        if hints == self._shown.get(uri, []):
            return
        self._shown[uri] = hints
        if not hints:
            del self._shown[uri]
        self._server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, diagnostics=hints)
        )

    def _diagnostic(self, touch: Touch) -> types.Diagnostic:
        title = " ".join(self._server.core.book.get(touch.task).title.split())
        return types.Diagnostic(
            range=types.Range(
                start=types.Position(line=touch.lines.first - 1, character=0),
                end=types.Position(line=touch.lines.last, character=0),
            ),
            severity=types.DiagnosticSeverity.Hint,
            source="agentls",
            code=touch.kind,
            message=_SAID[touch.kind].format(task=touch.task, title=title),
            data={"task": touch.task},
        )


def register(server: Server) -> Hints:
    """Let the connection tell of its documents."""
    hints = Hints(server)

    def opened(params: types.DidOpenTextDocumentParams) -> None:
        hints.look(params.text_document.uri, saved=False)

    def saved(params: types.DidSaveTextDocumentParams) -> None:
        hints.look(params.text_document.uri, saved=True)

    def closed(params: types.DidCloseTextDocumentParams) -> None:
        hints.forget(params.text_document.uri)

    features = server.protocol.fm.features
    features[types.TEXT_DOCUMENT_DID_OPEN] = opened
    features[types.TEXT_DOCUMENT_DID_SAVE] = saved
    features[types.TEXT_DOCUMENT_DID_CLOSE] = closed
    return hints


def _local(uri: str) -> Path | None:
    try:
        return path_of(uri)
    except AgentlsError:
        return None
