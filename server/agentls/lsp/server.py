"""What one connection knows: its client, what it watches, and the shared core."""

import asyncio
import contextlib
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol

from agentls import __version__
from agentls.core import Core
from agentls.errors import InvalidParams
from agentls.lsp import foreseen, wire
from agentls.lsp.protocol.changes import ViewedChangedParams
from agentls.lsp.protocol.comments import CommentsChangedParams
from agentls.lsp.protocol.editors import OpenRequestedParams
from agentls.lsp.protocol.forecast import ForecastChangedParams
from agentls.lsp.protocol.queueing import QueueChangedParams
from agentls.lsp.protocol.sessions import OutputParams, ReconnectedParams
from agentls.lsp.protocol.tasks import (
    ListTasksResult,
    TaskChangedParams,
    TaskInfo,
    TaskRemovedParams,
)
from agentls.lsp.registry import sends
from agentls.lsp.shown import shown_tasks
from agentls.lsp.watching import Watching
from agentls.model import SessionId, Task
from agentls.tasks.book import (
    CommentsChanged,
    DiskLow,
    Event,
    QueueChanged,
    Removed,
    ViewedChanged,
)
from agentls.tasks.delegating import Delegate
from agentls.tasks.editors import Editor
from agentls.tasks.forecasting import News

__all__ = ["Server", "path_of"]

_LOG = logging.getLogger(__name__)

_CLIENT_ENVIRONMENT = ("SSH_AUTH_SOCK", "DISPLAY", "WAYLAND_DISPLAY", "LANG")
"""What agents get of the asking client's environment (design section 3)."""

_WRITE_BUFFER_MAX = 64 << 20
"""Bytes that wait for a client that doesn't read, before it is let go."""

sends("agentls/taskChanged", TaskChangedParams, "A task is new or changed.")
sends(
    "agentls/commentsChanged",
    CommentsChangedParams,
    "A comment on a task's change is new, gone or another: list them again. Where their"
    " lines are may change with the task.",
)
sends(
    "agentls/viewedChanged",
    ViewedChangedParams,
    "Something else of a task's change is marked as viewed: list it again.",
)
sends(
    "agentls/openRequested",
    OpenRequestedParams,
    "A person wants to review a task here, and asked for it elsewhere.",
)
sends("agentls/queueChanged", QueueChangedParams, "The queue was paused, or goes on.")
sends("agentls/taskRemoved", TaskRemovedParams, "A task is no more.")
sends(
    "agentls/forecastChanged",
    ForecastChangedParams,
    "Something else is to be expected of tasks than before.",
)
sends(
    "agentls/reconnected",
    ReconnectedParams,
    "Sent by the bridge: another daemon answers now. List and attach again.",
)


class Server(LanguageServer):
    """One connection: a pygls server that holds no truth of its own."""

    def __init__(
        self,
        core: Core,
        writer: asyncio.StreamWriter,
        *,
        protocol_cls: type[LanguageServerProtocol],
    ) -> None:
        super().__init__(
            "agentls",
            __version__,
            protocol_cls=protocol_cls,
            converter_factory=wire.converter,
            # The bridge plays open documents again from their last full text.
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
        )
        self.core = core
        self.shown = shown_tasks(core)
        self.exiting = False
        self.greeted = False
        """Whether the client has said who it is."""
        self.client_environment: Mapping[str, str] = {}
        self.delegate: Delegate | None = None
        """The agent that this client speaks for; None for a person."""
        self.odd_bytes_private = False
        self.watching = Watching(
            core,
            send=self.send,
            drain=writer.drain,
            after_answer=self.after_answer,
        )
        self._afterwards: defaultdict[Any, list[Callable[[], None]]] = defaultdict(list)
        self._joined = contextlib.ExitStack()
        """What the client takes part in as long as it is connected."""
        self._writer = writer
        self.protocol.set_writer(self)  # pyright: ignore[reportArgumentType] - it needs `write` alone

    def write(self, data: bytes) -> None:
        """Write a frame; a client that is gone or never reads gets no more."""
        transport = self._writer.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size() > _WRITE_BUFFER_MAX:
            _LOG.warning("a client reads nothing; its connection is closed")
            transport.abort()
            return
        self._writer.write(data)

    def after_answer(self, act: Callable[[], None]) -> None:
        """Do something right after the answer to the present request was written."""
        self._afterwards[self.protocol.msg_id].append(act)

    def answered(self, request_id: Any) -> None:
        """Do what waited for the answer to a request."""
        for act in self._afterwards.pop(request_id, ()):
            act()

    def send(self, method: str, params: Any) -> None:
        """Send one of agentls' own notifications."""
        if isinstance(params, OutputParams):
            self.write(wire.output_frame(params))
        elif isinstance(params, TaskChangedParams) and self._holds(
            text := self.shown.changed_text(params)
        ):
            self.write(wire.notification_frame(method, text))
        else:
            self.protocol.notify(method, params)

    def answer_list(self, request_id: Any, result: ListTasksResult) -> bool:
        """Answer a request with a list; False where it can't be told as it is."""
        text = self.shown.list_text(result)
        if self._holds(text):
            self.write(wire.answer_frame(request_id, text))
            return True
        return False

    def _holds(self, text: str) -> bool:
        """Tell whether the client's JSON can hold a text as Python writes it."""
        return not self.odd_bytes_private or "\\udc" not in text

    def hear(self, event: Event) -> None:
        """Pass an event of the book on to the client, once it was greeted."""
        if not self.greeted:
            return
        if isinstance(event, Task):
            info = self.task_info(event)
            self.send("agentls/taskChanged", TaskChangedParams(task=info))
        elif isinstance(event, Removed):
            self.shown.forget(event.task)
            self.send(
                "agentls/taskRemoved",
                TaskRemovedParams(task=event.task, rev=event.rev),
            )
        elif isinstance(event, CommentsChanged):
            self.send("agentls/commentsChanged", CommentsChangedParams(task=event.task))
        elif isinstance(event, ViewedChanged):
            self.send("agentls/viewedChanged", ViewedChangedParams(task=event.task))
        elif isinstance(event, QueueChanged):
            self.send("agentls/queueChanged", QueueChangedParams(paused=event.paused))
        elif isinstance(event, DiskLow):
            self._warn_of(event)
        else:
            self.watching.session_ended(event.session)

    def _warn_of(self, low: DiskLow) -> None:
        said = (
            f"The disk for worktrees has {low.free / 1e9:.1f} GB left, less than"
            f" {low.reserve / 1e9:.1f} GB (`disk.reserve`): new tasks wait. What is"
            " there goes on; `agentls gc` shows what may go."
        )
        self.window_show_message(
            types.ShowMessageParams(type=types.MessageType.Warning, message=said)
        )

    def hear_forecast(self, news: News) -> None:
        """Pass on to the client, once it was greeted, what else is to be expected."""
        if self.greeted and news.tasks:
            self.send("agentls/forecastChanged", foreseen.forecast_changed(news))

    def task_info(self, task: Task) -> TaskInfo:
        """Show a task, with all that is known of it."""
        return self.shown.info(task, self.core)

    def initialized_by(self, params: types.InitializeParams) -> None:
        """Take what the client says of itself; from now on it hears events."""
        self.greeted = True
        options: Any = params.initialization_options
        if isinstance(options, dict):
            self.odd_bytes_private = options.get("oddBytes") == "private"
            if options.get("opensReviews") is True:
                editor = Editor(show=self._show, folders=self._folders)
                self._joined.enter_context(self.core.editors.opened(editor))
            self.delegate = _delegate(options.get("delegate"))
        given: Any = options.get("environment") if isinstance(options, dict) else None
        if isinstance(given, dict):
            self.client_environment = {
                name: given[name]
                for name in _CLIENT_ENVIRONMENT
                if _fits_an_environment(given.get(name))
            }

    def _show(self, task: Task) -> None:
        self.send("agentls/openRequested", OpenRequestedParams(task=task.id))

    def _folders(self) -> tuple[Path, ...]:
        """Give the client's roots, as far as they are local folders."""
        found: list[Path] = []
        for uri in self._roots():
            with contextlib.suppress(InvalidParams):
                found.append(path_of(uri))
        return tuple(found)

    def _roots(self) -> list[str]:
        folders = [folder.uri for folder in self.workspace.folders.values()]
        root = self.workspace.root_uri
        return folders or ([root] if root else [])

    def folder(self, uri: str | None) -> Path:
        """Give the folder or file a command is about; the only root if not named.

        Raises `InvalidParams` for something that isn't a local absolute path, and
        when nothing is named and the client has not exactly one root.
        """
        if uri is not None:
            return path_of(uri)
        roots = self._roots()
        if len(roots) == 1:
            return path_of(roots[0])
        raise InvalidParams(
            "No repository was named"
            + (" and the client has several folders." if roots else "."),
            hint='Name any file or folder in it as "uri".',
        )

    def open_documents(self) -> tuple[str, ...]:
        """Give the URIs of the documents that are open in the client."""
        return tuple(self.workspace.text_documents)

    def text_of(self, uri: str) -> str | None:
        """Give what an open document holds, saved or not; None if it isn't open."""
        document = self.workspace.text_documents.get(uri)
        return document and document.source

    async def close(self) -> None:
        """End what belongs to the connection alone; operations go on in the core."""
        self._joined.close()
        await self.watching.close()
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log it; a box in the editor for every bad notification helps nobody."""
        _LOG.error("%s: %s", source.__name__, error)


def path_of(uri: str) -> Path:
    """Read a file: URI, whose bytes may be any, or an absolute path."""
    path = uri
    if not uri.startswith("/"):
        try:
            parts = urlsplit(uri)
        except ValueError:  # such as a bracket in the place of the host
            parts = urlsplit("")
        local = parts.scheme == "file" and parts.netloc in {"", "localhost"}
        path = os.fsdecode(unquote_to_bytes(parts.path)) if local else ""
    if not path.startswith("/"):
        raise InvalidParams(
            f"{uri!r} names no local file or folder.",
            hint="Give a file: URI or an absolute path.",
        )
    if "\0" in path:
        raise InvalidParams("A path can't hold NUL.", hint="Give another path.")
    return Path(path)


def _delegate(given: Any) -> Delegate | None:
    """Read for which agent a client speaks; what can't be read is one of no session."""
    if given is None:
        return None
    told = given if isinstance(given, dict) else {"session": ""}
    session, folder = told.get("session"), told.get("folder")
    return Delegate(
        session=None if session is None else SessionId(str(session)),
        folder=None if folder is None else str(folder),
    )


def _fits_an_environment(value: object) -> bool:
    """Tell whether a program could be given the value: text without NUL."""
    return isinstance(value, str) and "\0" not in value and wire.is_text(value)
