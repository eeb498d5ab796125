"""`agentls mcp`: a Model Context Protocol server, by which agents hand out tasks.

One more client of the daemon. What an agent may is decided there; only the tools that
it may use are offered here.
"""

import importlib.util
import sys
from collections.abc import Sequence

__all__ = ["main"]

_USAGE = """\
Usage: agentls mcp

A Model Context Protocol server on standard input and output, for an agent to start: it
hands out tasks, waits for them and reads what came of them. docs/mcp.md says how to set
it up.
"""


def main(argv: Sequence[str]) -> int:
    """Serve until the client leaves; give the exit status."""
    if argv:
        asked = list(argv) in (["-h"], ["--help"])
        (sys.stdout if asked else sys.stderr).write(_USAGE)
        return 0 if asked else 2
    if importlib.util.find_spec("mcp") is None:  # an extra
        sys.stderr.write(
            "agentls: `agentls mcp` needs the Python package `mcp`, which isn't"
            " installed beside this agentls.\n"
            "hint: pip install 'agentls[mcp]' (uv tool install 'agentls[mcp]')\n"
        )
        return 1
    from agentls.mcp_server.server import serve  # noqa: PLC0415 - needs `mcp`

    serve()
    return 0
