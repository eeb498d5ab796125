"""The handlers. They translate and call one core function; they decide nothing.

Importing this package fills the registry.
"""

from agentls.lsp.commands import (
    accepting,
    agents,
    changes,
    checkpoints,
    checks,
    comments,
    delegating,
    forecast,
    housekeeping,
    logs,
    many,
    merging,
    ordering,
    origins,
    overview,
    pull_requests,
    queueing,
    scripts,
    sessions,
    tasks,
    trains,
    updating,
)

__all__ = [
    "accepting",
    "agents",
    "changes",
    "checkpoints",
    "checks",
    "comments",
    "delegating",
    "forecast",
    "housekeeping",
    "logs",
    "many",
    "merging",
    "ordering",
    "origins",
    "overview",
    "pull_requests",
    "queueing",
    "scripts",
    "sessions",
    "tasks",
    "trains",
    "updating",
]
