"""`agentls accept` and `agentls refuse`: decide about parts of a task's change."""

from typing import Any

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.places import path_of, short_path
from agentls.cli.progress import shown_progress
from agentls.cli.visible import brief, visible

__all__ = ["accept", "refuse"]

_paths = click.argument("paths", nargs=-1, metavar="[PATH]...")
_hunks = click.option(
    "--hunk",
    "hunks",
    multiple=True,
    metavar="ID",
    help="Only this hunk; `agentls diff --json` has them.",
)
_stop = click.option("--stop", is_flag=True, help="Stop an agent that still works.")


@click.command(cls=Command)
@task_argument
@_paths
@_hunks
@click.option(
    "-m", "--message", help="The commit's message; made from the title if absent."
)
@_stop
@click.option("--force", is_flag=True, help="Merge although a check failed.")
@click.option("--no-sign", is_flag=True, help="Sign no commit, whatever git is set to.")
@click.option("--skip-hooks", is_flag=True, help="Run none of your commit hooks.")
@json_option
def accept(
    *,
    task: str,
    paths: tuple[str, ...],
    hunks: tuple[str, ...],
    message: str | None,
    stop: bool,
    force: bool,
    no_sign: bool,
    skip_hooks: bool,
    as_json: bool,
) -> None:
    """Merge some files or hunks of a task; the rest stays.

    PATH names files or folders from the top of the repository. The target gets one
    commit, or nothing. The agent is told with its next prompt.
    """
    params: dict[str, Any] = {"task": task, "paths": paths, "hunks": hunks}
    if message is not None:
        params["message"] = message
    params |= {"stop": stop, "force": force}
    params |= {"sign": not no_sign, "skipHooks": skip_hooks}
    answer = _run("agentls.applyHunks", params)
    if as_json:
        print_json(answer)
        return
    told = answer["task"]
    click.echo(
        f"Took {_counted(answer['taken'])} of {told['id']} ({brief(told['title'])})"
        f" into {told['target']} as {answer['commit'][:12]}; {answer['left']} left."
    )
    if checkout := answer.get("checkout"):
        click.echo(f"{visible(short_path(path_of(checkout)))} is at it now.")


@click.command(cls=Command)
@task_argument
@_paths
@_hunks
@_stop
@json_option
def refuse(
    *,
    task: str,
    paths: tuple[str, ...],
    hunks: tuple[str, ...],
    stop: bool,
    as_json: bool,
) -> None:
    """Put some files or hunks of a task back as they were.

    PATH names files or folders from the top of the repository. A checkpoint keeps what
    was there. The agent is told with its next prompt.
    """
    answer = _run(
        "agentls.refuseHunks",
        {"task": task, "paths": paths, "hunks": hunks, "stop": stop},
    )
    if as_json:
        print_json(answer)
        return
    told = answer["task"]
    click.echo(
        f"Put {_counted(answer['refused'])} of {told['id']} ({brief(told['title'])})"
        f" back; {answer['left']} left. Checkpoint {answer['checkpoint']} keeps what"
        f" was there: agentls rewind {told['id']} {answer['checkpoint']}"
    )


def _run(command: str, params: dict[str, Any]) -> dict[str, Any]:
    with connected() as client, shown_progress() as progress:
        answer: dict[str, Any] = client.execute(
            command, params, seconds=OPERATION_SECONDS, progress=progress
        )
    return answer


def _counted(hunks: int) -> str:
    return f"{hunks} hunk{'' if hunks == 1 else 's'}"
