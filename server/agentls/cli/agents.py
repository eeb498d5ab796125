"""`agentls agents`: which agents can be named, and which are installed."""

from typing import Any

import click

from agentls.cli.arguments import given_repository, repo_option
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import connected
from agentls.cli.places import short_path
from agentls.cli.table import Column, print_table

__all__ = ["agents"]


@click.command(cls=Command)
@repo_option("The repository whose agents are meant; here if absent.")
@json_option
def agents(*, repo: str | None, as_json: bool) -> None:
    """List the agents; the default one has a star."""
    params = {"uri": given_repository(repo)}
    with connected() as client:
        answer: dict[str, Any] = client.execute("agentls.listAgents", params)
    if as_json:
        print_json(answer)
        return
    rows = [
        [
            "*" if agent.get("default") else "",
            agent["name"],
            "installed" if agent["installed"] else "missing",
            agent.get("version") or "",
            _where(agent),
        ]
        for agent in sorted(answer["agents"], key=lambda agent: not agent["installed"])
    ]
    print_table(
        rows,
        columns=[
            Column(title=""),
            Column(title="AGENT"),
            Column(title="", colour={"installed": "green"}.get),
            Column(title="VERSION"),
            Column(title="WHERE, OR HOW TO GET IT"),
        ],
        width=None,  # half a command to install something is no help
    )


def _where(agent: dict[str, Any]) -> str:
    if agent["installed"]:
        return short_path(agent.get("path") or "")
    return agent.get("hint", "")
