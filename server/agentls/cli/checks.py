"""`agentls check` and `agentls brief`: what was checked, and what to know."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.outlook import CHECKS_BAD, needed_checks_failed
from agentls.cli.pager import page
from agentls.cli.progress import shown_progress
from agentls.cli.statuses import Status
from agentls.cli.visible import one_line, visible

__all__ = ["brief", "check", "check_lines"]

_COLOURS = {"passed": "green", "running": "cyan"} | dict.fromkeys(CHECKS_BAD, "red")
_WORDS = {"timedOut": "took too long", "lost": "could not be run"}


@click.command(cls=Command)
@task_argument
@click.argument("names", nargs=-1, metavar="[NAME]...")
@json_option
@click.pass_context
def check(
    ctx: click.Context, *, task: str, names: tuple[str, ...], as_json: bool
) -> None:
    """Run a task's checks now, or those that are named.

    They run by themselves when its agent is done. The exit status is 1 when one did
    not pass that a merge needs; Ctrl-C stops them.
    """
    params: dict[str, Any] = {"task": task}
    if names:
        params["names"] = list(names)
    with connected() as client, shown_progress() as progress:
        answer: dict[str, Any] = client.execute(
            "agentls.runChecks", params, seconds=OPERATION_SECONDS, progress=progress
        )
    told = answer["task"]
    if as_json:
        print_json(answer)
    else:
        for line in check_lines(told):
            click.echo(line)
        if told.get("why"):
            click.echo(one_line(told["why"]))
        for one in told["checks"]:
            if one["outcome"] in CHECKS_BAD and "session" in one:
                click.echo(f"agentls logs {told['id']} --session {one['session']}")
    ctx.exit(Status.REFUSED if needed_checks_failed(told) else Status.OK)


@click.command(cls=Command)
@task_argument
@json_option
def brief(*, task: str, as_json: bool) -> None:
    """Show what to know before a review: asked, said, checked."""
    with connected() as client:
        answer = client.execute(
            "agentls.briefing", {"task": task}, seconds=OPERATION_SECONDS
        )
    if as_json:
        print_json(answer)
        return
    page(visible(answer["text"]).encode(), colour=False)


def check_lines(task: Mapping[str, Any]) -> Iterator[str]:
    """Give a line for each check: its outcome, its time, and where its output is."""
    for one in task.get("checks", ()):
        outcome = _WORDS.get(one["outcome"], one["outcome"])
        line = f"{one['name']}  {click.style(outcome, fg=_COLOURS.get(one['outcome']))}"
        if "seconds" in one:
            line += f" in {one['seconds']:.1f} s"
        if "session" in one:
            line += f"  ({one['session']})"
        yield line + ("" if one["mode"] == "block" else "  informs only")
