"""`agentls diff`: what a task changed, from its base to its worktree now."""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.pager import page
from agentls.cli.visible import visible
from agentls.client import Client

__all__ = ["diff"]

_GRAPH = 40
"""Columns for the plus and minus signs of `--stat`."""

_RESET = b"\x1b[m"
_BOLD = b"\x1b[1m"
_COLOURS = {b"@": b"\x1b[36m", b"+": b"\x1b[32m", b"-": b"\x1b[31m"}
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")


@click.command(cls=Command)
@task_argument
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--since",
    metavar="POINT",
    help="Only since: looked, turn (the last one), or a checkpoint's number.",
)
@click.option("--stat", is_flag=True, help="How much changed in each file.")
@click.option("--name-only", is_flag=True, help="The names of the files.")
@json_option
def diff(
    *,
    task: str,
    paths: tuple[str, ...],
    since: str | None,
    stat: bool,
    name_only: bool,
    as_json: bool,
) -> None:
    """Show what a task changed, committed or not.

    PATH names files or folders from the top of the repository. On a terminal it comes
    in colour through the pager that git uses; else it is a patch that `git apply`
    takes.
    """
    patch = not (stat or name_only or as_json)
    params: dict[str, Any] = {"task": task, "paths": paths, "from": since or "base"}
    with connected() as client:
        if patch:  # it is of all files, whichever are listed
            answer = _ask(client, params | {"patch": True, "limit": 1})
        else:
            answer = _all_pages(client, params | {"hunks": as_json})
    if as_json:
        print_json(answer)
        return
    if not answer["files"]:
        where = " there" if paths else ""
        when = " since" if since else ""
        click.echo(f"{task} has changed nothing{where}{when}.", err=True)
        _print_skipped(answer.get("skipped", ()))
        return
    terminal = sys.stdout.isatty()
    if name_only:
        text = "".join(
            _name(file["path"], raw=not terminal) + "\n" for file in answer["files"]
        )
        page(_bytes(text), colour=False)
    elif stat:
        colour = terminal and "NO_COLOR" not in os.environ
        text = click.style(_stat(answer)) if colour else click.unstyle(_stat(answer))
        page(_bytes(text), colour=colour)
    else:
        data = _bytes(answer.get("patch") or "")
        colour = terminal and "NO_COLOR" not in os.environ
        if terminal:
            data = _harmless(data)
        page(_coloured(data) if colour else data, colour=colour)
    _print_skipped(answer.get("skipped", ()))


def _ask(client: Client, params: Mapping[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = client.execute(
        "agentls.changes", params, seconds=OPERATION_SECONDS
    )
    return answer


def _all_pages(client: Client, params: Mapping[str, Any]) -> dict[str, Any]:
    answer = page = _ask(client, params)
    files: list[Any] = answer["files"]
    while more := page.get("more"):
        page = _ask(client, {**params, "more": more})
        files += page["files"]
    answer.pop("more", None)
    return answer


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _name(path: str, *, raw: bool) -> str:
    return path if raw else visible(path)


def _stat(answer: Mapping[str, Any]) -> str:
    files: Sequence[Mapping[str, Any]] = answer["files"]
    names = [_stat_name(file) for file in files]
    wide = max((len(name) for name in names), default=0)
    most = max(
        (file.get("added", 0) + file.get("deleted", 0) for file in files), default=0
    )
    lines = [
        f" {name:<{wide}} | {_graph(file, most=most)}"
        for name, file in zip(names, files, strict=True)
    ]
    lines.append(
        f" {len(files)} file{_s(len(files))} changed,"
        f" {answer['added']} insertion{_s(answer['added'])}(+),"
        f" {answer['deleted']} deletion{_s(answer['deleted'])}(-)"
    )
    return "\n".join(lines) + "\n"


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _stat_name(file: Mapping[str, Any]) -> str:
    name = visible(file["path"])
    old = file.get("oldPath")
    return f"{visible(old)} => {name}" if old and old != file["path"] else name


def _graph(file: Mapping[str, Any], *, most: int) -> str:
    if file.get("binary"):
        return "binary"
    added, deleted = file.get("added", 0), file.get("deleted", 0)
    scale = min(1.0, _GRAPH / most) if most else 1.0
    plus, minus = (-int(-count * scale // 1) for count in (added, deleted))
    return (
        f"{added + deleted:>5} "
        + click.style("+" * plus, fg="green")
        + click.style("-" * minus, fg="red")
    )


def _harmless(patch: bytes) -> bytes:
    """Write control characters as `less` does, ^[ and the like."""
    return _CONTROL.sub(_named, patch)


def _named(found: re.Match[bytes]) -> bytes:
    code = found[0][-1]
    return b"<%02X>" % code if len(found[0]) > 1 else b"^%c" % (code ^ 0x40)


def _coloured(patch: bytes) -> bytes:
    """Paint a patch as git does by default."""
    painted: list[bytes] = []
    heading = True
    for line in patch.splitlines(keepends=True):
        if line.startswith(b"diff --git "):
            heading = True
        elif line.startswith(b"@@"):
            heading = False
        body = line.rstrip(b"\n")
        colour = _BOLD if heading else _COLOURS.get(line[:1])
        painted.append(colour + body + _RESET + line[len(body) :] if colour else line)
    return b"".join(painted)


def _print_skipped(skipped: Sequence[str]) -> None:
    for path in skipped:
        click.echo(f"not in the change, kept on disk: {visible(path)}", err=True)
