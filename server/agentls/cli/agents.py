"""`agentls agents`: which agents can be named, and which are installed."""

from typing import Any

import click

from agentls.cli.arguments import given_repository, repo_option
from agentls.cli.command import Command, json_option, print_json, tell
from agentls.cli.link import connected
from agentls.cli.places import short_path
from agentls.cli.statuses import status_of
from agentls.cli.table import Column, print_table
from agentls.errors import AgentlsError

__all__ = ["agents"]


class _Group(click.Group):
    """A group that tells errors as commands do."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it, or its command."""
        try:
            return super().invoke(ctx)
        except AgentlsError as error:
            tell(error, as_json=bool(ctx.params.get("as_json")))
            ctx.exit(status_of(error))


@click.group(cls=_Group, invoke_without_command=True)
@repo_option("The repository whose agents are meant; here if absent.")
@json_option
@click.pass_context
def agents(ctx: click.Context, *, repo: str | None, as_json: bool) -> None:
    """List the agents, the default one with a star; or look at one.

    Without a command it lists them.
    """
    if ctx.invoked_subcommand is not None:
        return
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


@agents.command(cls=Command)
@click.argument("prompt")
@repo_option("The repository whose routes count; here if absent.")
@json_option
def suggest(*, prompt: str, repo: str | None, as_json: bool) -> None:
    """Say which agent fits a prompt, and why."""
    params = {"prompt": prompt, "uri": given_repository(repo)}
    with connected() as client:
        answer: dict[str, Any] = client.execute("agentls.suggestAgent", params)
    if as_json:
        print_json(answer)
        return
    click.echo(f"{click.style(answer['agent'], bold=True)}: {answer['why']}")
    for one in answer["candidates"]:
        click.echo(f"  {one['agent']}: {one['why']}")


def _where(agent: dict[str, Any]) -> str:
    if agent["installed"]:
        return short_path(agent.get("path") or "")
    return agent.get("hint", "")
