"""`rename`, `edit`, `priority`, `start`, `queue`: the queue, and words of tasks."""

from typing import Any

import click

from agentls.cli.arguments import task_argument, tasks_argument
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import connected
from agentls.cli.operations import each_task, given_text, one_task
from agentls.cli.visible import one_line

__all__ = ["edit", "priority", "queue", "rename", "start"]


@click.command(cls=Command)
@task_argument
@click.argument("title")
@json_option
def rename(*, task: str, title: str, as_json: bool) -> None:
    """Give a task another title."""
    one_task(
        "agentls.renameTask",
        {"task": task, "title": title},
        said="Renamed {}.",
        as_json=as_json,
    )


@click.command(cls=Command)
@task_argument
@click.argument("prompt")
@json_option
def edit(*, task: str, prompt: str, as_json: bool) -> None:
    """Give a queued or failed task another prompt.

    PROMPT `-` reads standard input. What failed takes it with `agentls retry`.
    """
    one_task(
        "agentls.editPrompt",
        {"task": task, "prompt": given_text(prompt)},
        said="Edited the prompt of {}.",
        as_json=as_json,
    )


@click.command(cls=Command)
@task_argument
@click.argument("number", type=int, metavar="N")
@json_option
def priority(*, task: str, number: int, as_json: bool) -> None:
    """Say how early a queued task begins: greater is earlier.

    It is 0 by itself. A negative N stands after two dashes: `priority TASK -- -1`.
    """
    one_task(
        "agentls.setPriority",
        {"task": task, "priority": number},
        said="{} has another priority.",
        as_json=as_json,
    )


@click.command(cls=Command)
@tasks_argument
@json_option
@click.pass_context
def start(ctx: click.Context, *, tasks: tuple[str, ...], as_json: bool) -> None:
    """Begin queued tasks now, whatever they wait for."""
    each_task(
        ctx, tasks, command="agentls.startTask", said="Began {}.", as_json=as_json
    )


@click.command(cls=Command)
@click.argument(
    "action", type=click.Choice(("show", "pause", "resume")), default="show"
)
@json_option
def queue(*, action: str, as_json: bool) -> None:
    """Show the queue, pause it, or go on with it.

    While it is paused nothing begins by itself; what runs goes on.
    """
    with connected() as client:
        if action != "show":
            client.execute(f"agentls.{action}Queue")
        listed: dict[str, Any] = client.execute("agentls.listTasks", {})
    listed["tasks"] = [task for task in listed["tasks"] if task["state"] == "queued"]
    if as_json:
        print_json(listed)
        return
    tasks = sorted(
        listed["tasks"], key=lambda task: (-task.get("priority", 0), task["number"])
    )
    for task in tasks:
        why = f" ({one_line(task['why'])})" if task.get("why") else ""
        click.echo(f"{task['id']}  {one_line(task['title'])}{why}")
    number = f"{len(tasks)} queued" if tasks else "Nothing is queued"
    on = "the queue is paused: `agentls queue resume`" if listed["paused"] else ""
    click.echo(f"{number}{'; ' + on if on else ''}.", err=True)
