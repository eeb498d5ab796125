"""The command that has a task shown in an editor."""

from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.tasks import Empty, TaskParams
from agentls.lsp.registry import command
from agentls.lsp.server import Server


@command("agentls.openIn")
async def open_in(ls: Server, params: TaskParams, _: RequestProgress) -> Empty:
    """Have a task's review opened in an editor that is open, wherever one asks.

    That is one whose `initializationOptions` had `opensReviews`; one that has the
    repository open is preferred, then the one that came last. Refused when there is
    none.
    """
    ls.core.editors.show(ls.core.book.get(params.task))
    return Empty()
