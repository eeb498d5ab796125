"""`agentls merge`: bring a task's work into its target."""

from typing import Any

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.places import path_of, short_path
from agentls.cli.progress import shown_progress
from agentls.cli.stopping import wants_stop
from agentls.cli.visible import brief, visible
from agentls.client import Client
from agentls.errors import InvalidState

__all__ = ["merge"]

_STRATEGIES = ("squash", "merge", "rebase")


@click.command(cls=Command)
@task_argument
@click.option("-m", "--message", help="The commit's message; by the config if absent.")
@click.option(
    "--strategy",
    type=click.Choice(_STRATEGIES),
    help="One commit, a merge commit, or the agent's commits one by one.",
)
@click.option(
    "--stop", is_flag=True, help="Stop an agent that still works, then merge."
)
@json_option
def merge(
    *, task: str, message: str | None, strategy: str | None, stop: bool, as_json: bool
) -> None:
    """Merge a task into its target: wholly, or not at all.

    The target gets one commit, unless the config or --strategy says otherwise. On a
    conflict the exit status is 3, the message names the files, and target and
    checkout are as they were.
    """
    params: dict[str, Any] = {"task": task, "stop": stop}
    if message is not None:
        params["message"] = message
    if strategy is not None:
        params["strategy"] = strategy
    with connected() as client:
        try:
            answer = _merge(client, params)
        except InvalidState:
            if (
                stop
                or as_json
                or not wants_stop(client, task, then="merge what it has done so far")
            ):
                raise
            answer = _merge(client, params | {"stop": True})
    if as_json:
        print_json(answer)
        return
    told = answer["task"]
    click.echo(
        f"Merged {told['id']} ({brief(told['title'])}) into {told['target']}"
        f" as {answer['commit'][:12]}."
    )
    if checkout := answer.get("checkout"):
        click.echo(f"{visible(short_path(path_of(checkout)))} is at it now.")


def _merge(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    with shown_progress() as progress:
        answer: dict[str, Any] = client.execute(
            "agentls.mergeTask",
            params,
            seconds=OPERATION_SECONDS,
            progress=progress,
        )
    return answer
