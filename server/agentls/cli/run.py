"""`agentls run`: a new task."""

from collections.abc import Mapping
from typing import Any

import click

from agentls.cli.arguments import given_repository, label_option, repo_option
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.next_steps import next_steps
from agentls.cli.progress import shown_progress
from agentls.cli.prompt import NOTHING, kept, read_prompt
from agentls.cli.statuses import TaskFailed
from agentls.cli.templates import complete_template, filled_in
from agentls.cli.terminal import require_terminal
from agentls.cli.trust import trusted
from agentls.cli.visible import brief, one_line
from agentls.cli.waiting import wait_for_rest
from agentls.client import Client
from agentls.paths import Paths

__all__ = ["run"]

_END = {
    "failed": "failed",
    "interrupted": "was interrupted",
    "discarded": "was discarded",
}
_BAD_ENDS = frozenset(_END)


@click.command(cls=Command)
@click.argument("prompt", required=False)
@click.option(
    "--agent", metavar="NAME", help="Who does it; `agentls agents` lists them."
)
@click.option(
    "--base",
    metavar="REF",
    help="Where it begins: any ref, `wip` (your checkout with its uncommitted changes),"
    " `branch:NAME` (work on that branch), `pr:NUMBER` or `task:ID`. HEAD if absent.",
)
@click.option(
    "--after",
    multiple=True,
    metavar="TASK",
    help="Begin when TASK is merged, from where the target is then; several allowed.",
)
@click.option(
    "--priority", type=int, metavar="N", help="The greater the earlier; 0 if absent."
)
@label_option("What to file it under, for lists and routes; several allowed.")
@click.option(
    "--template",
    metavar="NAME",
    shell_complete=complete_template,
    help="A prompt of the configuration; PROMPT comes after it.",
)
@click.option(
    "--field",
    multiple=True,
    metavar="NAME=TEXT",
    help="What goes into a field of the template; a terminal asks for the others.",
)
@click.option("--branch", metavar="NAME", help="The new branch's name.")
@click.option("--target", metavar="BRANCH", help="Where it will merge.")
@click.option("--parent", metavar="TASK", help="The task below which lists show it.")
@click.option("--title", help="What lists show; the prompt's first line if absent.")
@repo_option("The repository; here if absent.")
@click.option("--wait", is_flag=True, help="Return when the agent is done.")
@click.option("--attach", "attach_", is_flag=True, help="Attach at once.")
@json_option
def run(
    *,
    prompt: str | None,
    repo: str | None,
    wait: bool,
    attach_: bool,
    as_json: bool,
    template: str | None,
    field: tuple[str, ...],
    **options: str | int | tuple[str, ...] | None,
) -> None:
    """Give an agent a task, in a worktree and branch of its own.

    PROMPT says what is wanted; `-` reads it from standard input, and without one
    your editor opens. With --wait the exit status is 0 when the task is ready for
    review, 8 when it failed. Ctrl-C while it is created undoes the creation.
    """
    if attach_ and (wait or as_json):
        raise click.UsageError("--attach goes with neither --wait nor --json.")
    if field and template is None:
        raise click.UsageError("--field goes with --template.")
    if attach_:
        require_terminal("Nothing was created; leave --attach out.")
    paths = Paths.of_this_process()
    # A template has a text: nobody is asked for more.
    alone = template is not None and prompt is None
    asked = NOTHING if alone else read_prompt(prompt, paths=paths)
    params: dict[str, Any] = {"prompt": asked.text, "uri": given_repository(repo)}
    params |= {
        name: value for name, value in options.items() if value not in {None, ()}
    }
    with kept(asked, paths=paths), connected() as client:
        params |= filled_in(client, template, given=field, uri=params["uri"])
        answer = trusted(client, params["uri"], lambda: _create(client, params))
    task = answer["task"]
    if not as_json:
        _print(task, brief_only=attach_ or wait)
    if wait and task["state"] not in _BAD_ENDS:
        answer["task"] = task = wait_for_rest(task["id"])
        if not as_json and task["state"] not in _BAD_ENDS:
            told = "is merged" if task["state"] == "merged" else "is ready for review"
            click.echo(f"{task['id']} {told}.")
            _print_next(task)
    if as_json:
        print_json(answer)
    if task["state"] in _BAD_ENDS:
        raise TaskFailed(
            f"Task {task['id']} {_END[task['state']]}. {task.get('why', '')}".rstrip(),
            hint=f"`agentls show {task['id']}` says what can be done;"
            " the prompt and the work are kept.",
        )
    if attach_:
        from agentls.cli.attach import attach_to  # noqa: PLC0415 - seldom needed

        attach_to(task["id"])


def _create(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    with shown_progress() as progress:
        answer: dict[str, Any] = client.execute(
            "agentls.createTask", params, seconds=OPERATION_SECONDS, progress=progress
        )
    return answer


def _print(task: Mapping[str, Any], *, brief_only: bool) -> None:
    said = _END.get(task["state"], f"{task['agent']} is {task['state']}")
    click.echo(f"{click.style(task['id'], bold=True)}  {said}: {brief(task['title'])}")
    if task["state"] == "queued":
        after = " and ".join(task.get("after", ()))
        begins = f"after the merge of {after}" if after else "when it is its turn"
        waits = one_line(task.get("why") or f"It begins by itself {begins}.")
        click.echo(f"      {waits}")
    if not brief_only and task["state"] not in _BAD_ENDS:
        _print_next(task)


def _print_next(task: Mapping[str, Any]) -> None:
    for step in next_steps(task)[:3]:
        click.echo(f"      {step}")
