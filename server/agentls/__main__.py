"""The program `agentls`: what needs to be fast goes straight to its module."""

import os
import sys

TYPE_CHECKING = False  # as typing's own; the hook is done in less than its import
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(argv: "Sequence[str] | None" = None) -> int:  # noqa: PLR0911 - one for each
    """Run the command that the arguments name; give the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Each imports only what it needs: an editor waits for `lsp`, an agent for `hook`.
    match arguments:
        case ["lsp", *rest]:
            from agentls import bridge  # noqa: PLC0415

            return bridge.main(rest)
        case ["hook", *rest]:
            from agentls import hook  # noqa: PLC0415

            return hook.main(rest)
        case ["mcp", *rest]:
            from agentls import mcp_server  # noqa: PLC0415

            return mcp_server.main(rest)
        case ["daemon", "run", *rest]:
            from agentls.daemon import main as daemon  # noqa: PLC0415

            return daemon.main(rest)
        case ["screens", *rest]:
            from agentls.sessions import screen_worker  # noqa: PLC0415

            return screen_worker.main(rest)
        case ["search", *rest]:
            from agentls.sessions import search_worker  # noqa: PLC0415

            return search_worker.main(rest)
        case _:
            from agentls.cli import main as cli  # noqa: PLC0415

            return cli.main(arguments)


def _find_this_copy() -> None:
    """Let a copy that was started by its path import itself, and no other copy."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - pathlib costs 10 ms
    if root not in sys.path:
        sys.path.insert(0, root)


if __name__ == "__main__":
    if not __package__:
        _find_this_copy()
    sys.exit(main())
