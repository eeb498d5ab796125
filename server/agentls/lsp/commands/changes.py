"""Commands about a task's change: read it, and mark what was seen of it."""

import os
from urllib.parse import quote

from agentls.config import Right
from agentls.git.hunks import Hunk
from agentls.lsp import documents, present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.changes import (
    ChangesParams,
    ChangesResult,
    FileInfo,
    HunkInfo,
    HunkKind,
    MarkViewedParams,
    MarkViewedResult,
)
from agentls.lsp.registry import command
from agentls.lsp.server import Server
from agentls.model import HunkId
from agentls.review.change import ChangedFile
from agentls.review.viewed import Seen
from agentls.tasks.points import BASE
from agentls.tasks.reviewing import Asked, Shown


@command("agentls.changes", agents=Right.SHOW)
async def changes(
    ls: Server, params: ChangesParams, _: RequestProgress
) -> ChangesResult:
    """List what a task changed: from its base to its worktree now, unless told."""
    return await shown_changes(
        ls,
        params.task,
        Asked(
            old=params.from_,
            new=params.to,
            paths=tuple(map(os.fsencode, params.paths)),
            hunks=params.hunks,
            patch=params.patch,
            limit=params.limit,
            more=params.more,
            look=params.look,
            by_agent=ls.delegate is not None,
        ),
    )


async def shown_changes(ls: Server, task: str, asked: Asked) -> ChangesResult:
    """Read a change and show it."""
    shown = await ls.core.reviewing.changes(task, asked)
    return ChangesResult(
        task=shown.task.id,
        base=shown.task.base.commit,
        old=shown.old,
        new=shown.new,
        files=_files(shown),
        count=shown.count,
        added=shown.added,
        deleted=shown.deleted,
        viewed=shown.viewed,
        skipped=shown.skipped,
        patch=None if shown.patch is None else os.fsdecode(shown.patch),
        more=shown.more,
    )


@command("agentls.markViewed")
async def mark_viewed(
    ls: Server, params: MarkViewedParams, _: RequestProgress
) -> MarkViewedResult:
    """Mark hunks, files or the whole change as viewed, or take the marks off.

    A mark belongs to the hunk's content: it falls when the agent changes those lines
    again, and outlives everything else.
    """
    marked = await ls.core.reviewing.mark(
        params.task,
        hunks=tuple(map(HunkId, params.hunks)),
        paths=tuple(map(os.fsencode, params.paths)),
        viewed=params.viewed,
    )
    return MarkViewedResult(
        task=marked.task.id, files=marked.files, viewed=marked.viewed
    )


_UNSEEN = Seen()


def _files(shown: Shown) -> tuple[FileInfo, ...]:
    """Show the files; what all their URIs begin with is made once."""
    task = shown.task
    old = BASE if shown.old == task.base.commit else shown.old
    sides = (
        documents.side_uri(task.id, old, b""),
        present.uri_of(task.worktree) + "/"
        if shown.worktree
        else documents.side_uri(task.id, shown.new, b""),
    )
    return tuple(_file(shown, file, sides=sides) for file in shown.files)


def _file(shown: Shown, file: ChangedFile, *, sides: tuple[str, str]) -> FileInfo:
    seen = shown.seen.get(file.path, _UNSEEN)
    old_uri, uri = sides
    return FileInfo(
        path=os.fsdecode(file.path),
        old_path=os.fsdecode(file.old_path) if file.old_path != file.path else None,
        status=present.STATUSES[file.status],
        added=None if file.binary else file.added,
        deleted=None if file.binary else file.deleted,
        binary=file.binary,
        old_mode=f"{file.old_mode:06o}" if file.old_mode else None,
        new_mode=f"{file.new_mode:06o}" if file.new_mode else None,
        old_uri=old_uri + quote(file.old_path) if file.old_mode else None,
        uri=uri + quote(file.path) if file.new_mode else None,
        viewed=seen.viewed,
        viewed_hunks=seen.hunks,
        hunks=None
        if shown.hunks is None
        else tuple(_hunk(shown, hunk) for hunk in shown.hunks[file.path]),
    )


def _hunk(shown: Shown, hunk: Hunk) -> HunkInfo:
    return HunkInfo(
        id=hunk.id,
        kind=HunkKind(hunk.kind),
        old_start=hunk.old_start,
        old_lines=hunk.old_lines,
        new_start=hunk.new_start,
        new_lines=hunk.new_lines,
        viewed=hunk.id in shown.marks,
        decided=shown.decided.get(hunk.id),
    )
