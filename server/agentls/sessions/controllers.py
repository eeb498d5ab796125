"""Who may type into a session and resize it: one controller each, others watch."""

from collections.abc import Hashable
from typing import Protocol

from agentls.model import SessionId

__all__ = ["Controller", "Controllers"]


class Controller(Hashable, Protocol):
    """Somebody who can control a session, and wants to know when that changes."""

    def controller_changed(self, session: SessionId, *, you: bool) -> None:
        """Hear who controls the session now."""
        ...


class Controllers:
    """The present controller of each session: the last to ask."""

    def __init__(self) -> None:
        self._holders: dict[SessionId, Controller] = {}

    def take(self, session: SessionId, by: Controller) -> None:
        """Make `by` the controller; the one before is told."""
        before = self._holders.get(session)
        self._holders[session] = by
        if before is not None and before is not by:
            before.controller_changed(session, you=False)

    def may_type(self, session: SessionId, by: Controller) -> bool:
        """Tell whether `by` is the controller; nobody's session is taken by typing."""
        return self._holders.setdefault(session, by) is by

    def release(self, session: SessionId, by: Controller) -> None:
        """Give the session up, if `by` has it."""
        if self._holders.get(session) is by:
            del self._holders[session]

    def release_all(self, by: Controller) -> None:
        """Give everything up that `by` has."""
        for session in [name for name, who in self._holders.items() if who is by]:
            del self._holders[session]
