"""Commands that bring a task's target into its worktree."""

import os

# pygls reads these hints at run time: no TYPE_CHECKING imports in this package.
from agentls.lsp import present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.updating import (
    UpdateOutcome,
    UpdateTaskParams,
    UpdateTaskResult,
)
from agentls.lsp.registry import command
from agentls.lsp.server import Server
from agentls.model import Resolve


@command("agentls.updateTask")
async def update_task(
    ls: Server, params: UpdateTaskParams, progress: RequestProgress
) -> UpdateTaskResult:
    """Merge the target into a task's worktree; the task's base moves with it.

    Of a task that stands on another one, what that has now comes in, or what it was
    merged into; that happens by itself too, when its agent is at rest.

    What is uncommitted stays so. Once the conflicts of an earlier update are resolved,
    it ends that one first.
    """
    if params.abort:
        done = await ls.core.updating.abort(params.task, stop=params.stop)
    else:
        done = await ls.core.updating.update(
            params.task,
            resolve=Resolve(params.resolve) if params.resolve else None,
            stop=params.stop,
            progress=progress,
        )
    task = done.task
    return UpdateTaskResult(
        task=ls.task_info(task),
        outcome=UpdateOutcome(done.outcome),
        source=done.source,
        conflicts=tuple(os.fsdecode(path) for path in done.conflicts),
        uris=tuple(
            present.uri_of(task.worktree / os.fsdecode(path)) for path in done.conflicts
        ),
    )
