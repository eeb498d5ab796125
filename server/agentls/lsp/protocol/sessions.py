"""Sessions: watching, typing, resizing, and the connection itself."""

import attrs

from agentls.lsp.protocol.tasks import ExitInfo

__all__ = [
    "AckParams",
    "AttachParams",
    "AttachResult",
    "ControllerChangedParams",
    "DetachParams",
    "HookEventParams",
    "InputParams",
    "OutputParams",
    "PeekParams",
    "PeekResult",
    "ReconnectedParams",
    "ResizeParams",
    "ResizedParams",
    "SessionEndedParams",
]


@attrs.frozen(kw_only=True)
class AttachParams:
    """What to watch, and from where."""

    task: str | None = None
    """The task whose present session is meant; or name the session."""
    session: str | None = None
    offset: int | None = None
    """A byte of the log to begin at; its first kept byte if absent."""
    repaint: bool = False
    """It is for a terminal: begin with the screen as it is now, instead of the log,
    unless the log holds `offset`; and when the terminal lags far behind, give it the
    screen instead of all that it missed."""
    window: int = 1 << 20
    """Bytes that may be on their way before an `ack` is needed."""
    control: bool = False
    """Type and resize from here; whoever did before is told."""
    rows: int | None = None
    cols: int | None = None


@attrs.frozen(kw_only=True)
class AttachResult:
    """The session as it stands; `agentls/output` goes on from `offset`."""

    session: str
    offset: int
    """Where the output that follows begins."""
    first: int
    """The first byte of the log that is still kept."""
    size: int
    """How long the log is now."""
    rows: int
    cols: int
    live: bool
    controller: bool
    repaint: str | None = None
    """What draws the screen as it is at `offset`; for an emulator of rows and cols."""


@attrs.frozen(kw_only=True)
class DetachParams:
    """What to watch no more."""

    session: str


@attrs.frozen(kw_only=True)
class PeekParams:
    """Whose screen to read: a task's, of its present session, or a session's."""

    task: str | None = None
    session: str | None = None


@attrs.frozen(kw_only=True)
class PeekResult:
    """What a person would read on a session's screen; nothing is attached."""

    session: str
    offset: int
    """How far the log was read."""
    lines: tuple[str, ...]
    """The screen's lines from the top, without the blanks at their ends."""
    title: str = ""
    """The title that the program has given its terminal."""


@attrs.frozen(kw_only=True)
class OutputParams:
    """A piece of a session's log."""

    session: str
    offset: int
    """Of its first byte."""
    end: int
    """Of the byte after its last; what `ack` takes."""
    text: str | None = None
    """The piece, where it is UTF-8;"""
    base64: str | None = None
    """else here."""
    gap: str | None = None
    """Why the bytes from `offset` to `end` could not be kept; then there is no text."""
    repaint: str | None = None
    """In place of the bytes from `offset` to `end`, what draws the screen as it is at
    `end`: for a client that attached with `repaint` and lags far behind."""
    rows: int | None = None
    """With `repaint`: the terminal's size there."""
    cols: int | None = None


@attrs.frozen(kw_only=True)
class SessionEndedParams:
    """A session's program ended; sent to every client, after its last output."""

    session: str
    task: str
    exit: ExitInfo | None = None
    """Absent when it vanished."""


@attrs.frozen(kw_only=True)
class ControllerChangedParams:
    """Who may type and resize now; sent to all that are attached to the session."""

    session: str
    you: bool
    held: bool
    """Whether anybody has control."""


@attrs.frozen(kw_only=True)
class ResizedParams:
    """The size of a session's terminal; sent to all that are attached to it."""

    session: str
    rows: int
    cols: int


@attrs.frozen(kw_only=True)
class ReconnectedParams:
    """The bridge found another daemon: list and attach again from your offsets."""

    generation: int
    """Counts the daemons of this connection, from 1."""


@attrs.frozen(kw_only=True)
class InputParams:
    """What was typed; for the controller."""

    session: str
    text: str | None = None
    base64: str | None = None


@attrs.frozen(kw_only=True)
class ResizeParams:
    """The terminal's new size; for the controller."""

    session: str
    rows: int
    cols: int


@attrs.frozen(kw_only=True)
class AckParams:
    """What was drawn: gives room in the window."""

    session: str
    end: int


@attrs.frozen(kw_only=True)
class HookEventParams:
    """An agent's hook wrote an event to its session's file."""

    session: str
