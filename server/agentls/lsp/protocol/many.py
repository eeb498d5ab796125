"""Many tasks at once: batches and races."""

import enum

import attrs

from agentls.lsp.protocol.changes import ChangesResult
from agentls.lsp.protocol.tasks import TaskInfo

__all__ = [
    "BatchFormat",
    "BatchItemInfo",
    "CompareTasksParams",
    "CompareTasksResult",
    "CreateTasksParams",
    "CreateTasksResult",
    "RaceParams",
    "RaceResult",
]


class BatchFormat(enum.StrEnum):
    """How a batch is written."""

    MARKDOWN = "markdown"
    """The open items of its checklists; what is nested in one belongs to it."""
    LINES = "lines"
    """A prompt a line; empty lines and those that begin with `#` count for nothing."""
    JSON = "json"
    """An array of prompts, or of objects with `prompt` and, as wanted, `title`,
    `agent`, `base`, `target`, `labels`, `key`, and `after`: other entries' keys or
    tasks' ids."""


@attrs.frozen(kw_only=True)
class CreateTasksParams:
    """A batch; what is said here holds for each of its tasks."""

    text: str | None = None
    """The batch itself; the content of `file` if absent."""
    file: str | None = None
    """The URI of the file that it stands in. Its items are known again by it: one
    that has a task already makes no other, and its box is ticked by the merge."""
    format: BatchFormat = BatchFormat.MARKDOWN
    uri: str | None = None
    """Any file or folder in the repository; `file`, else the client's only root, if
    absent."""
    lines: tuple[int, ...] = ()
    """Only the items that stand on these lines, from 1; all if there is none."""
    agent: str | None = None
    base: str | None = None
    target: str | None = None
    after: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    dry_run: bool = False
    """Only say what would be made."""
    ids: bool = False
    """Write the tasks' ids behind the items of the file."""


@attrs.frozen(kw_only=True)
class BatchItemInfo:
    """One entry of a batch."""

    line: int | None = None
    """Where it stands, from 1."""
    title: str
    prompt: str
    task: TaskInfo | None = None
    """Its task; absent in a dry run, but for one that it had before."""
    made: bool = False
    """It was made by this request."""


@attrs.frozen(kw_only=True)
class CreateTasksResult:
    """What became of each entry, in their order."""

    items: tuple[BatchItemInfo, ...]


@attrs.frozen(kw_only=True)
class RaceParams:
    """One prompt for several agents, or for several tries of one."""

    prompt: str
    agents: tuple[str, ...] = ()
    """The configured one if there is none; one may be named twice."""
    tries: int = 1
    """How many tasks each agent gets; at most 20 in all."""
    uri: str | None = None
    title: str | None = None
    base: str | None = None
    target: str | None = None
    after: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class RaceResult:
    """The tasks of the race, in the order of their agents."""

    tasks: tuple[TaskInfo, ...]


@attrs.frozen(kw_only=True)
class CompareTasksParams:
    """Two tasks of one repository; of the change between them as for `changes`."""

    task: str
    other: str
    paths: tuple[str, ...] = ()
    hunks: bool = False
    patch: bool = False
    limit: int = 1000
    more: str | None = None


@attrs.frozen(kw_only=True)
class CompareTasksResult:
    """Both tasks, and what leads from the first one's work to the other's."""

    task: TaskInfo
    other: TaskInfo
    changes: ChangesResult
