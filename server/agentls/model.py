"""The values that every package speaks of: tasks, sessions, their states.

They are what the store keeps and the protocol shows; what may happen to them
stands in `tasks/`. The words are those of docs/glossary.md.
"""

import enum
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NewType

import attrs

__all__ = [
    "AgentName",
    "Approval",
    "Asked",
    "AskedKind",
    "Base",
    "BaseKind",
    "CheckMode",
    "CheckOutcome",
    "CheckResult",
    "Checkpoint",
    "CommitId",
    "Exit",
    "Group",
    "GroupKind",
    "HunkId",
    "Item",
    "Lines",
    "Ports",
    "PullRequest",
    "PullState",
    "Resolve",
    "Session",
    "SessionId",
    "SessionKind",
    "State",
    "StatusSource",
    "Strategy",
    "Task",
    "TaskId",
    "Teardown",
    "Turn",
    "TurnSource",
    "Usage",
]

TaskId = NewType("TaskId", str)
SessionId = NewType("SessionId", str)
CommitId = NewType("CommitId", str)
AgentName = NewType("AgentName", str)
HunkId = NewType("HunkId", str)
"""16 hexadecimal digits, made of a hunk's path and content."""


class Approval(enum.StrEnum):
    """What an agent may do without asking; each allows more than the one before."""

    ASK = "ask"
    EDITS = "edits"
    ALL = "all"

    def at_most(self, other: "Approval | None") -> "Approval":
        """Give the lesser of the two; None limits nothing."""
        return min(self, other or self, key=tuple(Approval).index)


class State(enum.StrEnum):
    """Where a task stands; `tasks/states.py` says what leads where."""

    QUEUED = "queued"
    PREPARING = "preparing"
    WORKING = "working"
    WAITING = "waiting"
    CHECKING = "checking"
    REVIEW = "review"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    MERGED = "merged"
    DISCARDED = "discarded"


class StatusSource(enum.StrEnum):
    """What told that an agent works, waits or is done; the most certain first."""

    EVENT = "event"
    """Its own hook or notify setting."""
    EXIT = "exit"
    """How its program ended."""
    OSC = "osc"
    """A sequence for the terminal that it wrote."""
    TITLE = "title"
    """The title that it gave the terminal."""
    BELL = "bell"
    SCREEN = "screen"
    """What a pattern found on its screen."""
    SILENCE = "silence"
    """That it has written nothing for a while."""


class AskedKind(enum.StrEnum):
    """What an agent that waits wants."""

    PERMISSION = "permission"
    QUESTION = "question"
    TRUST = "trust"
    """Whether it may work in this folder at all: never answered by agentls."""
    TROUBLE = "trouble"
    """It can't go on: no quota, no login, no network."""
    OTHER = "other"


@attrs.frozen(kw_only=True)
class Asked:
    """What an agent waits for."""

    kind: AskedKind = AskedKind.OTHER
    text: str = ""
    """The question, or what it would do; one line."""
    tool: str = ""
    """What it wants to use, where it tells."""
    dialog: str = ""
    """The definition's name of the dialog that its screen shows; else empty."""
    choices: tuple[str, ...] = ()
    """What that dialog can be answered with."""
    takes_text: bool = False
    """Whether it can be answered in words."""


class BaseKind(enum.StrEnum):
    """What a task begins from."""

    REF = "ref"
    """A commit, by any name that git understands; the task gets a new branch."""

    BRANCH = "branch"
    """An existing branch that the task works on; it is never deleted."""

    ADOPTED = "adopted"
    """The branch of a worktree that somebody had made; both stay theirs."""

    WIP = "wip"
    """The user's checkout with its uncommitted changes, kept as a commit."""


class GroupKind(enum.StrEnum):
    """Why tasks belong together."""

    BATCH = "batch"
    """They were asked for at once."""

    RACE = "race"
    """They have one prompt, and one of them is to be merged."""


@attrs.frozen(kw_only=True)
class Group:
    """What a task was asked for together with."""

    kind: GroupKind
    id: str


@attrs.frozen(kw_only=True)
class Item:
    """The line of a checklist that a task is made of."""

    path: str
    """The file, from the repository's root."""
    text: str
    """The item's own text, without its box and what is nested in it."""


class Resolve(enum.StrEnum):
    """Who resolves the conflicts of an update."""

    EDITOR = "editor"
    """A person: they are left in the worktree as git leaves them."""

    AGENT = "agent"
    """The task's agent: the same, and it is told."""


class Strategy(enum.StrEnum):
    """How a task's work becomes commits on its target."""

    SQUASH = "squash"
    """One commit for all of it."""

    MERGE = "merge"
    """The agent's own commits, and a merge commit on top."""

    REBASE = "rebase"
    """The agent's commits one by one, each as a new commit on the target."""


@attrs.frozen(kw_only=True)
class Base:
    """Where a task begins: what was asked for, and the commit that it was."""

    kind: BaseKind
    name: str
    """As the user wrote it: `main`, `v1.2`, `branch:fix`, `pr:12`, `wip`, `task:ID`."""
    commit: CommitId

    @property
    def own_branch(self) -> bool:
        """Tell whether the task's branch was made for it, and may go with it."""
        return self.kind not in {BaseKind.BRANCH, BaseKind.ADOPTED}

    @property
    def on(self) -> TaskId | None:
        """Give the task whose state it is; None where it is no task's."""
        kind, _, rest = self.name.partition(":")
        return TaskId(rest) if kind == "task" and rest else None


@attrs.frozen(kw_only=True)
class Ports:
    """Ports one after the other, which one task has and no other that lives."""

    first: int
    count: int

    @property
    def last(self) -> int:
        """The last of them."""
        return self.first + self.count - 1

    def numbers(self) -> range:
        """Give each of them."""
        return range(self.first, self.first + self.count)

    def meets(self, other: "Ports") -> bool:
        """Tell whether they have one in common."""
        return self.first <= other.last and other.first <= self.last


class CheckMode(enum.StrEnum):
    """What a check's failure means."""

    BLOCK = "block"
    """It stands in the way of a merge."""

    INFORM = "inform"
    """It is shown."""


class CheckOutcome(enum.StrEnum):
    """Where a check stands."""

    WAITING = "waiting"
    """Its turn is still to come."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    TIMED_OUT = "timedOut"
    LOST = "lost"
    """It could not be started, or vanished without an exit status."""

    STOPPED = "stopped"
    SKIPPED = "skipped"
    """None of its paths was changed; or, the reviewer's, another check failed."""

    @property
    def over(self) -> bool:
        """Tell whether nothing more comes of it."""
        return self not in {CheckOutcome.WAITING, CheckOutcome.RUNNING}

    @property
    def bad(self) -> bool:
        """Tell whether it ran and didn't pass."""
        return self in {CheckOutcome.FAILED, CheckOutcome.TIMED_OUT, CheckOutcome.LOST}


@attrs.frozen(kw_only=True)
class CheckResult:
    """What came of one check of a task's present change."""

    name: str
    mode: CheckMode
    outcome: CheckOutcome
    seconds: float | None = None
    """How long it took."""
    session: SessionId | None = None
    """The session with its output; None before it runs, and if it was skipped."""


class PullState(enum.StrEnum):
    """How a pull request stands, as far as was asked."""

    NONE = "none"
    """The branch was pushed, and no request was made."""
    DRAFT = "draft"
    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


@attrs.frozen(kw_only=True)
class PullRequest:
    """A task's branch on a remote, and the pull or merge request made of it."""

    remote: str
    branch: str
    pushed: CommitId
    """What was pushed last."""
    url: str | None = None
    """The request's page; None as long as there is none."""
    state: PullState = PullState.NONE


class Teardown(enum.StrEnum):
    """How it stands with what a task's worktree leaves running."""

    DUE = "due"
    """It is to be ended, or that is under way."""

    DONE = "done"
    FAILED = "failed"


@attrs.frozen(kw_only=True)
class Task:
    """What a person asked for, and where it stands."""

    id: TaskId
    number: int
    """Counts up for the user; orders the queue and names the worktree's folder."""
    repository: Path
    """The top folder of the user's checkout."""
    title: str
    prompt: str
    agent: AgentName
    chosen: str = ""
    """Why it is given to this agent, if that was chosen by itself; one sentence."""
    labels: tuple[str, ...] = ()
    """What a person filed it under: lists and routes go by them."""
    base: Base
    target: str
    """The short name of the branch it merges into."""
    branch: str
    worktree: Path
    state: State
    why: str = ""
    """One sentence for failed, waiting and interrupted, and for a stop."""
    source: StatusSource | None = None
    """What told its state; None where agentls itself brought it there."""
    asked: Asked | None = None
    """What its agent waits for; only in `waiting`."""
    quiet_since: datetime | None = None
    """Since when its working agent has written nothing, if that is long."""
    moved: datetime | None = None
    """When it came to its present state."""
    worked: float = 0.0
    """Seconds in `working` before that, and in `waiting`:"""
    waited: float = 0.0
    created: datetime
    changed: datetime
    open_update: bool = False
    """An update left conflicts in its worktree that are to be resolved."""
    prepared: CommitId | None = None
    """The checkpoint of what `copy` and `setup` made: no part of the change."""
    merged_commit: CommitId | None = None
    merged_from: CommitId | None = None
    """Where the target stood before the merge."""
    pull_request: PullRequest | None = None
    """Its branch on a remote, and the request made of it."""
    looked: CommitId | None = None
    """The checkpoint that the person has looked at last."""
    files: int | None = None
    """How many files the change had at the last checkpoint, and its lines:"""
    added: int | None = None
    deleted: int | None = None
    checks: tuple[CheckResult, ...] = ()
    """What came of each of its checks, the last time that they ran."""
    checked: str | None = None
    """Stands for the state and the checks of that time."""
    kept_tip: CommitId | None = None
    """Where its branch stood when it was discarded."""
    conversation: str | None = None
    """The agent's own id of the conversation, for resume."""
    after: tuple[TaskId, ...] = ()
    """The tasks that must be merged before it begins."""
    priority: int = 0
    """Of two queued tasks the one with the greater begins first."""
    environment: Mapping[str, str] = attrs.field(factory=dict[str, str])
    """What the asking client's terminal offers, such as SSH_AUTH_SOCK."""
    ports: Ports | None = None
    """Its own while it lives, from the first time that something is run for it;
    afterwards those that it had."""
    teardown: Teardown | None = None
    """None as long as something may still be begun for it."""
    group: Group | None = None
    item: Item | None = None
    """Its box is ticked by the merge."""
    lost_to: TaskId | None = None
    """The task of its race that was merged, for which it was discarded."""
    parent: TaskId | None = None
    """The task whose agent handed it out, or below which a person put it."""
    approval: Approval | None = None
    """What its agent may do at most without asking, whatever the config says; set for
    what an agent handed out, and for nothing else."""
    rev: int
    """Grows with every change in the store; a client drops what is older."""


class SessionKind(enum.StrEnum):
    """What runs in a session."""

    SETUP = "setup"
    AGENT = "agent"
    CHECK = "check"
    REVIEWER = "reviewer"
    """An agent that looks at another one's change."""
    TRAIN = "train"
    """A check of a train, in the train's own worktree; the task is its last one."""

    SCRIPT = "script"
    """What a person had run in the worktree."""

    TEARDOWN = "teardown"


@attrs.frozen(kw_only=True)
class Exit:
    """How a session's program ended: a status or a signal."""

    status: int | None
    signal: int | None
    ended: datetime

    @property
    def ok(self) -> bool:
        """Tell whether it ended by itself with status 0."""
        return self.status == 0

    def describe(self) -> str:
        """Say it in a few words."""
        return f"signal {self.signal}" if self.signal else f"exit status {self.status}"


@attrs.frozen(kw_only=True)
class Session:
    """One run of a program in a terminal, for a task."""

    id: SessionId
    task: TaskId
    kind: SessionKind
    title: str
    """What a person sees: the agent's name, or the command of a setup."""
    started: datetime
    exit: Exit | None = None
    lost: bool = False
    """It vanished without leaving an exit status (a killed shim, a reboot)."""
    heard: int = 0
    """How many of its agent's events were taken up."""
    watched: int = 0
    """Up to which offset of its output its agent's signals were taken up."""

    @property
    def live(self) -> bool:
        """Tell whether it may still run."""
        return self.exit is None and not self.lost


class TurnSource(enum.StrEnum):
    """How an agent came to a prompt."""

    CREATE = "create"
    PROMPT = "prompt"
    RESUME = "resume"
    RETRY = "retry"
    REVIEW = "review"
    """The open comments and decisions of a person who reviewed."""

    TERMINAL = "terminal"
    """Typed into its terminal, past agentls: the prompt may not be known."""

    UPDATE = "update"
    """To resolve the conflicts of an update."""


@attrs.frozen(kw_only=True)
class Turn:
    """From a prompt to the agent's rest."""

    task: TaskId
    number: int
    """Counts from 1 in each task."""
    prompt: str
    """What came while it lasted stands in it too, with an empty line between."""
    source: TurnSource
    begun: datetime
    ended: datetime | None = None
    said: str = ""
    """What the agent said last, where it tells; else empty."""


@attrs.frozen(kw_only=True)
class Lines:
    """A range of lines, both ends in it; they count from 1."""

    first: int
    last: int

    def __contains__(self, line: int) -> bool:
        """Tell whether a line is in the range."""
        return self.first <= line <= self.last


@attrs.frozen(kw_only=True)
class Checkpoint:
    """A saved state of a task's worktree."""

    task: TaskId
    number: int
    """Counts from 1 in each task."""
    commit: CommitId
    """Its tree is the files; its parents reach all else that was there."""
    tree: str
    base: CommitId
    """The task's base at that time."""
    began: Base | None = None
    """The same, with what it was; None of one that was taken before that was kept."""
    prepared: CommitId | None = None
    """What `copy` and `setup` had made, as the task's own at that time."""
    head: CommitId | None
    """The commit that the worktree was on; None on a branch without any."""
    branch: str | None
    """The branch that it was on; None for a detached head."""
    staged: CommitId | None = None
    """Holds what was staged and neither committed nor in the files, if anything."""
    files: int
    """How many files the change had, and its lines:"""
    added: int
    deleted: int
    reason: str
    turn: int | None = None
    """The turn that was the last one to begin."""
    taken: datetime
    skipped: tuple[str, ...] = ()
    """What was in the worktree and isn't in the tree, each with the reason."""


@attrs.frozen(kw_only=True)
class Usage:
    """What an agent used of its model, as it tells."""

    input: int = 0
    """Tokens that the model read, those from a cache among them."""
    output: int = 0
    cached: int = 0
    cost: float | None = None
    """US dollars; None where the agent doesn't tell."""

    def __add__(self, other: "Usage") -> "Usage":
        known = [one.cost for one in (self, other) if one.cost is not None]
        return Usage(
            input=self.input + other.input,
            output=self.output + other.output,
            cached=self.cached + other.cached,
            cost=sum(known) if known else None,
        )
