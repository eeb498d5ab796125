"""Commands about what sessions have written."""

from agentls.lsp import present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.logs import SearchLogsParams, SearchLogsResult
from agentls.lsp.registry import command
from agentls.lsp.server import Server


@command("agentls.searchLogs")
async def search_logs(
    ls: Server, params: SearchLogsParams, _: RequestProgress
) -> SearchLogsResult:
    """Search the output of all sessions, the newest first, as it was read.

    A request that is cancelled ends the search.
    """
    found = await ls.core.search_logs(
        params.pattern,
        fixed=params.fixed,
        ignore_case=params.ignore_case,
        tasks=params.tasks,
        limit=params.limit,
        more=params.more,
    )
    return SearchLogsResult(
        hits=tuple(present.log_hit(hit) for hit in found.hits), more=found.more
    )
