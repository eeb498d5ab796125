"""`agentls doctor`: what is wrong, and what to do about it."""

from typing import Any

import click

from agentls.cli.arguments import given_repository, repo_option
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.statuses import Status
from agentls.cli.visible import visible

__all__ = ["doctor"]


@click.command(cls=Command)
@repo_option("Look at this repository too.")
@click.option("--repair", is_flag=True, help="Mend what can safely be mended.")
@json_option
@click.pass_context
def doctor(
    ctx: click.Context, *, repo: str | None, repair: bool, as_json: bool
) -> None:
    """Look for what is wrong; exit with 1 when something is.

    --repair makes again what was removed by hand: worktrees from their last
    checkpoints, git's entries for them, branches. With --repo, tasks whose repository
    was moved follow it there.
    """
    params: dict[str, Any] = {} if repo is None else {"uri": given_repository(repo)}
    if repair:
        params["repair"] = True
    with connected() as client:
        answer: dict[str, Any] = client.execute(
            "agentls.doctor", params, seconds=OPERATION_SECONDS
        )
    if as_json:
        print_json(answer)
    else:
        for finding in answer["findings"]:
            _print(finding)
    wrong = any(not finding["ok"] for finding in answer["findings"])
    ctx.exit(Status.REFUSED if wrong else Status.OK)


def _print(finding: dict[str, Any]) -> None:
    mark = (
        click.style("ok  ", fg="green")
        if finding["ok"]
        else click.style("!!  ", fg="red")
    )
    said = visible(f"{finding['name']}: {finding['message']}")
    click.echo(mark + said.replace("\n", "\n      "))
    if finding.get("hint"):
        click.echo(f"    {visible(finding['hint'])}")
