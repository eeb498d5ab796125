"""What an editor has told, as far as the next daemon must hear it again.

The greeting with its present folders, the present text of the open documents,
and the settings. The server advertises full text sync only, so the last change
of a document is its whole text. Standard library only: the bridge uses it.
"""

from collections.abc import Iterator
from typing import Any, cast

from agentls.letters import Message, notification

__all__ = ["Replay"]


class Replay:
    """The editor's side of the conversation, folded into the fewest messages."""

    def __init__(self) -> None:
        self.initialize: Message | None = None
        self.greeted = False
        """Whether the editor has its answer to `initialize`; it gets no second one."""
        self._initialized: Message | None = None
        self._configuration: Message | None = None
        self._documents: dict[str, dict[str, Any]] = {}

    def note(self, message: Message) -> bool:
        """Take in what goes to the daemon; tell whether a replay would repeat it."""
        params: Any = message.get("params")
        try:
            match message.get("method"):
                case "initialize":
                    self.initialize = message
                case "initialized":
                    self._initialized = message
                case "workspace/didChangeConfiguration":
                    self._configuration = message
                case "workspace/didChangeWorkspaceFolders":
                    self._change_folders(params["event"])
                case "textDocument/didOpen":
                    document = params["textDocument"]
                    self._documents[document["uri"]] = dict(document)
                case "textDocument/didChange":
                    document = self._documents[params["textDocument"]["uri"]]
                    document["version"] = params["textDocument"].get("version")
                    document["text"] = params["contentChanges"][-1]["text"]
                case "textDocument/didClose":
                    self._documents.pop(params["textDocument"]["uri"], None)
                case _:
                    return False
        except (KeyError, IndexError, TypeError, AttributeError):
            return False  # not LSP: it is the server's to complain
        return True

    def messages(self) -> Iterator[Message]:
        """Give what follows the answer to the greeting."""
        if self._initialized:
            yield self._initialized
        if self._configuration:
            yield self._configuration
        for document in self._documents.values():
            yield notification("textDocument/didOpen", {"textDocument": document})

    def _change_folders(self, event: Any) -> None:
        if self.initialize is None:
            return
        params = self.initialize["params"]
        gone = {folder["uri"] for folder in event.get("removed", [])}
        known = cast("list[Any]", params.get("workspaceFolders") or [])
        folders = [folder for folder in known if folder["uri"] not in gone]
        # A new value, as the old one may be on its way to a daemon just now.
        self.initialize = {
            **self.initialize,
            "params": {**params, "workspaceFolders": folders + event.get("added", [])},
        }
