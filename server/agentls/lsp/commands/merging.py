"""Commands that merge a task."""

from agentls.lsp import present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.merging import MergeTaskParams, MergeTaskResult
from agentls.lsp.registry import command
from agentls.lsp.server import Server
from agentls.model import Strategy


@command("agentls.mergeTask")
async def merge_task(
    ls: Server, params: MergeTaskParams, progress: RequestProgress
) -> MergeTaskResult:
    """Merge a task into its target as its strategy says: wholly, or nothing changes."""
    merged = await ls.core.merging.merge(
        params.task,
        message=params.message,
        stop=params.stop,
        progress=progress,
        strategy=Strategy(params.strategy) if params.strategy else None,
    )
    return MergeTaskResult(
        task=ls.task_info(merged.task),
        commit=merged.commit,
        checkout=merged.checkout and present.uri_of(merged.checkout),
    )
