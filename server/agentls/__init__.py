"""The agent language server: many coding agents, one git worktree each."""

__all__ = ["__version__"]

__version__ = "0.1.0"
