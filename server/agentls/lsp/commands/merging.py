"""Commands that merge a task, and take that back."""

import os

from agentls.config import Right
from agentls.lsp import present
from agentls.lsp.commands.ordering import shown_next
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.merging import (
    MergedFile,
    MergeStrategy,
    MergeTaskParams,
    MergeTaskResult,
    PreviewMergeParams,
    PreviewMergeResult,
    UndoMergeParams,
    UndoMergeResult,
)
from agentls.lsp.registry import command
from agentls.lsp.server import Server
from agentls.model import Strategy
from agentls.review.change import ChangedFile


@command("agentls.mergeTask", agents=Right.MERGE)
async def merge_task(
    ls: Server, params: MergeTaskParams, progress: RequestProgress
) -> MergeTaskResult:
    """Merge a task into its target as its strategy says: wholly, or nothing changes."""
    merged = await ls.core.merging.merge(
        params.task,
        message=params.message,
        stop=params.stop,
        force=params.force,
        progress=progress,
        strategy=Strategy(params.strategy) if params.strategy else None,
        sign=params.sign,
        skip_hooks=params.skip_hooks,
    )
    following = await ls.core.ordering.after(merged.task)
    return MergeTaskResult(
        next=following and shown_next(ls, following),
        task=ls.task_info(merged.task),
        commit=merged.commit,
        checkout=merged.checkout and present.uri_of(merged.checkout),
    )


@command("agentls.previewMerge", agents=Right.MERGE)
async def preview_merge(
    ls: Server, params: PreviewMergeParams, _: RequestProgress
) -> PreviewMergeResult:
    """Say what a merge of the worktree as it is would do; nothing is changed.

    A conflict is part of the answer, as is what is in the way in the target's
    checkout. What is refused for another reason is the same error as of `mergeTask`.
    """
    task, found = await ls.core.merging.preview(
        params.task,
        message=params.message,
        strategy=Strategy(params.strategy) if params.strategy else None,
        skip_hooks=params.skip_hooks,
    )
    return PreviewMergeResult(
        task=task.id,
        strategy=MergeStrategy(found.strategy),
        target=task.target,
        target_commit=found.target,
        ok=not (found.conflicts or found.in_the_way or found.why_not),
        message=found.message,
        commits=found.commits,
        files=tuple(_merged_file(file) for file in found.files),
        conflicts=tuple(os.fsdecode(path) for path in found.conflicts),
        conflict_messages=found.messages,
        checkout=found.checkout and present.uri_of(found.checkout),
        in_the_way=tuple(os.fsdecode(path) for path in found.in_the_way),
        hooks=found.hooks,
        why_not=found.why_not,
    )


def _merged_file(file: ChangedFile) -> MergedFile:
    return MergedFile(
        path=os.fsdecode(file.path),
        old_path=os.fsdecode(file.old_path) if file.old_path != file.path else None,
        status=present.STATUSES[file.status],
        added=None if file.binary else file.added,
        deleted=None if file.binary else file.deleted,
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
