"""`agentls next`: which task to review next, and why."""

from typing import Any

import click

from agentls.cli.arguments import given_repository, repo_option
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import connected
from agentls.cli.next_steps import next_steps
from agentls.cli.statuses import Status
from agentls.cli.visible import brief

__all__ = ["next_review"]


@click.command("next", cls=Command)
@click.option("--after", metavar="TASK", help="The one that follows this task.")
@repo_option("Only tasks of the repository of this file or folder.")
@json_option
@click.pass_context
def next_review(
    ctx: click.Context, *, after: str | None, repo: str | None, as_json: bool
) -> None:
    """Say which task to review next, and why.

    The first line is the task's id alone, for scripts; the exit status is 1 when
    nothing is ready.
    """
    params: dict[str, Any] = {}
    if after is not None:
        params["after"] = after
    if repo is not None:
        params["uri"] = given_repository(repo)
    with connected() as client:
        answer = client.execute("agentls.nextReview", params)
    task = answer.get("task")
    if as_json:
        print_json(answer)
    elif task:
        click.echo(task["id"])
        click.echo(brief(task["title"]))
        click.echo(answer["why"])
        click.echo("; ".join(next_steps(task)[1:3]))
    else:
        click.echo(answer["why"], err=True)
    ctx.exit(Status.OK if task else Status.REFUSED)
