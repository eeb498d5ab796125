"""The commands that move a task: send, stop, resume, retry, discard, restore."""

import sys
from collections.abc import Mapping
from typing import Any

import click

from agentls.cli.arguments import task_argument, tasks_argument
from agentls.cli.command import Command, json_option, print_json, tell
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.statuses import Status, status_of
from agentls.cli.visible import brief
from agentls.errors import AgentlsError, DaemonRestarted, InvalidParams

__all__ = [
    "discard",
    "each_task",
    "given_text",
    "one_task",
    "restore",
    "resume",
    "retry",
    "send",
    "stop",
]


@click.command(cls=Command)
@task_argument
@click.argument("text")
@json_option
def send(*, task: str, text: str, as_json: bool) -> None:
    """Tell a task's agent something; TEXT `-` reads standard input.

    It is typed into the agent's session; when that ended, the agent is started
    again with it.
    """
    one_task(
        "agentls.sendPrompt",
        {"task": task, "text": given_text(text)},
        said="Sent to {}.",
        as_json=as_json,
    )


@click.command(cls=Command)
@task_argument
@click.argument("text", required=False)
@json_option
def resume(*, task: str, text: str | None, as_json: bool) -> None:
    """Go on with an agent's conversation after its session.

    TEXT says with what; `-` reads standard input. Without it the agent is told that
    it was interrupted. An agent that can't go on, or whose conversation isn't known,
    is refused: nothing is begun anew.
    """
    params = {"task": task}
    if text is not None:
        params["text"] = given_text(text)
    one_task("agentls.resumeTask", params, said="Resumed {}.", as_json=as_json)


@click.command(cls=Command)
@tasks_argument
@json_option
@click.pass_context
def stop(ctx: click.Context, *, tasks: tuple[str, ...], as_json: bool) -> None:
    """Stop the agents of tasks; their work stays, ready for review."""
    each_task(
        ctx, tasks, command="agentls.stopTask", said="Stopped {}.", as_json=as_json
    )


@click.command(cls=Command)
@tasks_argument
@json_option
@click.pass_context
def retry(ctx: click.Context, *, tasks: tuple[str, ...], as_json: bool) -> None:
    """Start failed or interrupted tasks again, in their worktrees."""
    each_task(
        ctx,
        tasks,
        command="agentls.retryTask",
        said="Started {} again.",
        as_json=as_json,
    )


@click.command(cls=Command)
@tasks_argument
@json_option
@click.pass_context
def discard(ctx: click.Context, *, tasks: tuple[str, ...], as_json: bool) -> None:
    """Put tasks out of sight; everything is kept.

    Worktree and branch go; `agentls restore` brings them back as they were.
    """
    each_task(
        ctx,
        tasks,
        command="agentls.discardTask",
        said="Discarded {}. Everything is kept: agentls restore {id}",
        as_json=as_json,
    )


@click.command(cls=Command)
@tasks_argument
@json_option
@click.pass_context
def restore(ctx: click.Context, *, tasks: tuple[str, ...], as_json: bool) -> None:
    """Bring discarded tasks back as they were."""
    each_task(
        ctx, tasks, command="agentls.restoreTask", said="Restored {}.", as_json=as_json
    )


def each_task(
    ctx: click.Context,
    tasks: tuple[str, ...],
    *,
    command: str,
    said: str,
    as_json: bool,
) -> None:
    """Do it to one task after the other; one that is refused stops no other.

    With `--json` there is one answer a line. The exit status is the first error's.
    """
    status = Status.OK
    with connected() as client:
        for task in dict.fromkeys(tasks):
            try:
                answer = client.execute(
                    command, {"task": task}, seconds=OPERATION_SECONDS
                )
            except DaemonRestarted:
                raise  # nobody is there for the others
            except AgentlsError as error:
                tell(error, as_json=as_json)
                status = status or status_of(error)
                continue
            if as_json:
                print_json(answer)
            else:
                told = answer["task"]
                click.echo(said.format(_named(told), id=told["id"]))
    ctx.exit(status)


def given_text(text: str) -> str:
    """Give the text, or standard input for `-`; refuse nothing at all."""
    if text == "-":
        text = sys.stdin.read()
    if not text.strip():
        raise InvalidParams("There is nothing to send.", hint="Give the text, or -.")
    return text


def one_task(
    command: str, params: Mapping[str, Any], *, said: str, as_json: bool
) -> None:
    """Do something to one task and say so; `said` has a place for its name."""
    with connected() as client:
        answer = client.execute(command, params, seconds=OPERATION_SECONDS)
    if as_json:
        print_json(answer)
    else:
        click.echo(said.format(_named(answer["task"])))


def _named(task: Mapping[str, Any]) -> str:
    return f"{task['id']} ({brief(task['title'])})"
