"""`agentls merge`: bring a task's work into its target."""

from typing import Any

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.places import path_of, short_path
from agentls.cli.progress import shown_progress
from agentls.cli.statuses import Status
from agentls.cli.stopping import wants_stop
from agentls.cli.trust import ask_trust
from agentls.cli.visible import brief, visible
from agentls.client import Client
from agentls.errors import InvalidState, Untrusted

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
@click.option(
    "--force",
    is_flag=True,
    help="Merge although a check failed, or what it stands on isn't merged.",
)
@click.option("--no-sign", is_flag=True, help="Sign no commit, whatever git is set to.")
@click.option("--skip-hooks", is_flag=True, help="Run none of your commit hooks.")
@click.option("--dry-run", is_flag=True, help="Say what it would do, and do nothing.")
@json_option
def merge(
    *,
    task: str,
    message: str | None,
    strategy: str | None,
    stop: bool,
    no_sign: bool,
    skip_hooks: bool,
    dry_run: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Merge a task into its target: wholly, or not at all.

    The target gets one commit, unless the config or --strategy says otherwise. On a
    conflict the exit status is 3, the message names the files, and target and
    checkout are as they were.
    """
    params: dict[str, Any] = {"task": task}
    if message is not None:
        params["message"] = message
    if strategy is not None:
        params["strategy"] = strategy
    params["skipHooks"] = skip_hooks
    if dry_run:
        _preview(params, as_json=as_json)
        return
    params |= {"stop": stop, "force": force}
    params["sign"] = not no_sign
    with connected() as client:
        answer = _merge_or_ask(client, params, may_ask=not as_json)
    if as_json:
        print_json(answer)
        return
    told = answer["task"]
    click.echo(
        f"Merged {told['id']} ({brief(told['title'])}) into {told['target']}"
        f" as {answer['commit'][:12]}. Back again: agentls undo {told['id']}"
    )
    if checkout := answer.get("checkout"):
        click.echo(f"{visible(short_path(path_of(checkout)))} is at it now.")
    following = answer.get("next", {})
    if after := following.get("task"):
        click.echo(f"Next: {after['id']} ({brief(after['title'])}). {following['why']}")


def _merge_or_ask(
    client: Client, params: dict[str, Any], *, may_ask: bool
) -> dict[str, Any]:
    """Merge; on a terminal ask about an agent that works, and hooks to trust."""
    while True:
        try:
            return _merge(client, params)
        except InvalidState:
            then = "merge what it has done so far"
            if params["stop"] or not may_ask:
                raise
            if not wants_stop(client, params["task"], then=then):
                raise
            params = params | {"stop": True}
        except Untrusted:
            told = client.execute("agentls.getTask", {"task": params["task"]})["task"]
            if not may_ask or not ask_trust(client, told["repository"]):
                raise
            # What was decided is decided, so this ends.


def _merge(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    with shown_progress() as progress:
        answer: dict[str, Any] = client.execute(
            "agentls.mergeTask",
            params,
            seconds=OPERATION_SECONDS,
            progress=progress,
        )
    return answer


def _preview(params: dict[str, Any], *, as_json: bool) -> None:
    """Print what a merge would do; exit as it would."""
    with connected() as client:
        found = client.execute(
            "agentls.previewMerge", params, seconds=OPERATION_SECONDS
        )
    if as_json:
        print_json(found)
    elif found["ok"]:
        _print_preview(found)
    else:
        _print_refusal(found)
    if found["conflicts"]:
        raise SystemExit(Status.CONFLICT)
    if not found["ok"]:
        raise SystemExit(Status.REFUSED)


def _print_preview(found: dict[str, Any]) -> None:
    count, files = found["commits"], len(found["files"])
    click.echo(
        f"Would give {visible(found['target'])} {count} commit{'s' * (count != 1)}"
        f" ({found['strategy']}), with {files} changed file{'s' * (files != 1)}:"
    )
    for file in found["files"]:
        click.echo(f"  {file['status'][0].upper()} {visible(file['path'])}")
    if hooks := found["hooks"]:
        click.echo(f"First it would run your hooks: {', '.join(hooks)}.")
    if message := found.get("message"):
        click.echo("\n" + visible(message.rstrip("\n")))


def _print_refusal(found: dict[str, Any]) -> None:
    for path in found["conflicts"]:
        click.echo(
            f"Conflicts with {visible(found['target'])}: {visible(path)}", err=True
        )
    for text in found["conflictMessages"]:
        click.echo("  " + visible(text).replace("\n", "\n  "), err=True)
    for path in found["inTheWay"]:
        click.echo(f"In the way, not committed: {visible(path)}", err=True)
    if found["whyNot"]:
        click.echo(visible(found["whyNot"]), err=True)
