"""Commands that merge a task, and take that back."""

from agentls.lsp import present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.merging import (
    MergeTaskParams,
    MergeTaskResult,
    UndoMergeParams,
    UndoMergeResult,
)
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


@command("agentls.undoMerge")
async def undo_merge(
    ls: Server, params: UndoMergeParams, progress: RequestProgress
) -> UndoMergeResult:
    """Take a merge back, while nothing came after it on the target.

    The target, and a checkout that has it, go back to where they were; the task comes
    back to review. Refused with `targetMoved`, naming the commits that came after, or
    `dirtyCheckout`, naming the files; then nothing is changed.
    """
    undone = await ls.core.undoing.undo(params.task, progress=progress)
    return UndoMergeResult(
        task=ls.task_info(undone.task),
        commit=undone.commit,
        checkout=undone.checkout and present.uri_of(undone.checkout),
    )
