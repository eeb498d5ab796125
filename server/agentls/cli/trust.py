"""`agentls trust`: see what a repository would run, and allow or deny exactly that."""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from agentls.cli.arguments import given_repository
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import connected
from agentls.cli.visible import visible
from agentls.client import Client
from agentls.errors import InvalidParams, Untrusted

__all__ = ["ask_trust", "trust", "trusted"]

R = TypeVar("R")

_COLOURS = {"allowed": "green", "denied": "red", "undecided": "yellow"}


@click.command(cls=Command)
@click.argument("path", required=False, type=click.Path(exists=True))
@click.option("--allow", is_flag=True, help="Allow all that is shown.")
@click.option("--deny", is_flag=True, help="Deny all that is shown.")
@json_option
def trust(*, path: str | None, allow: bool, deny: bool, as_json: bool) -> None:
    """Show what the repository would run; allow or deny it.

    On a terminal it asks about what is undecided. A decision holds for the exact
    text: when that changes, agentls asks again.
    """
    if allow and deny:
        raise click.UsageError("--allow and --deny exclude each other.")
    params: dict[str, Any] = {"uri": given_repository(path)}
    with connected() as client:
        answer = client.execute("agentls.trust", params)
        if not as_json:
            _print(answer)
        decision = "allow" if allow else "deny" if deny else None
        if decision is None and not as_json and _at_terminal():
            answer = _ask(client, params, answer) or answer
        elif decision is not None and answer["items"]:
            # Only what was shown: the file may have changed meanwhile.
            answer = client.execute(
                "agentls.trust",
                params
                | {
                    "decision": decision,
                    "digests": [item["digest"] for item in answer["items"]],
                },
            )
            if not as_json:
                click.echo("Allowed." if allow else "Denied.")
        elif not as_json and _undecided(answer):
            click.echo("`agentls trust --allow` or `--deny` decides.", err=True)
        if as_json:
            print_json(answer)


def ask_trust(client: Client, repository: str) -> bool:
    """Show what is undecided and ask; True when the user decided, either way.

    False without a terminal, and when nothing was decided.
    """
    if not _at_terminal():
        return False
    params = {"uri": repository}
    answer = client.execute("agentls.trust", params)
    answer["items"] = _undecided(answer)
    _print(answer)
    return _ask(client, params, answer) is not None


def trusted(client: Client, repository: str, ask: Callable[[], R]) -> R:
    """Ask the daemon for something; on a terminal decide on the trust it needs."""
    while True:
        try:
            return ask()
        except Untrusted:
            if not ask_trust(client, repository):
                raise
            # What was decided is decided, so this ends.


def _at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _undecided(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for item in answer["items"] if item["decision"] == "undecided"]


def _print(answer: dict[str, Any]) -> None:
    if not answer["items"]:
        click.echo(f"{visible(answer['repository'])} would run nothing.", err=True)
        return
    click.echo(f"{visible(answer['repository'])} would run:", err=True)
    for item in answer["items"]:
        decision = click.style(item["decision"], fg=_COLOURS.get(item["decision"]))
        click.echo(f"\n  {item['kind']} {visible(item['name'])} ({decision})", err=True)
        for line in visible(item["text"]).splitlines():
            click.echo(f"    {line}", err=True)
    click.echo(err=True)


def _ask(
    client: Client, params: dict[str, Any], answer: dict[str, Any]
) -> dict[str, Any] | None:
    """Ask about what is undecided; None when nothing is, or nothing was decided."""
    undecided = _undecided(answer)
    if not undecided:
        return None
    chosen = click.prompt(
        "Allow this, deny it (goes on without), or decide later",
        type=click.Choice(["allow", "deny", "later"]),
        default="later",
        err=True,
    )
    if chosen == "later":
        return None
    digests = [item["digest"] for item in undecided]
    decided = client.execute(
        "agentls.trust", params | {"decision": chosen, "digests": digests}
    )
    known = {item["digest"] for item in decided["items"]}
    if gone := [digest for digest in digests if digest not in known]:
        raise InvalidParams(
            f"{len(gone)} of the texts changed while you read them; about those"
            " nothing was decided.",
            hint="Look again with `agentls trust`.",
        )
    return decided
