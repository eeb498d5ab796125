"""`agentls comment`, `comments`, `send-review`: what a person says about a change."""

import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import click

from agentls.cli.arguments import task_argument
from agentls.cli.command import Command, json_option, print_json
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.visible import brief, one_line, visible

__all__ = ["comment", "comments", "send_review"]

_WHERE = re.compile(r"(?P<path>.*?)(?::(?P<line>\d+)(?:-(?P<end>\d+))?)?", re.DOTALL)

_ANSWERS = {
    "touched": "it changed {}",
    "near": "it changed {}, not these lines",
    "untouched": "untouched",
}


@click.command(cls=Command)
@task_argument
@click.argument("words", nargs=-1, required=True, metavar="[PATH[:LINE[-END]]] TEXT")
@click.option("--old", is_flag=True, help="The line is the base's, not the worktree's.")
@click.option("--reply", type=int, metavar="N", help="Reply to comment N.")
@click.option("--edit", type=int, metavar="N", help="Change the text of comment N.")
@json_option
def comment(
    *,
    task: str,
    words: tuple[str, ...],
    old: bool,
    reply: int | None,
    edit: int | None,
    as_json: bool,
) -> None:
    """Comment on a line, a file or a whole change.

    The comment follows its lines; `agentls send-review` tells the agent. TEXT `-`
    reads standard input.
    """
    *places, text = words
    if len(places) > 1:
        raise click.UsageError("Give one place and one text; quote the text.")
    where = places[0] if places else None
    params: dict[str, Any] = {"task": task, "text": _given(text)}
    if (where is not None) + (reply is not None) + (edit is not None) > 1:
        raise click.UsageError("Give one of PATH, --reply and --edit.")
    if edit is not None:
        params["comment"] = edit
    elif reply is not None:
        params["thread"] = reply
    else:
        params |= _place(where, old=old)
    with connected() as client:
        answer = client.execute(
            "agentls.addComment" if edit is None else "agentls.editComment",
            params,
            seconds=OPERATION_SECONDS,
        )
    if as_json:
        print_json(answer)
        return
    told = answer["comment"]
    click.echo(f"Comment {told['id']} on {_where(told)}.")


@click.command(cls=Command)
@task_argument
@click.option("--all", "all_", is_flag=True, help="Resolved threads too.")
@click.option("--resolve", type=int, metavar="N", help="Thread N is done with.")
@click.option("--reopen", type=int, metavar="N", help="Thread N is not, after all.")
@click.option("--delete", type=int, metavar="N", help="Delete comment N.")
@json_option
def comments(
    *,
    task: str,
    all_: bool,
    resolve: int | None,
    reopen: int | None,
    delete: int | None,
    as_json: bool,
) -> None:
    """List a task's comments, and what its agent did about each."""
    with connected() as client:
        for number, command, more in (
            (resolve, "agentls.resolveComment", {}),
            (reopen, "agentls.resolveComment", {"resolved": False}),
            (delete, "agentls.deleteComment", {}),
        ):
            if number is not None:
                client.execute(
                    command,
                    {"task": task, "comment": number} | more,
                    seconds=OPERATION_SECONDS,
                )
        answer = client.execute(
            "agentls.listComments",
            {"task": task, "all": all_},
            seconds=OPERATION_SECONDS,
        )
    if as_json:
        print_json(answer)
        return
    for line in _lines(answer["comments"]):
        click.echo(line)


@click.command("send-review", cls=Command)
@task_argument
@click.argument("text", required=False)
@json_option
def send_review(*, task: str, text: str | None, as_json: bool) -> None:
    """Tell the agent all open comments in one prompt.

    TEXT is put before them; `-` reads standard input. The prompt is typed into the
    agent's session; when that ended, the agent is started again with it.
    """
    params = {"task": task}
    if text is not None:
        params["text"] = _given(text)
    with connected() as client:
        answer = client.execute("agentls.sendReview", params, seconds=OPERATION_SECONDS)
    if as_json:
        print_json(answer)
        return
    told, count = answer["task"], len(answer["comments"])
    what = f"{count} comment{'s' * (count != 1)}" if count else "the text"
    click.echo(f"Sent {what} to {told['id']} ({brief(told['title'])}).")


def _given(text: str) -> str:
    return sys.stdin.read() if text == "-" else text


def _place(where: str | None, *, old: bool) -> dict[str, Any]:
    if where is None:
        return {}
    found = _WHERE.fullmatch(where)
    assert found is not None  # noqa: S101 - it matches anything
    params: dict[str, Any] = {"path": found["path"]}
    if found["line"]:
        params["line"] = int(found["line"])
    if found["end"]:
        params["endLine"] = int(found["end"])
    return params | ({"side": "old"} if old else {})


def _lines(listed: list[Mapping[str, Any]]) -> Iterator[str]:
    for told in listed:
        first = told["thread"] == told["id"]
        if first:
            yield click.style(_where(told), bold=True) + _about(told)
            if quoted := told["quoted"]:
                yield from (f"    | {visible(one)}" for one in quoted.split("\n"))
        author = f"{one_line(told['author'])}: " if told.get("author") else ""
        head, *rest = visible(told["text"].strip()).split("\n")
        yield f"  {told['id']}. {author}{head}  [{told['state']}]"
        yield from (f"     {line}" for line in rest)
        if answer := told.get("answer"):
            at = _where(answer) if "path" in answer else "the change"
            yield f"     → {_ANSWERS[answer['how']].format(at)}"


def _about(told: Mapping[str, Any]) -> str:
    notes = ["base"] * (told["side"] == "old") + ["changed since"] * bool(
        told.get("outdated")
    )
    return f" ({', '.join(notes)})" if notes else ""


def _where(told: Mapping[str, Any]) -> str:
    if "path" not in told:
        return "the whole change"
    where = one_line(told["path"])
    if "line" in told:
        where += f":{told['line']}"
        if told["endLine"] != told["line"]:
            where += f"-{told['endLine']}"
    return where
