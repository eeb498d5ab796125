"""The command `agentls`: its groups, and how it ends.

A command's module is imported when it is used, so that `agentls ls` doesn't wait
for the others' imports. To add one: a click command in a module of this package,
and a line in `_PLACES`.
"""

import sys
from collections.abc import Sequence

import click

from agentls import __version__
from agentls.cli.command import Lazy, quiet_pipe, tell
from agentls.cli.statuses import EPILOGUE, Status, status_of
from agentls.errors import AgentlsError

__all__ = ["cli", "main"]

_PLACES = {
    "run": "agentls.cli.run:run",
    "batch": "agentls.cli.batch:batch",
    "race": "agentls.cli.race:race",
    "adopt": "agentls.cli.adopt:adopt",
    "ls": "agentls.cli.listing:ls",
    "top": "agentls.cli.top.command:top",
    "show": "agentls.cli.showing:show",
    "attach": "agentls.cli.attach:attach",
    "peek": "agentls.cli.peek:peek",
    "logs": "agentls.cli.logs:logs",
    "wait": "agentls.cli.wait:wait",
    "diff": "agentls.cli.diff:diff",
    "open": "agentls.cli.open:open_in_editor",
    "compare": "agentls.cli.race:compare",
    "forecast": "agentls.cli.forecast:forecast",
    "next": "agentls.cli.next:next_review",
    "brief": "agentls.cli.checks:brief",
    "check": "agentls.cli.checks:check",
    "comment": "agentls.cli.comments:comment",
    "comments": "agentls.cli.comments:comments",
    "send-review": "agentls.cli.comments:send_review",
    "viewed": "agentls.cli.viewed:viewed",
    "accept": "agentls.cli.accepting:accept",
    "refuse": "agentls.cli.accepting:refuse",
    "checkpoints": "agentls.cli.checkpoints:checkpoints",
    "checkpoint": "agentls.cli.checkpoints:checkpoint",
    "rewind": "agentls.cli.checkpoints:rewind",
    "update": "agentls.cli.update:update",
    "start": "agentls.cli.queueing:start",
    "queue": "agentls.cli.queueing:queue",
    "priority": "agentls.cli.queueing:priority",
    "rename": "agentls.cli.queueing:rename",
    "edit": "agentls.cli.queueing:edit",
    "send": "agentls.cli.operations:send",
    "respond": "agentls.cli.respond:respond",
    "stop": "agentls.cli.operations:stop",
    "script": "agentls.cli.script:script",
    "resume": "agentls.cli.operations:resume",
    "retry": "agentls.cli.operations:retry",
    "merge": "agentls.cli.merge:merge",
    "train": "agentls.cli.train:train",
    "undo": "agentls.cli.undo:undo",
    "pr": "agentls.cli.pull_request:pull_request",
    "discard": "agentls.cli.operations:discard",
    "restore": "agentls.cli.operations:restore",
    "agents": "agentls.cli.agents:agents",
    "stats": "agentls.cli.stats:stats",
    "report": "agentls.cli.report:report",
    "trust": "agentls.cli.trust:trust",
    "rights": "agentls.cli.rights:rights",
    "gc": "agentls.cli.gc:gc",
    "doctor": "agentls.cli.doctor:doctor",
    "daemon": "agentls.cli.daemon:daemon",
    "demo": "agentls.cli.demo:demo",
    "completion": "agentls.cli.completion:completion",
}

_MEANT = {
    "answer": "respond",
    "create": "run",
    "apply": "accept",
    "delete": "discard",
    "kill": "stop",
    "list": "ls",
    "log": "logs",
    "new": "run",
    "ps": "ls",
    "reject": "refuse",
    "remove": "discard",
    "rm": "discard",
    "status": "ls",
    "tail": "logs",
    "take": "accept",
}
"""Words of other programs, each with the command that does it here."""


@click.group(
    cls=Lazy,
    places=_PLACES,
    meant=_MEANT,
    epilog=EPILOGUE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", message="agentls %(version)s")
def cli() -> None:
    """Run coding agents in parallel, each in a git worktree, and merge their work.

    A task's id may be shortened to a beginning that no other task shares.

    Three more are started by others: `agentls lsp` by editors, `agentls hook` and
    `agentls mcp` by agents.
    """


def main(argv: Sequence[str]) -> int:
    """Run the command line; give the exit status."""
    try:
        result = cli.main(list(argv), prog_name="agentls", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return Status.INTERRUPTED
    except AgentlsError as error:  # from a command that doesn't tell it itself
        tell(error)
        return status_of(error)
    except BrokenPipeError:  # the reader, such as `head`, has enough
        quiet_pipe()
        return Status.BROKEN_PIPE
    return result if isinstance(result, int) else Status.OK
