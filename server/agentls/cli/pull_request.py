"""`agentls pr`: a pull request instead of a merge."""

from typing import Any

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.places import path_of, short_path
from agentls.cli.progress import shown_progress
from agentls.cli.visible import visible

__all__ = ["pull_request"]


@click.command("pr", cls=Command)
@task_argument
@click.option("--title", help="The task's title if absent.")
@click.option("--body", help="The prompt and the changed files if absent.")
@click.option("--draft", is_flag=True, help="Not to be reviewed yet.")
@click.option("--stop", is_flag=True, help="Stop an agent that still works.")
@click.option("--refresh", is_flag=True, help="Only ask how the request stands.")
@json_option
def pull_request(
    *,
    task: str,
    title: str | None,
    body: str | None,
    draft: bool,
    stop: bool,
    refresh: bool,
    as_json: bool,
) -> None:
    """Push a task's branch and make a pull request of it.

    The agent's commits are pushed, with what it didn't commit as one on top; called
    again, what is new. The request is made by gh or glab, where installed.
    """
    params: dict[str, Any] = {"task": task}
    if not refresh:
        params |= {"draft": draft, "stop": stop}
        given = {"title": title, "body": body}
        params |= {name: text for name, text in given.items() if text is not None}
    name = "refreshPullRequest" if refresh else "createPullRequest"
    with connected() as client, shown_progress() as progress:
        answer = client.execute(
            f"agentls.{name}", params, seconds=OPERATION_SECONDS, progress=progress
        )
    if as_json:
        print_json(answer)
        return
    _tell(answer)


def _tell(answer: dict[str, Any]) -> None:
    request = answer["task"]["pullRequest"]
    if url := request.get("url"):
        click.echo(visible(url))
        click.echo(request["state"])
    else:
        click.echo(
            f"Pushed {visible(request['branch'])} to {visible(request['remote'])}; no"
            " request was made: gh or glab, as its host needs it, isn't installed."
        )
        if offer := answer.get("offer"):
            click.echo(visible(offer))
    if hook := answer.get("skippedHook"):
        click.echo(f"{visible(short_path(path_of(hook)))} was not run.", err=True)
