"""`agentls gc`: what may go, how much room that frees, and then doing it."""

import sys
from typing import Any

import click

from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.outlook import room
from agentls.cli.visible import visible

__all__ = ["gc"]

_DOES = {
    "compressLog": "compress the output of {}",
    "dropLog": "drop the output of {}",
    "dropWorktree": "drop the worktree of {}, its work stays in checkpoints",
    "dropSetup": "drop {}",
}
_DID = {
    "compressLog": "compressed the output of {}",
    "dropLog": "dropped the output of {}",
    "dropWorktree": "dropped the worktree of {}",
    "dropSetup": "dropped {}",
}


@click.command(cls=Command)
@click.option("-y", "--yes", is_flag=True, help="Do it and don't ask.")
@json_option
def gc(*, yes: bool, as_json: bool) -> None:
    """Free room: compress old output, drop what was kept enough.

    Shows what it would do; on a terminal it asks then, elsewhere it wants --yes.
    Nothing is ever dropped of a task that is neither merged nor discarded.
    """
    with connected() as client:
        if not yes:
            answer = _ask(client, apply=False)
            if as_json:
                print_json(answer)
                return
            _print(answer, _DOES, total="This frees about {}.")
            if not answer["items"]:
                return
            if not (sys.stdin.isatty() and sys.stdout.isatty()):
                click.echo("Nothing was done; `agentls gc --yes` does it.")
                return
            if not click.confirm("Do it?"):
                return
        answer = _ask(client, apply=True)
    if as_json:
        print_json(answer)
        return
    _print(answer, _DID, total="{} freed.")


def _ask(client: Any, *, apply: bool) -> dict[str, Any]:
    answer: dict[str, Any] = client.execute(
        "agentls.gc", {"apply": apply}, seconds=OPERATION_SECONDS
    )
    return answer


def _print(answer: dict[str, Any], words: dict[str, str], *, total: str) -> None:
    for item in answer["items"]:
        what: str = item["what"]
        said = words[what] if what in words else what + " {}"
        named = item.get("session") or item.get("task") or "what a setup made"
        said = said.format(named)
        if item.get("why"):
            click.echo(visible(item["why"]))
            continue
        for_budget = ", for disk.budget" if item.get("forBudget") else ""
        click.echo(
            f"{said}: {room(item['size'])}, frees {room(item['frees'])}{for_budget}"
        )
    if answer["items"]:
        click.echo(total.format(room(sum(item["frees"] for item in answer["items"]))))
    else:
        click.echo("There is nothing to do.")
