r"""The wire types of agentls' own commands and notifications: the one source.

On the wire names are camelCase and absent fields are left out, never null.
`docs/protocol.md` is generated from here and from the registry of commands.
Paths are strings; a file name that isn't UTF-8 keeps its odd bytes as lone
surrogates `\udcNN` in the JSON, as Python's `os.fsdecode` gives them.
"""

import enum

import attrs

__all__ = [
    "AckParams",
    "AgentInfo",
    "AttachParams",
    "AttachResult",
    "BaseInfo",
    "ChangesParams",
    "ChangesResult",
    "ControllerChangedParams",
    "CreateTaskParams",
    "DetachParams",
    "DiscardTaskParams",
    "DoctorFinding",
    "DoctorParams",
    "DoctorResult",
    "Empty",
    "ExitInfo",
    "FileInfo",
    "FileStatus",
    "GcItem",
    "GcParams",
    "GcResult",
    "HookEventParams",
    "InputParams",
    "ListAgentsParams",
    "ListAgentsResult",
    "ListTasksParams",
    "ListTasksResult",
    "LogHit",
    "MergeTaskParams",
    "MergeTaskResult",
    "OutputParams",
    "PeekParams",
    "PeekResult",
    "ReconnectedParams",
    "ResizeParams",
    "ResizedParams",
    "ResumeTaskParams",
    "SearchLogsParams",
    "SearchLogsResult",
    "SendPromptParams",
    "SessionEndedParams",
    "SessionInfo",
    "Span",
    "TaskChangedParams",
    "TaskInfo",
    "TaskParams",
    "TaskRemovedParams",
    "TaskResult",
    "TrustDecision",
    "TrustItemInfo",
    "TrustParams",
    "TrustResult",
]


@attrs.frozen(kw_only=True)
class Empty:
    """Nothing."""


@attrs.frozen(kw_only=True)
class BaseInfo:
    """Where a task began."""

    kind: str
    """`ref`, `branch` (an existing branch that it works on) or `wip`."""
    name: str
    """As it was asked for."""
    commit: str
    """The commit that it was then; changes are told against it."""


@attrs.frozen(kw_only=True)
class ExitInfo:
    """How a session's program ended."""

    status: int | None = None
    signal: int | None = None
    ended: str
    """UTC, ISO 8601."""


@attrs.frozen(kw_only=True)
class SessionInfo:
    """One run of a program in a terminal."""

    id: str
    kind: str
    """`setup` or `agent`."""
    title: str
    live: bool
    started: str
    """UTC, ISO 8601."""
    exit: ExitInfo | None = None
    lost: bool = False
    """It vanished without an exit status: a reboot, or its shim was killed."""


@attrs.frozen(kw_only=True)
class TaskInfo:
    """A task as clients show it."""

    id: str
    number: int
    """Counts up; the order in which tasks were asked for."""
    title: str
    agent: str
    state: str
    """See the states in docs/glossary.md."""
    why: str = ""
    """One sentence for failed, waiting and interrupted, and after a stop."""
    repository: str
    """The URI of the user's checkout."""
    worktree: str
    """The URI of the task's worktree; there while the task isn't discarded."""
    branch: str
    base: BaseInfo
    target: str
    """The branch that it merges into."""
    created: str
    changed: str
    merged_commit: str | None = None
    sessions: tuple[SessionInfo, ...] = ()
    """In the order in which they began; the last one is the present one."""
    rev: int
    """Grows with every change of any task: drop what is older than you have."""


@attrs.frozen(kw_only=True)
class TaskParams:
    """Names a task."""

    task: str
    """A task's id, or a beginning of it that no other task shares."""


@attrs.frozen(kw_only=True)
class TaskResult:
    """A task, with its prompt."""

    task: TaskInfo
    prompt: str = ""


@attrs.frozen(kw_only=True)
class CreateTaskParams:
    """What a person asks for."""

    prompt: str
    """At most 100 KiB, no NUL."""
    uri: str | None = None
    """Any file or folder in the repository; the client's only root if absent."""
    agent: str | None = None
    """The configured agent if absent, else the first real one installed."""
    title: str | None = None
    """The first line of the prompt if absent."""
    base: str | None = None
    """Any ref, `branch:NAME` (work on that branch) or `wip`; HEAD if absent."""
    target: str | None = None
    """The configured target if absent, else the branch checked out now."""
    branch: str | None = None
    """The new branch's name; made from the title if absent."""


@attrs.frozen(kw_only=True)
class ListTasksParams:
    """Which tasks to list."""

    uri: str | None = None
    """Only those of the repository that holds this file or folder."""
    discarded: bool = False
    """Discarded ones too."""


@attrs.frozen(kw_only=True)
class ListTasksResult:
    """The tasks, in the order in which they were asked for."""

    rev: int
    tasks: tuple[TaskInfo, ...]


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
class SearchLogsParams:
    """What to look for in the output of sessions."""

    pattern: str
    """A regular expression, as Python's `re` takes it, matched line by line."""
    fixed: bool = False
    """The pattern is text and no expression."""
    ignore_case: bool = False
    tasks: tuple[str, ...] | None = None
    """The tasks whose sessions are meant; all if absent."""
    limit: int = 200
    """Hits in one answer, 1 to 1000."""
    more: str | None = None
    """The `more` of the answer before, to go on behind it."""


@attrs.frozen(kw_only=True)
class Span:
    """A part of a text, in UTF-16 code units."""

    begin: int
    end: int


@attrs.frozen(kw_only=True)
class LogHit:
    """A line of a session's output that matches."""

    task: str
    session: str
    offset: int
    """The byte of the log at which it begins."""
    line: int
    """Counted from 1, among the lines that are kept."""
    text: str
    """Without escape sequences; of a very long line the part with the first match."""
    spans: tuple[Span, ...]
    """Where it matches."""


@attrs.frozen(kw_only=True)
class SearchLogsResult:
    """One page of what was found, the newest session first."""

    hits: tuple[LogHit, ...]
    more: str | None = None
    """Give it with the next request, where there is more."""


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
class DetachParams:
    """What to watch no more."""

    session: str


@attrs.frozen(kw_only=True)
class SendPromptParams:
    """What to tell the agent."""

    task: str
    text: str


@attrs.frozen(kw_only=True)
class ResumeTaskParams:
    """Whose conversation to go on with."""

    task: str
    text: str | None = None
    """What to tell the agent; that it was interrupted and goes on, if absent."""


@attrs.frozen(kw_only=True)
class ChangesParams:
    """Whose change to list."""

    task: str
    patch: bool = False
    """The text of the diff too."""


class FileStatus(enum.StrEnum):
    """What became of a file."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"
    COPIED = "copied"
    TYPE_CHANGED = "typeChanged"


@attrs.frozen(kw_only=True)
class FileInfo:
    """One file of a change."""

    path: str
    old_path: str | None = None
    status: FileStatus
    added: int | None = None
    """Lines; absent for a binary file."""
    deleted: int | None = None
    binary: bool = False
    old_mode: str | None = None
    new_mode: str | None = None
    base_uri: str | None = None
    """The `agentls:` document of the base side; absent for an added file."""
    uri: str | None = None
    """The real file in the worktree; absent for a deleted one."""


@attrs.frozen(kw_only=True)
class ChangesResult:
    """A task's change: from its base to its worktree now."""

    task: str
    base: str
    files: tuple[FileInfo, ...]
    added: int
    deleted: int
    skipped: tuple[str, ...] = ()
    """What no checkpoint stores, each with the reason; kept on disk."""
    patch: str | None = None


@attrs.frozen(kw_only=True)
class MergeTaskParams:
    """What to merge."""

    task: str
    message: str | None = None
    """The commit's message; made from the title if absent."""
    stop: bool = False
    """Stop an agent that still works, instead of refusing."""


@attrs.frozen(kw_only=True)
class MergeTaskResult:
    """What the target got."""

    task: TaskInfo
    commit: str
    checkout: str | None = None
    """The URI of the checkout that was brought forward, if one has the target."""


@attrs.frozen(kw_only=True)
class DiscardTaskParams:
    """What to discard; its agent is stopped and its work kept."""

    task: str


@attrs.frozen(kw_only=True)
class ListAgentsParams:
    """For which repository: it may configure agents."""

    uri: str | None = None


@attrs.frozen(kw_only=True)
class AgentInfo:
    """One agent that can be named."""

    name: str
    title: str
    installed: bool
    path: str | None = None
    version: str | None = None
    default: bool = False
    hint: str = ""
    """How to install it."""


@attrs.frozen(kw_only=True)
class ListAgentsResult:
    """The agents, by name."""

    agents: tuple[AgentInfo, ...]


class TrustDecision(enum.StrEnum):
    """What to do about the texts that the repository would run."""

    SHOW = "show"
    ALLOW = "allow"
    DENY = "deny"


@attrs.frozen(kw_only=True)
class TrustParams:
    """Which repository, and the decision."""

    uri: str | None = None
    decision: TrustDecision = TrustDecision.SHOW
    digests: tuple[str, ...] | None = None
    """Decide about these texts only, so that nothing unseen is allowed."""


@attrs.frozen(kw_only=True)
class TrustItemInfo:
    """One text that the repository would run."""

    kind: str
    """`config` or `filter`."""
    name: str
    text: str
    digest: str
    decision: str
    """`allowed`, `denied` or `undecided`."""


@attrs.frozen(kw_only=True)
class TrustResult:
    """All of the repository's texts with their decisions as they are now."""

    repository: str
    items: tuple[TrustItemInfo, ...]


@attrs.frozen(kw_only=True)
class DoctorParams:
    """For which repository to look; none if absent."""

    uri: str | None = None


@attrs.frozen(kw_only=True)
class DoctorFinding:
    """One thing that was looked at."""

    name: str
    ok: bool
    message: str
    hint: str = ""


@attrs.frozen(kw_only=True)
class DoctorResult:
    """What the daemon found about itself and the repository."""

    findings: tuple[DoctorFinding, ...]


@attrs.frozen(kw_only=True)
class GcParams:
    """Whether to do it."""

    apply: bool = False
    """Do what is due; without it, only tell."""


@attrs.frozen(kw_only=True)
class GcItem:
    """One thing that is due, or was done."""

    what: str
    """`compressLog` or `dropLog`; later versions know more."""
    session: str
    task: str
    size: int
    """Bytes that it takes before."""
    frees: int
    """Bytes that this frees: a guess before, the truth when it was done."""


@attrs.frozen(kw_only=True)
class GcResult:
    """What is due, or what was done."""

    items: tuple[GcItem, ...]
    applied: bool


@attrs.frozen(kw_only=True)
class TaskChangedParams:
    """A task is new or has changed."""

    task: TaskInfo


@attrs.frozen(kw_only=True)
class TaskRemovedParams:
    """A task is no more: its creation was cancelled."""

    task: str
    rev: int


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
