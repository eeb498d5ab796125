"""The fields of a template: as options, or asked for on a terminal."""

import sys
from collections.abc import Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from agentls.cli.visible import brief, one_line, visible
from agentls.client import Client

__all__ = ["complete_template", "filled_in"]


def filled_in(
    client: Client, template: str | None, *, given: Sequence[str], uri: str
) -> dict[str, Any]:
    """Give what a template adds to a request: its name, and its fields filled in.

    As given by `NAME=TEXT`, and, on a terminal, asked where there is no default. A
    template that isn't there is the daemon's to refuse.
    """
    if template is None:
        return {}
    fields: dict[str, str] = {}
    for one in given:
        name, equals, text = one.partition("=")
        if not equals:
            raise click.UsageError(f"--field takes NAME=TEXT, not {visible(one)!r}.")
        fields[name] = text
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return {"template": template, "fields": fields}
    for known in _templates(client, uri):
        if known["name"] != template:
            continue
        for field in known["fields"]:
            if field["name"] not in fields and "default" not in field:
                asked = one_line(field["ask"])
                fields[field["name"]] = click.prompt(asked, err=True)
    return {"template": template, "fields": fields}


def complete_template(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Name the templates that begin so, from the living daemon."""
    from agentls.cli.arguments import given_repository  # noqa: PLC0415 - for Tab alone
    from agentls.cli.completion import ask_living  # noqa: PLC0415 - the same

    found = ask_living("agentls.listTemplates", {"uri": given_repository(None)})
    return [
        CompletionItem(one["name"], help=brief(one["prompt"]))
        for one in found.get("templates", ())
        if one["name"].startswith(incomplete)
    ]


def _templates(client: Client, uri: str) -> list[dict[str, Any]]:
    answer: dict[str, Any] = client.execute("agentls.listTemplates", {"uri": uri})
    return answer["templates"]
