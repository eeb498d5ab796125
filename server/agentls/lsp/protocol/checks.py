"""Checks of a task's change."""

import attrs

from agentls.lsp.protocol.tasks import TaskInfo

__all__ = ["BriefingResult", "RunChecksParams", "RunChecksResult"]


@attrs.frozen(kw_only=True)
class BriefingResult:
    """What a person should know before they look at a task's change."""

    text: str
    """Markdown."""


@attrs.frozen(kw_only=True)
class RunChecksParams:
    """Which checks to run."""

    task: str
    names: tuple[str, ...] | None = None
    """All if absent; `reviewer` is the reviewing agent."""


@attrs.frozen(kw_only=True)
class RunChecksResult:
    """The task, with what came of its checks."""

    task: TaskInfo
