"""What all commands share: how an error is told, and what it makes of the exit."""

import json
import os
import sys
from typing import Any

import click

from agentls.cli.statuses import Status, status_of
from agentls.cli.visible import visible
from agentls.errors import AgentlsError

__all__ = ["Command", "Lazy", "json_option", "print_json", "quiet_pipe", "tell"]


class Command(click.Command):
    """A command whose errors become a message, a hint and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        try:
            return super().invoke(ctx)
        except AgentlsError as error:
            tell(error, as_json=bool(ctx.params.get("as_json")))
            ctx.exit(status_of(error))
        except BrokenPipeError:  # the reader, such as `head`, has enough
            quiet_pipe()
            ctx.exit(Status.BROKEN_PIPE)


class Lazy(click.Group):
    """A group whose commands are imported when they are asked for.

    `places` names each command's module and the object in it; `meant`, words that
    people try, each with the command that they mean.
    """

    def __init__(
        self, *, places: dict[str, str], meant: dict[str, str], **options: Any
    ) -> None:
        super().__init__(**options)
        self._places = places
        self._meant = meant

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order in which a person meets them."""
        return [*self._places, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        place = self._places.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        import importlib  # noqa: PLC0415 - with its own modules, only where used

        module, _, name = place.partition(":")
        found: click.Command = getattr(importlib.import_module(module), name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; of one that isn't there say what may be meant."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            import difflib  # noqa: PLC0415 - only for who mistyped

            near = difflib.get_close_matches(name, self._places, n=1, cutoff=0.7)
            if guess := self._meant.get(name) or (near[0] if near else None):
                ctx.fail(f"No such command '{visible(name)}'. Is it `{guess}`?")
        return super().resolve_command(ctx, args)


def json_option(function: Any) -> Any:
    """Add `--json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print the daemon's answer as JSON."
    )(function)


def print_json(value: Any) -> None:
    """Print JSON that any reader takes: ASCII, so that odd file names survive."""
    indent = 2 if sys.stdout.isatty() else None
    click.echo(json.dumps(value, indent=indent))


def tell(error: AgentlsError, *, as_json: bool = False) -> None:
    """Say on standard error what happened and what to do next."""
    if as_json:
        shown = {"kind": error.kind, "message": error.message, "hint": error.hint}
        click.echo(json.dumps({"error": shown}), err=True)
        return
    click.echo(
        f"{click.style('agentls:', fg='red')} {visible(error.message)}", err=True
    )
    if error.hint:
        click.echo(
            f"{click.style('hint:', fg='yellow')} {visible(error.hint)}", err=True
        )


def quiet_pipe() -> None:
    """Let what is still to be written to a closed pipe vanish without a complaint."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
