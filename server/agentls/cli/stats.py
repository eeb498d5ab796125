"""`agentls stats`: how agents have done."""

import shutil
import sys
from typing import Any

import click

from agentls.cli.arguments import given_repository, repo_option
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import connected
from agentls.cli.outlook import lasted
from agentls.cli.table import Column, print_table

__all__ = ["stats"]


@click.command(cls=Command)
@click.option(
    "--days",
    type=click.FloatRange(min=0),
    metavar="N",
    help="Only tasks that were asked for in the last N days.",
)
@repo_option("Only the tasks of the repository that holds PATH.")
@json_option
def stats(*, days: float | None, repo: str | None, as_json: bool) -> None:
    """Show how each agent has done: merged, turns, time, cost."""
    params: dict[str, Any] = {}
    if days is not None:
        params["days"] = days
    if repo is not None:
        params["uri"] = given_repository(repo)
    with connected() as client:
        answer: dict[str, Any] = client.execute("agentls.stats", params)
    if as_json:
        print_json(answer)
        return
    if not answer["agents"]:
        click.echo("No agent has worked on a task yet.", err=True)
        return
    print_table(
        [_row(agent) for agent in answer["agents"]],
        columns=[
            Column(title="AGENT"),
            Column(title="TASKS"),
            Column(title="MERGED"),
            Column(title="DISCARDED"),
            Column(title="TURNS TO MERGE"),
            Column(title="WORKED"),
            Column(title="WAITED"),
            Column(title="TOKENS IN/OUT"),
            Column(title="COST"),
        ],
        width=shutil.get_terminal_size().columns if sys.stdout.isatty() else None,
    )


def _row(agent: dict[str, Any]) -> list[str]:
    decided = agent["merged"] + agent["discarded"]
    share = f" ({100 * agent['merged'] // decided}%)" if decided else ""
    to_merge = agent.get("turnsToMerge")
    tokens = ""
    if agent.get("input") is not None:
        tokens = f"{agent['input']:,}/{agent['output']:,}"
    cost = agent.get("cost")
    return [
        agent["agent"],
        str(agent["tasks"]),
        f"{agent['merged']}{share}",
        str(agent["discarded"]),
        "" if to_merge is None else f"{to_merge:.1f}",
        lasted(agent["worked"]),
        lasted(agent["waited"]),
        tokens,
        "" if cost is None else f"${cost:.2f}",
    ]
