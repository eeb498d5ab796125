"""What is open between an editor and the present daemon: requests and progress.

When the daemon goes, each has to be closed towards the editor, which would
otherwise wait for ever. Standard library only: the bridge uses it.
"""

from typing import Any

from agentls.errors import DaemonRestarted
from agentls.letters import Message, answer, notification, refuse

__all__ = ["Ledger"]


class Ledger:
    """The open entries of one daemon after the other."""

    def __init__(self) -> None:
        self._generation = 1
        self._pending: dict[Any, Message] = {}
        """The editor's requests that the daemon hasn't answered."""
        self._lent: dict[str, Any] = {}
        """The daemon's requests: the id that the editor sees, and the daemon's."""
        self._count = 0
        self._progress: list[Any] = []
        self._registered: dict[str, str] = {}

    def ask(self, message: Message) -> None:
        """Enter a request of the editor."""
        self._pending[message["id"]] = message

    def settle(self, request: Any) -> Message | None:
        """Take out a request of the editor; None if it isn't open."""
        return self._pending.pop(request, None)

    def lend(self, message: Message) -> Message:
        """Enter a request of the daemon; give it with an id no other daemon uses."""
        self._count += 1
        lent = f"agentls-{self._generation}-{self._count}"
        self._lent[lent] = message["id"]
        self._follow_registration(message)
        return {**message, "id": lent}

    def redeem(self, message: Message) -> Message | None:
        """Give the editor's answer with the daemon's id; None if that one is gone."""
        lent = message.get("id")
        if not isinstance(lent, str) or lent not in self._lent:
            return None
        return {**message, "id": self._lent.pop(lent)}

    def cancel(self, message: Message) -> Message | None:
        """Give the daemon's cancelling with the id that the editor knows."""
        params: Any = message.get("params")
        wanted = params.get("id") if isinstance(params, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - JSON
        for lent, request in self._lent.items():
            if request == wanted:
                return {**message, "params": {"id": lent}}
        return None

    def follow_progress(self, params: Any) -> None:
        """Enter the begin of a progress, or take it out at its end."""
        try:
            token, kind = params["token"], params["value"].get("kind")
        except (KeyError, TypeError, AttributeError):
            return  # a partial result has no kind
        if kind == "begin" and token not in self._progress:
            self._progress.append(token)
        elif kind == "end" and token in self._progress:
            self._progress.remove(token)

    def close(self) -> list[Message]:
        """Close every entry; give what the editor must be told. The daemon is gone."""
        told = [
            # An editor that shuts down has what it wants.
            answer(request, None)
            if message.get("method") == "shutdown"
            else refuse(request, _restarted())
            for request, message in self._pending.items()
        ]
        told += [
            notification(
                "$/progress",
                {
                    "token": token,
                    "value": {"kind": "end", "message": "The daemon ended."},
                },
            )
            for token in self._progress
        ]
        told += [notification("$/cancelRequest", {"id": lent}) for lent in self._lent]
        if self._registered:
            told.append(self._unregistration())
        self._pending.clear()
        self._progress.clear()
        self._lent.clear()
        self._registered.clear()
        self._generation += 1
        self._count = 0
        return told

    def _follow_registration(self, message: Message) -> None:
        """Remember what the daemon registers: the next one registers it again."""
        try:
            match message.get("method"):
                case "client/registerCapability":
                    for entry in message["params"]["registrations"]:
                        self._registered[entry["id"]] = entry["method"]
                case "client/unregisterCapability":
                    # The standard's own spelling.
                    for entry in message["params"]["unregisterations"]:
                        self._registered.pop(entry["id"], None)
                case _:
                    pass
        except (KeyError, TypeError):
            pass  # not LSP: it is the editor's to complain

    def _unregistration(self) -> Message:
        entries = [
            {"id": name, "method": method} for name, method in self._registered.items()
        ]
        return {
            "jsonrpc": "2.0",
            # Never entered as lent, so its answer is dropped like a late one.
            "id": f"agentls-{self._generation}-end",
            "method": "client/unregisterCapability",
            "params": {"unregisterations": entries},
        }


def _restarted() -> DaemonRestarted:
    return DaemonRestarted(
        "The daemon ended before it answered; whether it did what was asked isn't"
        " known. No agent was stopped.",
        hint="A daemon is started again by itself. Look at the list, and ask again"
        " if needed.",
    )
