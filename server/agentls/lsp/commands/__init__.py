"""The handlers. They translate and call one core function; they decide nothing.

Importing this package fills the registry.
"""

from agentls.lsp.commands import (
    agents,
    housekeeping,
    logs,
    ordering,
    review,
    sessions,
    tasks,
)

__all__ = [
    "agents",
    "housekeeping",
    "logs",
    "ordering",
    "review",
    "sessions",
    "tasks",
]
