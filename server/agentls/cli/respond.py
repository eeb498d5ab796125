"""`agentls respond`: answer what an agent asks, without its terminal."""

from typing import Any

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected

__all__ = ["respond"]


@click.command(cls=Command)
@task_argument
@click.argument("answer")
@click.option("-t", "--text", is_flag=True, help="ANSWER is a text, not a choice.")
@json_option
def respond(*, task: str, answer: str, text: bool, as_json: bool) -> None:
    """Answer what a task's agent asks: allow, deny, or a text.

    ANSWER is one of the choices that `agentls show` names, or else a text. Nothing is
    typed when the agent's screen shows that dialog no more.
    """
    with connected() as client:
        shown: dict[str, Any] = client.execute("agentls.getTask", {"task": task})
        asked: dict[str, Any] = shown["task"].get("asked") or {}
        word = not text and (
            answer in asked.get("choices", ()) or not asked.get("takesText")
        )
        result: dict[str, Any] = client.execute(
            "agentls.respond",
            {"task": task, ("choice" if word else "text"): answer},
            seconds=OPERATION_SECONDS,
        )
    if as_json:
        print_json(result)
        return
    click.echo(f"Answered {result['task']['id']}.")
