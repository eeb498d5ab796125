"""Arguments that several commands take: tasks and repositories."""

import os
from typing import Any

import click
from click.shell_completion import CompletionItem

from agentls.cli.visible import one_line

__all__ = [
    "any_tasks_argument",
    "given_repository",
    "label_option",
    "repo_option",
    "task_argument",
    "tasks_argument",
]


class _TaskName(click.types.StringParamType):
    """A task's id; completed from the living daemon, which is never started for it."""

    name = "task"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Name the tasks that begin so, each with its title."""
        from agentls.cli.completion import living_tasks  # noqa: PLC0415 - only here

        named = set(ctx.params.get(param.name or "") or ())
        return [
            CompletionItem(
                task["id"], help=one_line(f"{task['state']}: {task['title']}")
            )
            for task in living_tasks()
            if task["id"].startswith(incomplete) and task["id"] not in named
        ]


def task_argument(function: Any) -> Any:
    """Add the argument TASK."""
    return click.argument("task", type=_TaskName(), metavar="TASK")(function)


def tasks_argument(function: Any) -> Any:
    """Add the argument TASK, which may be given several times."""
    return click.argument(
        "tasks", type=_TaskName(), nargs=-1, required=True, metavar="TASK..."
    )(function)


def any_tasks_argument(function: Any) -> Any:
    """Add the argument TASK, which may be given several times or not at all."""
    return click.argument("tasks", type=_TaskName(), nargs=-1, metavar="[TASK]...")(
        function
    )


def label_option(text: str) -> Any:
    """Add `--label`, which may be given several times."""
    return click.option("--label", "labels", multiple=True, metavar="LABEL", help=text)


def repo_option(text: str) -> Any:
    """Add `--repo`, with what it means for this command."""
    return click.option(
        "--repo", type=click.Path(exists=True), metavar="PATH", help=text
    )


def given_repository(path: str | None) -> str:
    """Give the absolute path of the folder or file meant: here, if none is given."""
    return os.path.abspath(path or os.curdir)  # noqa: PTH100 - links stay as typed
