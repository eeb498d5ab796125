"""The handlers. They translate and call one core function; they decide nothing.

Importing this package fills the registry.
"""

from agentls.lsp.commands import (
    agents,
    comments,
    housekeeping,
    logs,
    ordering,
    review,
    sessions,
    tasks,
)

__all__ = [
    "agents",
    "comments",
    "housekeeping",
    "logs",
    "ordering",
    "review",
    "sessions",
    "tasks",
]
