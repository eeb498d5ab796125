"""The editors that are open, and which of them shows a person a task.

Who asks may be another program: a person in `agentls top` wants to review a task where
the code is.
"""

import contextlib
from collections.abc import Callable, Generator
from pathlib import Path

import attrs

from agentls.errors import InvalidState
from agentls.model import Task

__all__ = ["Editor", "Editors"]


@attrs.frozen(kw_only=True, eq=False)
class Editor:
    """One that can show a task's review."""

    show: Callable[[Task], None]
    folders: Callable[[], tuple[Path, ...]]
    """What it has open at the moment."""


class Editors:
    """Knows the editors that are open."""

    def __init__(self) -> None:
        self._open: list[Editor] = []

    @contextlib.contextmanager
    def opened(self, editor: Editor) -> Generator[None]:
        """Count an editor in as long as the context lasts."""
        self._open.append(editor)
        try:
            yield
        finally:
            self._open.remove(editor)

    def show(self, task: Task) -> None:
        """Have a task's review shown, once and not in every editor.

        The one that was opened last counts, of those that have the task's repository
        open if there are any. Raises `InvalidState` when none is open.
        """
        if not self._open:
            raise InvalidState(
                f"No editor is open that could show task {task.id}.",
                hint="Open VS Code, or Neovim and its :AgentTask there; or read it"
                f" here: agentls diff {task.id}",
            )
        near = [
            editor for editor in self._open if _holds(editor.folders(), task.repository)
        ]
        (near or self._open)[-1].show(task)


def _holds(folders: tuple[Path, ...], repository: Path) -> bool:
    """Tell whether one of the folders is in the repository, or holds it."""
    return any(
        folder.is_relative_to(repository) or repository.is_relative_to(folder)
        for folder in folders
    )
