"""The command `agentls`: its groups, and how errors are told in a terminal.

A command's module is imported when it is used, so that `agentls ls` doesn't wait
for the others' imports. To add one: a click command in a module of this package,
and a line in `_COMMANDS`.
"""

import importlib
import sys
from collections.abc import Sequence
from typing import NamedTuple

import click

from agentls import __version__
from agentls.errors import AgentlsError

__all__ = ["cli", "main"]


class _Entry(NamedTuple):
    """Where a command is, and its line in the help, which imports nothing."""

    module: str
    name: str
    help: str


_COMMANDS = {
    "daemon": _Entry("agentls.cli.daemon", "daemon", "Look at the daemon, or end it."),
}

_BESIDE = {
    "lsp": "Speak LSP on stdin and stdout; editors start this.",
    "hook": "Report an event of an agent; agents' settings call this.",
}
"""What `__main__` runs without click; named in the help alone."""


class _Lazy(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names, sorted."""
        return sorted({*super().list_commands(ctx), *_COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if (entry := _COMMANDS.get(cmd_name)) is None:
            return super().get_command(ctx, cmd_name)
        return getattr(importlib.import_module(entry.module), entry.name)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands without importing them."""
        rows = {name: entry.help for name, entry in _COMMANDS.items()} | _BESIDE
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows.items()))


@click.group(
    cls=_Lazy,
    help="Run many coding agents in parallel, each in its own git worktree.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """Hold the commands."""


def main(argv: Sequence[str]) -> int:
    """Run the command line; give the exit status: 1 for an error, 2 for wrong use."""
    try:
        result = cli.main(list(argv), prog_name="agentls", standalone_mode=False)
    except AgentlsError as error:
        click.echo(f"agentls: {error.message}", err=True)
        if error.hint:
            click.echo(f"  {error.hint}", err=True)
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Cancelled.", err=True)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # as `| head` does: nothing to tell, and nobody to tell it
        return 1
    return result if isinstance(result, int) else 0
