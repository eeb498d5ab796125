"""Who may type into a session and resize it: one controller each, others watch."""

from collections import defaultdict
from collections.abc import Hashable
from typing import Protocol

from agentls.model import SessionId

__all__ = ["Controller", "Controllers"]


_ECHO_SECONDS = 0.25
"""How long after a key its echo is waited for."""


class Controller(Hashable, Protocol):
    """Somebody who watches a session and may control it."""

    def controller_changed(self, session: SessionId, *, you: bool, held: bool) -> None:
        """Hear whether it is you who controls the session now, or anybody."""
        ...

    def resized(self, session: SessionId, *, rows: int, cols: int) -> None:
        """Hear that the session's terminal has another size."""
        ...


class Controllers:
    """The present controller of each session: the last to ask.

    A hand-over and another size are told to all that have joined the session.
    """

    def __init__(self) -> None:
        self._holders: dict[SessionId, Controller] = {}
        self._joined: defaultdict[SessionId, set[Controller]] = defaultdict(set)
        self._typed_in: SessionId | None = None
        self._typed_at = 0.0

    def join(self, session: SessionId, who: Controller) -> None:
        """Tell `who` from now on what happens to the session."""
        self._joined[session].add(who)

    def take(self, session: SessionId, by: Controller) -> None:
        """Make `by` the controller."""
        before = self._holders.get(session)
        self._holders[session] = by
        if before is not by:
            self._tell(session)

    def may_type(self, session: SessionId, by: Controller) -> bool:
        """Tell whether `by` is the controller; one that nobody has, it becomes."""
        if session not in self._holders:
            self.take(session, by)
        return self._holders[session] is by

    def typed(self, session: SessionId, *, now: float) -> None:
        """Take note that somebody has typed and waits for the echo."""
        self._typed_in, self._typed_at = session, now

    def gives_way(self, session: SessionId, *, now: float) -> bool:
        """Tell whether a flood of this session must let another's echo pass."""
        return now < self._typed_at + _ECHO_SECONDS and session != self._typed_in

    def leave(self, session: SessionId, who: Controller) -> None:
        """Give the session up, and hear of it no more."""
        if joined := self._joined.get(session):
            joined.discard(who)
        if not joined:
            self._joined.pop(session, None)
        if self._holders.get(session) is who:
            del self._holders[session]
            self._tell(session)

    def leave_all(self, who: Controller) -> None:
        """Give everything up that `who` has or hears of."""
        for session in [name for name, joined in self._joined.items() if who in joined]:
            self.leave(session, who)

    def resized(self, session: SessionId, rows: int, cols: int) -> None:
        """Tell all that the session's terminal has another size."""
        for one in tuple(self._joined.get(session, ())):
            one.resized(session, rows=rows, cols=cols)

    def _tell(self, session: SessionId) -> None:
        holder = self._holders.get(session)
        for one in tuple(self._joined.get(session, ())):
            one.controller_changed(session, you=one is holder, held=holder is not None)
