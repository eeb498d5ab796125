"""`agentls train`: what is ready tried together, checked together, merged at once."""

import sys
from typing import Any

import click

from agentls.cli.arguments import given_repository, repo_option
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.places import path_of, short_path
from agentls.cli.progress import shown_progress
from agentls.cli.statuses import Status
from agentls.cli.trust import trusted
from agentls.cli.visible import brief, visible
from agentls.client import Client

__all__ = ["print_train", "train"]

_FAR_AWAY = 7 * 24 * 3600.0
"""Seconds that the checks of a train may take in all: each has its own limit."""


@click.command(cls=Command)
@click.option(
    "--only",
    "tasks",
    multiple=True,
    metavar="TASK",
    help="This task, and others named so, in this order.",
)
@click.option("--target", metavar="BRANCH", help="Only what goes to this branch.")
@click.option("--no-checks", is_flag=True, help="Run no check on the whole.")
@click.option("--merge", is_flag=True, help="Merge what goes in.")
@click.option("--no-sign", is_flag=True, help="Sign no commit, whatever git is set to.")
@click.option("--skip-hooks", is_flag=True, help="Run none of your commit hooks.")
@repo_option("The repository of this file or folder; the one here if absent.")
@json_option
@click.pass_context
def train(
    ctx: click.Context,
    *,
    tasks: tuple[str, ...],
    target: str | None,
    no_checks: bool,
    merge: bool,
    no_sign: bool,
    skip_hooks: bool,
    repo: str | None,
    as_json: bool,
) -> None:
    """Try all that is ready together, check it, and merge it.

    The tasks go in the order of review. One that conflicts stays behind, and so does
    one with which a check fails: it is found and named. The checks run in a worktree of
    their own. Nothing is merged, unless --merge says so or you say yes on a terminal:
    then the target moves once, to exactly what was checked, each task with its own
    commits.
    """
    params: dict[str, Any] = {
        "uri": given_repository(repo),
        "check": not no_checks,
        "merge": merge,
        "sign": not no_sign,
        "skipHooks": skip_hooks,
    }
    if tasks:
        params["tasks"] = tasks
    if target is not None:
        params["target"] = target
    with connected() as client:
        answer = _ask(client, params, as_json=as_json)
        if not as_json:
            listed = client.execute("agentls.listTasks", {})["tasks"]
            print_train(answer, listed)
            if _may_merge(answer) and _wanted(answer):
                answer = _ask(client, params | {"merge": True}, as_json=False)
    if as_json:
        print_json(answer)
    elif answer["merged"]:
        _print_merged(answer)
    elif _may_merge(answer) and not merge:
        click.echo("Nothing was merged: `agentls train --merge` does it.")
    ctx.exit(Status.OK if answer["merged"] or not merge else Status.REFUSED)


def print_train(answer: dict[str, Any], listed: list[dict[str, Any]]) -> None:
    """Print each task and what becomes of it, then the checks."""
    titles = {one["id"]: one["title"] for one in listed}
    for car in answer["cars"]:
        title = brief(titles.get(car["task"], ""))
        click.echo(f"{car['task']} {title}: {_way(car, merged=answer['merged'])}")
    for check in answer["checks"]:
        session = check.get("session", "")
        logs = f"agentls logs {session.rpartition('-')[0]} --session {session}"
        shown = f" ({logs})" if session else ""
        click.echo(f"{visible(check['name'])}: {_OUTCOMES[check['outcome']]}{shown}")
    if answer["why"]:
        click.echo(visible(answer["why"]))
    if not answer["cars"]:
        click.echo("Nothing is ready.")


_OUTCOMES = {
    "passed": "passes with all of them",
    "failed": "fails",
    "timedOut": "takes too long",
    "skipped": "not about what they change",
}


def _ask(client: Client, params: dict[str, Any], *, as_json: bool) -> dict[str, Any]:
    def ask() -> dict[str, Any]:
        with shown_progress() as progress:
            answer: dict[str, Any] = client.execute(
                "agentls.train",
                params,
                seconds=_FAR_AWAY if params["check"] else OPERATION_SECONDS,
                progress=progress,
            )
        return answer

    return ask() if as_json else trusted(client, params["uri"], ask)


def _may_merge(answer: dict[str, Any]) -> bool:
    going = any(car["outcome"] == "clean" for car in answer["cars"])
    return going and not answer["merged"] and not answer["why"]


def _wanted(answer: dict[str, Any]) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    count = sum(car["outcome"] == "clean" for car in answer["cars"])
    what = "it" if count == 1 else f"these {count}"
    return click.confirm(
        f"Merge {what} into {visible(answer['target'])}?", default=False, err=True
    )


def _way(car: dict[str, Any], *, merged: bool) -> str:
    if car["outcome"] == "clean":
        return "merged" if merged else "goes in"
    return f"stays behind. {visible(car['why'])}"


def _print_merged(answer: dict[str, Any]) -> None:
    cars = [car for car in answer["cars"] if car["outcome"] == "clean"]
    tasks = f"{len(cars)} task{'s' * (len(cars) != 1)}"
    where = f"{visible(answer['target'])} as {cars[-1]['commit'][:12]}"
    click.echo(f"Merged {tasks} into {where}.")
    if checkout := answer.get("checkout"):
        click.echo(f"{visible(short_path(path_of(checkout)))} is at it now.")
