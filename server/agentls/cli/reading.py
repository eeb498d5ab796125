"""Reading a session's log as it comes: every byte once, over reconnections."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from agentls.cli.direct import Asked

__all__ = ["Reading", "following_session"]

_ACK_EVERY = 256 << 10
"""Bytes between two acknowledgements; a quarter of the window that the server gives."""

_BEGINNING = frozenset({"queued", "preparing"})


class Reading:
    """One attached session, and how far it was read here."""

    def __init__(self, client: Asked, asked: Mapping[str, Any]) -> None:
        self._asked = dict(asked)
        answer = self._attach(client)
        self.session: str = answer["session"]
        self._asked = {"session": self.session} | {
            key: value
            for key, value in self._asked.items()
            if key not in {"task", "session"}
        }
        self.repaint: str = answer.get("repaint", "")
        """What draws the screen as it is at `position`, where that was asked for."""
        self.position: int = answer["offset"]
        self.size: int = answer["size"]
        """How long the log was at the attach: what comes before is a replay."""
        self.live: bool = answer["live"]
        self._acked = self.position
        self._missed = b""

    def attach_again(self, client: Asked, **changed: Any) -> None:
        """Go on from the same byte: over another connection, or in another way."""
        self._asked |= changed
        answer = self._attach(client, offset=self.position)
        # Where that byte isn't kept any more, the screen comes in its place.
        self._missed = answer.get("repaint", "").encode()
        self.position = self._acked = answer["offset"]

    def take(self, client: Asked, params: Mapping[str, Any]) -> bytes:
        """Give what is new in a piece of output; acknowledge now and then.

        Nothing for another session's piece, and for one that came already.
        """
        if params["session"] != self.session or params["end"] <= self.position:
            return b""
        if "repaint" in params:  # we lagged behind: the screen as it is at the end
            data = params["repaint"].encode()
        else:
            data = (
                base64.b64decode(params["base64"])
                if "base64" in params
                else params["text"].encode()
            )
            data = self._missed + data[max(0, self.position - params["offset"]) :]
        self._missed = b""
        self.position = params["end"]
        if self.position - self._acked >= _ACK_EVERY:
            client.notify(
                "agentls/ack", {"session": self.session, "end": self.position}
            )
            self._acked = self.position
        return data

    def _attach(self, client: Asked, **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = client.execute("agentls.attach", self._asked | more)
        return answer


def following_session(client: Asked, *, task: str, after: str) -> str | None:
    """Wait for the session that follows one that ended: the agent's after the setup.

    None when the task rests, and no session follows by itself.
    """
    told: dict[str, Any] = client.execute("agentls.getTask", {"task": task})["task"]
    for state in _states(client, told):
        names = [
            session["id"]
            for session in state["sessions"]
            # Without a daemon nobody knows of which kind a session is.
            if session.get("kind", "agent") in {"setup", "agent"}
        ]
        rest = names[names.index(after) + 1 :] if after in names else names
        if rest:
            return rest[0]
        if state["state"] not in _BEGINNING:
            return None
    return None


def _states(client: Asked, told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the task as it is, then as it becomes."""
    yield told
    for method, params in client.notifications():
        if method == "agentls/taskChanged" and params["task"]["id"] == told["id"]:
            yield params["task"]
