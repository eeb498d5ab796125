"""`agentls show`: one task, its prompt, and what can be done next."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from agentls.cli.arguments import task_argument
from agentls.cli.checks import check_lines
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import connected
from agentls.cli.listing import STATE_COLOURS, ago
from agentls.cli.next_steps import next_steps
from agentls.cli.outlook import (
    asked_of,
    conflicts_of,
    labels_of,
    quiet_of,
    size_of,
    told_by,
    usage_of,
)
from agentls.cli.places import path_of, short_path
from agentls.cli.visible import one_line, visible

__all__ = ["show"]


@click.command(cls=Command)
@task_argument
@json_option
def show(*, task: str, as_json: bool) -> None:
    """Show one task: its state, places, sessions and prompt."""
    with connected() as client:
        answer: dict[str, Any] = client.execute("agentls.getTask", {"task": task})
    if as_json:
        print_json(answer)
        return
    _print(answer["task"], answer.get("prompt", ""), usage=answer.get("usage"))


def _print(
    task: Mapping[str, Any], prompt: str, *, usage: Mapping[str, Any] | None
) -> None:
    base = task["base"]
    origin = f"{base['name']} ({base['commit'][:12]})"
    _field("Task", f"{click.style(task['id'], bold=True)}  {one_line(task['title'])}")
    _print_state(task)
    chosen = task.get("chosen")
    _field("Agent", task["agent"] + (f": {one_line(chosen)}" if chosen else ""))
    if labels := labels_of(task):
        _field("Labels", labels)
    _field("Repository", visible(short_path(path_of(task["repository"]))))
    _field("Worktree", visible(short_path(path_of(task["worktree"]))))
    _field("Branch", f"{one_line(task['branch'])}, from {one_line(origin)}")
    merged = task.get("mergedCommit")
    _field(
        "Target", one_line(task["target"]) + (f", as {merged[:12]}" if merged else "")
    )
    if ports := task.get("ports"):
        first, last = ports["first"], ports["first"] + ports["count"] - 1
        _field("Ports", f"{first}-{last}" if last > first else f"{first}")
    if size := size_of(task):
        files = task["files"]
        _field(
            "Change", f"{size} in {files} file{'s' * (files != 1)}" if files else size
        )
    if usage and usage["turns"]:
        _field("Took", usage_of(usage))
    if conflicts := conflicts_of(task):
        _field("Forecast", conflicts)
    for line in check_lines(task):
        _field("Check", line)
    for session in task.get("sessions", ()):
        _field(
            "Session", f"{session['id']}  {one_line(session['title'])}: {_end(session)}"
        )
    click.echo()
    click.echo("\n".join("  " + line for line in visible(prompt).splitlines()))
    if steps := next_steps(task):
        click.echo()
        _field("Next", "\n            ".join(steps))


def _print_state(task: Mapping[str, Any]) -> None:
    now = datetime.now(UTC)
    state = click.style(task["state"], fg=STATE_COLOURS.get(task["state"]))
    since = ago(task["changed"], now=now)
    stands = [state, "just now" if since == "now" else f"for {since}"]
    if teller := told_by(task):
        stands.append(f"told by {teller}")
    _field("State", ", ".join(filter(None, (*stands, quiet_of(task, now=now)))))
    if task.get("after"):
        _field("After", ", ".join(task["after"]))
    if task.get("parent"):
        _field("Parent", task["parent"])
    if task.get("approval"):
        _field("Approval", f"{task['approval']} at most: an agent handed it out")
    if task.get("on"):
        _field("On", f"{task['on']}: it follows that task and is merged after it")
    if task.get("lostTo"):
        _field("Lost to", f"{task['lostTo']}, which was merged in its place")
    if task.get("why"):
        _field("Why", one_line(task["why"]))
    if asked := asked_of(task):
        _field("Asks", asked)


def _field(name: str, value: str) -> None:
    head = click.style(f"{name}:".ljust(11), bold=True)
    click.echo(f"{head} {value}")


def _end(session: Mapping[str, Any]) -> str:
    if session["live"]:
        return "running"
    end = session.get("exit")
    if end is None:
        return "vanished without an exit status"
    if end.get("signal"):
        return f"ended by signal {end['signal']}"
    return f"exit status {end.get('status')}"
