"""`agentls agents`: which agents can be named, and which are installed."""

from typing import Any

import click

from agentls.cli.arguments import given_repository, label_option, repo_option
from agentls.cli.command import Command, json_option, print_json, tell
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.places import short_path
from agentls.cli.progress import shown_progress
from agentls.cli.statuses import Status, status_of
from agentls.cli.table import Column, print_table
from agentls.errors import AgentlsError

__all__ = ["agents"]

_MAY = frozenset({"working", "waiting", "answer"})
"""What a trial needn't show: an agent asks only where it has a reason to."""


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
@click.argument("agent")
@json_option
def show(*, agent: str, as_json: bool) -> None:
    """Show what an agent can do by its definition."""
    with connected() as client:
        answer: dict[str, Any] = client.execute("agentls.showAgent", {"agent": agent})
    if as_json:
        print_json(answer)
        return
    shown = answer["agent"]
    there = (
        f"{shown.get('version') or 'installed'}, {short_path(shown.get('path', ''))}"
    )
    click.echo(f"{click.style(shown['name'], bold=True)}  {shown['title']}")
    click.echo(there if shown["installed"] else "missing")
    for name in ("tested", "minimum"):
        if answer.get(name):
            click.echo(f"{name}: {answer[name]}")
    if shown.get("hint"):
        click.echo(shown["hint"])
    _print_abilities(answer["abilities"])


@agents.command(cls=Command)
@click.argument("agent")
@click.option(
    "--seconds",
    type=click.FloatRange(min=1, max=3600),
    default=300.0,
    show_default=True,
    help="When to give up.",
)
@json_option
@click.pass_context
def test(ctx: click.Context, *, agent: str, seconds: float, as_json: bool) -> None:
    """Start an agent in a throw-away repository; see what works.

    It gets three harmless prompts, with your own login: that takes tokens. Exits with
    1 when something that its definition promises was not seen.
    """
    with connected() as client, shown_progress() as progress:
        answer: dict[str, Any] = client.execute(
            "agentls.testAgent",
            {"agent": agent, "seconds": seconds},
            seconds=OPERATION_SECONDS,
            progress=progress,
        )
    if as_json:
        print_json(answer)
    else:
        _print_abilities(answer["abilities"])
    seen = all(one["seen"] for one in answer["abilities"] if one["name"] not in _MAY)
    ctx.exit(Status.OK if seen else Status.REFUSED)


@agents.command(cls=Command)
@click.argument("prompt")
@label_option("A label that the task would have; several allowed.")
@repo_option("The repository whose routes count; here if absent.")
@json_option
def suggest(
    *, prompt: str, labels: tuple[str, ...], repo: str | None, as_json: bool
) -> None:
    """Say which agent fits a prompt, and why."""
    params = {"prompt": prompt, "labels": labels, "uri": given_repository(repo)}
    with connected() as client:
        answer: dict[str, Any] = client.execute("agentls.suggestAgent", params)
    if as_json:
        print_json(answer)
        return
    click.echo(f"{click.style(answer['agent'], bold=True)}: {answer['why']}")
    for one in answer["candidates"]:
        click.echo(f"  {one['agent']}: {one['why']}")


def _print_abilities(abilities: list[dict[str, Any]]) -> None:
    marks = {True: "seen", False: "not seen", None: ""}
    print_table(
        [
            [one["name"], marks[one.get("seen")], one["how"], one.get("detail", "")]
            for one in abilities
        ],
        columns=[
            Column(title="ABILITY"),
            Column(title="", colour={"seen": "green", "not seen": "yellow"}.get),
            Column(title="HOW"),
            Column(title=""),
        ],
        width=None,
    )


def _where(agent: dict[str, Any]) -> str:
    if agent["installed"]:
        return short_path(agent.get("path") or "")
    return agent.get("hint", "")
