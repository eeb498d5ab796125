"""What an agent is shown: the protocol's answers, brought down to what it acts upon.

What is absent is left out, for each word costs the agent's context.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

# typing's own can't be read at run time before Python 3.12; `mcp` brings this along.
from typing_extensions import TypedDict

__all__ = [
    "Change",
    "ChangedFile",
    "Patch",
    "Rights",
    "Task",
    "Tasks",
    "Waited",
    "change_view",
    "task_view",
    "tasks_view",
]


class Task(TypedDict, total=False):
    """A task."""

    id: str
    title: str
    state: str
    agent: str
    parent: str
    why: str
    asks: str
    files: int
    added: int
    deleted: int
    checks: dict[str, str]
    conflicts: str
    branch: str
    target: str
    worktree: str
    prompt: str


class Tasks(TypedDict):
    """Tasks, in the order in which they were asked for."""

    tasks: list[Task]


class Waited(TypedDict):
    """What tasks have come to."""

    reached: bool
    tasks: list[Task]


class ChangedFile(TypedDict, total=False):
    """A file of a change; a binary one has no lines."""

    path: str
    was: str
    status: str
    added: int
    deleted: int


class Change(TypedDict, total=False):
    """The files that a task changed; `more` says how many are left out."""

    files: list[ChangedFile]
    count: int
    more: int


class Patch(TypedDict, total=False):
    """A part of a diff; `next` is the offset at which it goes on."""

    diff: str
    size: int
    next: int


class Rights(TypedDict, total=False):
    """What the agent that asks may."""

    task: str
    allowed: list[str]
    agents: list[str]
    approval: str
    may_hand_out: int


def task_view(task: Mapping[str, Any], *, whole: bool = False) -> Task:
    """Show a task; `whole` with its branch, target and worktree."""
    shown = Task(
        id=task["id"], title=task["title"], state=task["state"], agent=task["agent"]
    )
    if parent := task.get("parent"):
        shown["parent"] = parent
    if why := task.get("why"):
        shown["why"] = why
    if asked := task.get("asked"):
        shown["asks"] = f"{asked['kind']}: {asked.get('text', '')}".rstrip(": ")
    if task.get("files") is not None:
        shown["files"] = task["files"]
        shown["added"] = task.get("added", 0)
        shown["deleted"] = task.get("deleted", 0)
    if checks := task.get("checks"):
        shown["checks"] = {one["name"]: one["outcome"] for one in checks}
    if whole:
        shown["branch"], shown["target"] = task["branch"], task["target"]
        shown["worktree"] = unquote(task["worktree"].removeprefix("file://"))
    return shown


def tasks_view(tasks: Mapping[str, Any]) -> list[Task]:
    """Show tasks that are known by their ids."""
    return [task_view(task) for task in tasks.values()]


def change_view(answer: Mapping[str, Any]) -> Change:
    """Show which files a task changed."""
    files: list[ChangedFile] = []
    for file in answer["files"]:
        shown = ChangedFile(path=file["path"], status=file["status"])
        if was := file.get("oldPath"):
            shown["was"] = was
        if file.get("added") is not None:
            shown["added"], shown["deleted"] = file["added"], file.get("deleted", 0)
        files.append(shown)
    change = Change(files=files, count=answer["count"])
    if more := answer["count"] - len(files):
        change["more"] = more
    return change
