"""Scripts that a person has run in a task's worktree."""

import attrs

from agentls.lsp.protocol.tasks import SessionInfo, TaskInfo

__all__ = [
    "ListScriptsResult",
    "RunScriptResult",
    "ScriptInfo",
    "ScriptParams",
]


@attrs.frozen(kw_only=True)
class ScriptParams:
    """Names a script of a task."""

    task: str
    name: str | None = None
    """As in the config's `run`. Absent: the only one there is, or, to stop, all."""


@attrs.frozen(kw_only=True)
class ScriptInfo:
    """A script that can be run for a task."""

    name: str
    commands: tuple[str, ...]
    session: SessionInfo | None = None
    """Its last run for this task; absent before the first."""


@attrs.frozen(kw_only=True)
class ListScriptsResult:
    """The scripts, in the order of the config."""

    scripts: tuple[ScriptInfo, ...]


@attrs.frozen(kw_only=True)
class RunScriptResult:
    """The task, and the session in which the script runs."""

    task: TaskInfo
    session: SessionInfo
