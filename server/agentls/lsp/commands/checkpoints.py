"""Commands about a task's saved states."""

import os

# pygls reads these hints at run time: no TYPE_CHECKING imports in this package.
from agentls.config import Right
from agentls.lsp import present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.checkpoints import (
    CheckpointResult,
    ListCheckpointsResult,
    RewindParams,
    RewindResult,
)
from agentls.lsp.protocol.tasks import TaskParams
from agentls.lsp.registry import command
from agentls.lsp.server import Server


@command("agentls.checkpoint")
async def checkpoint(
    ls: Server, params: TaskParams, _: RequestProgress
) -> CheckpointResult:
    """Save a task's worktree as it is now; an agent that works isn't disturbed."""
    task, taken = await ls.core.checkpointing.take(params.task)
    return CheckpointResult(
        task=ls.task_info(task),
        checkpoint=present.checkpoint_info(taken),
    )


@command("agentls.listCheckpoints", agents=Right.SHOW)
async def list_checkpoints(
    ls: Server, params: TaskParams, _: RequestProgress
) -> ListCheckpointsResult:
    """List what was saved of a task: at each end of a turn, and before each step."""
    task, checkpoints, turns = await ls.core.checkpointing.list(params.task)
    return ListCheckpointsResult(
        task=task.id,
        checkpoints=tuple(present.checkpoint_info(one) for one in checkpoints),
        turns=tuple(present.turn_info(one) for one in turns),
    )


@command("agentls.rewind")
async def rewind(
    ls: Server, params: RewindParams, progress: RequestProgress
) -> RewindResult:
    """Bring a task's files and branch back to a checkpoint; the present state is kept.

    Files that git ignores stay as they are.
    """
    done = await ls.core.rewinding.rewind(
        params.task, params.checkpoint, stop=params.stop, progress=progress
    )
    return RewindResult(
        task=ls.task_info(done.task),
        checkpoint=present.checkpoint_info(done.checkpoint),
        before=present.checkpoint_info(done.before),
        aside=tuple(os.fsdecode(path) for path in done.aside),
        aside_folder=present.uri_of(done.aside_folder) if done.aside else None,
    )
