"""What can go wrong, told to a person: one class for each kind of the protocol.

`lsp/` maps these to response errors (code -32803, `data = {kind, hint}`) and
`cli/` to exit statuses. Anything else that is raised is a bug of ours.
Standard library only: the bridge and the client use it.
"""

from typing import ClassVar

__all__ = [
    "AgentMissing",
    "AgentlsError",
    "BranchExists",
    "Conflict",
    "DaemonRestarted",
    "DirtyCheckout",
    "GitFailed",
    "Internal",
    "InvalidParams",
    "InvalidState",
    "NoCommits",
    "NotARepository",
    "NotAllowed",
    "NotController",
    "SessionEnded",
    "StorageFull",
    "TargetMoved",
    "UnknownAgent",
    "UnknownTask",
    "Untrusted",
    "kinds",
]


class AgentlsError(Exception):
    """The root: `message` says what happened and what was kept, `hint` what to do."""

    kind: ClassVar[str] = "internal"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NotARepository(AgentlsError):
    """The folder is in no git repository with a work tree."""

    kind = "notARepository"


class NoCommits(AgentlsError):
    """The repository has no commit to begin from."""

    kind = "noCommits"


class UnknownTask(AgentlsError):
    """No task, or more than one, goes by that id."""

    kind = "unknownTask"


class UnknownAgent(AgentlsError):
    """No definition has that name."""

    kind = "unknownAgent"


class AgentMissing(AgentlsError):
    """The agent's program isn't installed."""

    kind = "agentMissing"


class BranchExists(AgentlsError):
    """The branch is there already, or checked out elsewhere."""

    kind = "branchExists"


class InvalidState(AgentlsError):
    """The task's state doesn't allow that."""

    kind = "invalidState"


class InvalidParams(AgentlsError):
    """The parameters are wrong; the message names which."""

    kind = "invalidParams"


class Untrusted(AgentlsError):
    """The repository wants to run something that nobody has trusted yet."""

    kind = "untrusted"


class Conflict(AgentlsError):
    """The change and the target conflict; nothing was changed."""

    kind = "conflict"


class TargetMoved(AgentlsError):
    """The target got other commits meanwhile; nothing was changed."""

    kind = "targetMoved"


class DirtyCheckout(AgentlsError):
    """Uncommitted changes of the user are in the way; nothing was changed."""

    kind = "dirtyCheckout"


class SessionEnded(AgentlsError):
    """The session runs no more."""

    kind = "sessionEnded"


class NotController(AgentlsError):
    """Another client controls the session."""

    kind = "notController"


class NotAllowed(AgentlsError):
    """An agent asked for what is left to persons; nothing was done."""

    kind = "notAllowed"


class StorageFull(AgentlsError):
    """The disk is full."""

    kind = "storageFull"


class GitFailed(AgentlsError):
    """Git ended with an error that none of the other kinds describes."""

    kind = "gitFailed"


class DaemonRestarted(AgentlsError):
    """The daemon went before it answered; it may or may not have done the work."""

    kind = "daemonRestarted"


class Internal(AgentlsError):
    """A bug of ours, or a client that meets an answer it doesn't understand."""

    kind = "internal"


def kinds() -> dict[str, type[AgentlsError]]:
    """Give every kind with its class, for clients that raise what they received."""
    own = (cls for cls in AgentlsError.__subclasses__() if "kind" in vars(cls))
    return {cls.kind: cls for cls in own}
