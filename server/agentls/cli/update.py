"""`agentls update`: bring a task's target into its worktree."""

from typing import Any

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.places import path_of, short_path
from agentls.cli.progress import shown_progress
from agentls.cli.stopping import wants_stop
from agentls.cli.visible import visible
from agentls.client import Client
from agentls.errors import InvalidState

__all__ = ["update"]

_SAID = {
    "updated": "Updated {id} to {source}.",
    "current": "{id} has all of {source} already.",
    "aborted": "{id} is as it was before the update.",
    "conflicts": "Conflicts with {source} in the worktree of {id}:",
}


@click.command(cls=Command)
@task_argument
@click.option(
    "--resolve",
    type=click.Choice(("editor", "agent")),
    help="Leave conflicts in the worktree, for you or for the agent.",
)
@click.option("--abort", is_flag=True, help="Go back to before the conflicts.")
@click.option(
    "--stop", is_flag=True, help="Stop an agent that still works, then update."
)
@json_option
def update(
    *, task: str, resolve: str | None, abort: bool, stop: bool, as_json: bool
) -> None:
    """Merge the target into a task's worktree.

    What is uncommitted stays so, and the target's progress is never shown as the
    agent's. On a conflict nothing changes and the exit status is 3, unless --resolve
    says who resolves it; when it is resolved, update again.
    """
    params: dict[str, Any] = {"task": task, "abort": abort, "stop": stop}
    if resolve is not None:
        params["resolve"] = resolve
    with connected() as client:
        try:
            answer = _update(client, params)
        except InvalidState:
            if stop or as_json or not wants_stop(client, task, then="update its work"):
                raise
            answer = _update(client, params | {"stop": True})
    if as_json:
        print_json(answer)
        return
    told = answer["task"]
    said = _SAID[answer["outcome"]]
    click.echo(said.format(id=told["id"], source=visible(answer["source"])))
    for path in answer.get("conflicts", ()):
        click.echo(f"  {visible(path)}")
    if answer["outcome"] == "conflicts":
        folder = visible(short_path(path_of(told["worktree"])))
        who = "Its agent resolves them" if resolve == "agent" else "Resolve them"
        click.echo(
            f"{who} in {folder}; then `agentls update {told['id']}` again, or"
            f" `agentls update --abort {told['id']}`."
        )


def _update(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    with shown_progress() as progress:
        answer: dict[str, Any] = client.execute(
            "agentls.updateTask", params, seconds=OPERATION_SECONDS, progress=progress
        )
    return answer
