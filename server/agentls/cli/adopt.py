"""`agentls adopt`: a worktree that is there already becomes a task."""

from pathlib import Path

import click

from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.next_steps import next_steps
from agentls.cli.visible import brief

__all__ = ["adopt"]


@click.command(cls=Command)
@click.argument("path", type=click.Path(exists=True, path_type=Path), default=".")
@click.argument("prompt", required=False)
@click.option(
    "--agent", metavar="NAME", help="Who does it; `agentls agents` lists them."
)
@click.option("--target", metavar="BRANCH", help="Where it will merge.")
@click.option("--title", help="What lists show; the branch's name if absent.")
@json_option
def adopt(
    *, path: Path, prompt: str | None, as_json: bool, **options: str | None
) -> None:
    """Make a task of a worktree that is there; it stays yours.

    What its branch has beyond the target, and what is not committed, is the change.
    With PROMPT an agent goes on there; without, it is ready for review. A discard
    lets go of the worktree and leaves folder and branch where they are.
    """
    params: dict[str, str] = {"uri": path.resolve().as_uri()}
    if prompt is not None:
        params["prompt"] = prompt
    params |= {name: value for name, value in options.items() if value is not None}
    with connected() as client:
        answer = client.execute("agentls.adopt", params, seconds=OPERATION_SECONDS)
    if as_json:
        print_json(answer)
        return
    task = answer["task"]
    click.echo(f"{click.style(task['id'], bold=True)}  adopted: {brief(task['title'])}")
    for step in next_steps(task):
        click.echo(f"      {step}")
