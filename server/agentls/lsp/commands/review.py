"""Commands about a task's change: read it, merge it."""

import os

from agentls.lsp import documents, present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.changes import (
    ChangesParams,
    ChangesResult,
    FileInfo,
    FileStatus,
)
from agentls.lsp.protocol.merging import MergeTaskParams, MergeTaskResult
from agentls.lsp.registry import command
from agentls.lsp.server import Server
from agentls.model import Task
from agentls.review.change import ChangedFile, Status


@command("agentls.changes")
async def changes(
    ls: Server, params: ChangesParams, _: RequestProgress
) -> ChangesResult:
    """List what a task changed: from its base to its worktree as it is now."""
    task, change = await ls.core.reviewing.changes(params.task, with_patch=params.patch)
    return ChangesResult(
        task=task.id,
        base=change.base,
        files=tuple(_file(task, file) for file in change.files),
        added=sum(file.added for file in change.files),
        deleted=sum(file.deleted for file in change.files),
        skipped=tuple(f"{one.display}: {one.why}" for one in change.skipped),
        patch=None if change.patch is None else os.fsdecode(change.patch),
    )


@command("agentls.mergeTask")
async def merge_task(
    ls: Server, params: MergeTaskParams, progress: RequestProgress
) -> MergeTaskResult:
    """Merge a task into its target as one commit: wholly, or nothing changes."""
    merged = await ls.core.merging.merge(
        params.task, message=params.message, stop=params.stop, progress=progress
    )
    return MergeTaskResult(
        task=present.task_info(merged.task, ls.core.book.sessions(merged.task.id)),
        commit=merged.commit,
        checkout=merged.checkout and present.uri_of(merged.checkout),
    )


_STATUSES = {
    Status.ADDED: FileStatus.ADDED,
    Status.MODIFIED: FileStatus.MODIFIED,
    Status.DELETED: FileStatus.DELETED,
    Status.RENAMED: FileStatus.RENAMED,
    Status.COPIED: FileStatus.COPIED,
    Status.TYPE_CHANGED: FileStatus.TYPE_CHANGED,
}


def _file(task: Task, file: ChangedFile) -> FileInfo:
    return FileInfo(
        path=os.fsdecode(file.path),
        old_path=os.fsdecode(file.old_path) if file.old_path != file.path else None,
        status=_STATUSES[file.status],
        added=None if file.binary else file.added,
        deleted=None if file.binary else file.deleted,
        binary=file.binary,
        old_mode=f"{file.old_mode:06o}" if file.old_mode else None,
        new_mode=f"{file.new_mode:06o}" if file.new_mode else None,
        base_uri=documents.base_uri(task.id, file.old_path) if file.old_mode else None,
        uri=present.uri_of(task.worktree / os.fsdecode(file.path))
        if file.new_mode
        else None,
    )
