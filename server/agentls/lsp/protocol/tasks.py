"""Tasks: how a client asks for them, and how it shows them."""

import attrs

from agentls.lsp.protocol.forecast import ForecastInfo

__all__ = [
    "AdoptParams",
    "AskedInfo",
    "BaseInfo",
    "CheckInfo",
    "CreateTaskParams",
    "DiscardTaskParams",
    "Empty",
    "ExitInfo",
    "GroupInfo",
    "ListTasksParams",
    "ListTasksResult",
    "PortsInfo",
    "PullRequestInfo",
    "ResumeTaskParams",
    "SendPromptParams",
    "SessionInfo",
    "TaskChangedParams",
    "TaskInfo",
    "TaskParams",
    "TaskRemovedParams",
    "TaskResult",
    "UsageInfo",
]


@attrs.frozen(kw_only=True)
class Empty:
    """Nothing."""


@attrs.frozen(kw_only=True)
class BaseInfo:
    """Where a task began."""

    kind: str
    """`ref`, `branch` (an existing branch that it works on), `adopted` (a worktree
    that was there before) or `wip`."""
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
    """`setup`, `agent`, `check`, `reviewer`, `script`, `teardown` or `train` (a check
    of a train that ends with this task, in a worktree of its own)."""
    title: str
    live: bool
    started: str
    """UTC, ISO 8601."""
    exit: ExitInfo | None = None
    lost: bool = False
    """It vanished without an exit status: a reboot, or its shim was killed."""


@attrs.frozen(kw_only=True)
class CheckInfo:
    """What came of one check, the last time that it ran."""

    name: str
    """As in the config; `reviewer` is the reviewing agent."""
    mode: str
    """`block` (a failure stands in the way of a merge) or `inform`."""
    outcome: str
    """`waiting`, `running`, `passed`, `failed`, `timedOut`, `lost`, `stopped`, or
    `skipped` (none of its paths was changed; the reviewer's: a check failed)."""
    seconds: float | None = None
    session: str | None = None
    """The session with its output."""


@attrs.frozen(kw_only=True)
class PullRequestInfo:
    """A task's branch on a remote, and the pull or merge request made of it."""

    remote: str
    branch: str
    pushed: str
    """The commit that was pushed last."""
    url: str | None = None
    """The request's page; absent as long as there is none."""
    state: str
    """`none` (no request), `draft`, `open`, `merged`, `closed`: when it was asked."""


@attrs.frozen(kw_only=True)
class AskedInfo:
    """What an agent waits for."""

    kind: str
    """`permission`, `question`, `trust` (of the folder: a person answers it in its
    terminal), `trouble` (no quota, no login, …) or `other`."""
    text: str = ""
    """The question, or what it would do."""
    tool: str = ""
    """What it wants to use, where it tells."""
    choices: tuple[str, ...] = ()
    """What `respond` can answer with now: `allow`, `deny`, …"""
    takes_text: bool = False
    """Whether `respond` can answer in words."""


@attrs.frozen(kw_only=True)
class GroupInfo:
    """Tasks that belong together."""

    kind: str
    """`batch` (asked for at once) or `race` (one of them is to be merged)."""
    id: str
    """The same for all of them."""


@attrs.frozen(kw_only=True)
class PortsInfo:
    """Ports that a task has to itself, one after the other."""

    first: int
    """`AGENTLS_PORT_BASE` of all that runs for it."""
    count: int


@attrs.frozen(kw_only=True)
class TaskInfo:
    """A task as clients show it."""

    id: str
    number: int
    """Counts up; the order in which tasks were asked for."""
    title: str
    agent: str
    chosen: str = ""
    """Why it was given to that agent, if that was chosen by itself; one sentence."""
    labels: tuple[str, ...] = ()
    """What it is filed under."""
    state: str
    """See the states in docs/glossary.md."""
    why: str = ""
    """One sentence for failed, waiting and interrupted, after a stop, and what a queued
    task waits for."""
    source: str | None = None
    """What told the state: `event` (its hook or notify), `exit`, `osc` (a terminal
    sequence), `title`, `bell`, `screen` or `silence`; absent: agentls itself."""
    asked: AskedInfo | None = None
    """What its agent waits for; only in `waiting`."""
    quiet_since: str | None = None
    """Since when its working agent has written nothing; absent below 40 s."""
    repository: str
    """The URI of the user's checkout."""
    worktree: str
    """The URI of the task's worktree; there while the task isn't discarded."""
    branch: str
    base: BaseInfo
    on: str | None = None
    """The task that it stands on: it began from that one's state, follows it, and is
    merged after it."""
    target: str
    """The branch that it merges into."""
    after: tuple[str, ...] = ()
    """The tasks that must be merged before it begins."""
    priority: int = 0
    """Of two queued tasks the one with the greater begins first."""
    created: str
    changed: str
    open_update: bool = False
    """An update left conflicts that wait in its worktree: the next one ends it once
    they are resolved, and an abort takes it back."""
    merged_commit: str | None = None
    files: int | None = None
    """How many files it has changed, as of its last checkpoint; absent before."""
    added: int | None = None
    """Lines, as `deleted`; binary files have none."""
    deleted: int | None = None
    forecast: ForecastInfo | None = None
    """What it would conflict with; absent before its first checkpoint was looked at,
    and when it is open no more. News come by `agentls/forecastChanged`."""
    pull_request: PullRequestInfo | None = None
    """Absent as long as its branch wasn't pushed."""
    sessions: tuple[SessionInfo, ...] = ()
    """In the order in which they began; the last `setup` or `agent` is the present
    one, that is attached to when none is named."""
    checks: tuple[CheckInfo, ...] = ()
    """In the order in which they run."""
    ports: PortsInfo | None = None
    """Absent before anything was run for it, and when it is merged or discarded."""
    group: GroupInfo | None = None
    """What it was asked for together with."""
    lost_to: str | None = None
    """The task of its race that was merged, for which it was discarded."""
    parent: str | None = None
    """The task whose agent handed it out, or below which a person put it. It may be
    listed no more."""
    approval: str | None = None
    """`ask`, `edits` or `all`: what its agent may do at most without asking. Absent
    for what a person asked for, where the configuration alone decides."""
    rev: int
    """Grows with every change of any task: drop what is older than you have."""


@attrs.frozen(kw_only=True)
class TaskParams:
    """Names a task."""

    task: str
    """A task's id, or a beginning of it that no other task shares."""


@attrs.frozen(kw_only=True)
class UsageInfo:
    """What a task took so far."""

    turns: int
    worked: float
    """Seconds in which its agent worked."""
    waited: float
    """Seconds in which its agent waited for an answer."""
    input: int | None = None
    """Tokens that the model read, the cached ones too; absent, as the others, where
    the agent doesn't tell."""
    output: int | None = None
    """Tokens that the model wrote."""
    cached: int | None = None
    """Tokens of `input` that came from a cache."""
    cost: float | None = None
    """US dollars."""


@attrs.frozen(kw_only=True)
class TaskResult:
    """A task, with its prompt."""

    task: TaskInfo
    prompt: str = ""
    usage: UsageInfo | None = None
    """With `getTask` alone."""


@attrs.frozen(kw_only=True)
class CreateTaskParams:
    """What a person asks for."""

    prompt: str
    """At most 100 KiB, no NUL; with a template, what comes after its text, if any."""
    template: str | None = None
    """The name of a template, whose text is the prompt."""
    fields: dict[str, str] | None = None
    """What goes into the template's fields."""
    uri: str | None = None
    """Any file or folder in the repository; the client's only root if absent."""
    agent: str | None = None
    """The configured agent if absent, else the first real one installed."""
    title: str | None = None
    """The first line of the prompt if absent."""
    base: str | None = None
    """Any ref, `branch:NAME` (work on that branch), `pr:NUMBER` (of `origin`, or the
    only remote), `task:ID` or `wip`; HEAD if absent."""
    target: str | None = None
    """The configured target if absent, else the branch checked out now."""
    branch: str | None = None
    """The new branch's name; made from the title if absent."""
    after: tuple[str, ...] = ()
    """Tasks that must be merged before it begins; it begins from the target then, so
    `base` must be absent."""
    priority: int = 0
    """-1000 to 1000: the greater begins first."""
    labels: tuple[str, ...] = ()
    """What to file it under: lists and the configuration's routes go by them. At most
    20, each up to 50 characters on one line, without a comma."""
    parent: str | None = None
    """A task of the same repository below which it stands. An agent leaves it out: what
    it asks for stands below its own task."""
    wait: bool = True
    """Answer when its agent runs; else as soon as the task is kept."""


@attrs.frozen(kw_only=True)
class AdoptParams:
    """A worktree that is there already, and becomes a task."""

    uri: str
    """Any file or folder in it."""
    title: str | None = None
    """The branch's name if absent."""
    prompt: str | None = None
    """What an agent is to do there; without it the task is ready for review."""
    agent: str | None = None
    target: str | None = None


@attrs.frozen(kw_only=True)
class ListTasksParams:
    """Which tasks to list."""

    uri: str | None = None
    """Only those of the repository that holds this file or folder."""
    discarded: bool = False
    """Discarded ones too."""
    labels: tuple[str, ...] = ()
    """Only those that have all of these labels."""


@attrs.frozen(kw_only=True)
class ListTasksResult:
    """The tasks, in the order in which they were asked for."""

    rev: int
    tasks: tuple[TaskInfo, ...]
    paused: bool = False
    """Nothing that is queued begins; news come by `agentls/queueChanged`."""


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
class DiscardTaskParams:
    """What to discard; its agent is stopped and its work kept."""

    task: str


@attrs.frozen(kw_only=True)
class TaskChangedParams:
    """A task is new or has changed."""

    task: TaskInfo


@attrs.frozen(kw_only=True)
class TaskRemovedParams:
    """A task is no more: its creation was cancelled."""

    task: str
    rev: int
