"""`agentls script`: what the configuration can have run in a task's worktree."""

import sys
from typing import Any

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.table import Column, print_table
from agentls.cli.trust import trusted
from agentls.client import Client

__all__ = ["script"]


@click.command(cls=Command)
@task_argument
@click.argument("name", required=False)
@click.option("--attach", "attach_", is_flag=True, help="Attach to it at once.")
@click.option("--stop", is_flag=True, help="End it; without NAME, all that run.")
@click.option("--list", "list_", is_flag=True, help="Show which there are.")
@json_option
def script(
    *,
    task: str,
    name: str | None,
    attach_: bool,
    stop: bool,
    list_: bool,
    as_json: bool,
) -> None:
    """Run a configured script (`[run.NAME]`) in a worktree.

    Without NAME, the only one there is. It runs in a session of its own, with the
    task's ports, until it ends, or the task is stopped, merged or discarded.
    """
    if stop + list_ + attach_ > 1 or (attach_ and as_json):
        raise click.UsageError("Give one of --attach, --stop and --list.")
    with connected() as client:
        params = {"task": task} | ({"name": name} if name and not list_ else {})
        answer = _ask(client, _COMMAND[(stop, list_)], params)
    if as_json:
        print_json(answer)
    elif list_:
        _print(answer["scripts"])
    elif stop:
        click.echo(f"Stopped {name or 'what ran'} of {answer['task']['id']}.")
    else:
        _show(answer["task"], answer["session"], attach=attach_)


def _show(task: dict[str, Any], session: dict[str, Any], *, attach: bool) -> None:
    """Say where a script runs, and show its terminal if that is wanted."""
    ports = task.get("ports")
    at = f", ports from {ports['first']}" if ports else ""
    click.echo(f"{session['title']} runs as {session['id']}{at}.")
    if not attach:
        click.echo(f"      agentls attach {task['id']} --session {session['id']}")
        return
    from agentls.cli.attach import attach_to  # noqa: PLC0415 - seldom needed

    attach_to(task["id"], session=session["id"])


_COMMAND = {
    (False, False): "agentls.runScript",
    (True, False): "agentls.stopScript",
    (False, True): "agentls.listScripts",
}


def _ask(client: Client, command: str, params: dict[str, str]) -> dict[str, Any]:
    """Ask; where a text isn't trusted yet, a person at a terminal decides first."""

    def ask() -> dict[str, Any]:
        answer: dict[str, Any] = client.execute(
            command, params, seconds=OPERATION_SECONDS
        )
        return answer

    told = client.execute("agentls.getTask", {"task": params["task"]})
    return trusted(client, told["task"]["repository"], ask)


def _print(scripts: list[dict[str, Any]]) -> None:
    if not scripts:
        click.echo("The configuration has no scripts.", err=True)
        return
    rows = [
        [one["name"], _stands(one.get("session")), "; ".join(one["commands"])]
        for one in scripts
    ]
    columns = [
        Column(title="SCRIPT"),
        Column(title="SESSION"),
        Column(title="RUNS", gives_way=True),
    ]
    print_table(rows, columns=columns, width=_width())


def _stands(session: dict[str, Any] | None) -> str:
    if session is None:
        return "-"
    return f"{session['id']} {'runs' if session['live'] else 'ended'}"


def _width() -> int | None:
    import shutil  # noqa: PLC0415 - for this table alone

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
