"""Commands about a task's saved states."""

import os

# pygls reads these hints at run time: no TYPE_CHECKING imports in this package.
from agentls.lsp import present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.checkpoints import (
    CheckpointInfo,
    CheckpointResult,
    ListCheckpointsResult,
    RewindParams,
    RewindResult,
    TurnInfo,
)
from agentls.lsp.protocol.tasks import TaskParams
from agentls.lsp.registry import command
from agentls.lsp.server import Server
from agentls.model import Checkpoint, Turn


@command("agentls.checkpoint")
async def checkpoint(
    ls: Server, params: TaskParams, _: RequestProgress
) -> CheckpointResult:
    """Save a task's worktree as it is now; an agent that works isn't disturbed."""
    task, taken = await ls.core.checkpointing.take(params.task)
    return CheckpointResult(
        task=ls.task_info(task),
        checkpoint=_checkpoint(taken),
    )


@command("agentls.listCheckpoints")
async def list_checkpoints(
    ls: Server, params: TaskParams, _: RequestProgress
) -> ListCheckpointsResult:
    """List what was saved of a task: at each end of a turn, and before each step."""
    task, checkpoints, turns = await ls.core.checkpointing.list(params.task)
    return ListCheckpointsResult(
        task=task.id,
        checkpoints=tuple(_checkpoint(one) for one in checkpoints),
        turns=tuple(_turn(one) for one in turns),
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
        checkpoint=_checkpoint(done.checkpoint),
        before=_checkpoint(done.before),
        aside=tuple(os.fsdecode(path) for path in done.aside),
        aside_folder=present.uri_of(done.aside_folder) if done.aside else None,
    )


def _checkpoint(checkpoint: Checkpoint) -> CheckpointInfo:
    return CheckpointInfo(
        number=checkpoint.number,
        commit=checkpoint.commit,
        head=checkpoint.head,
        branch=checkpoint.branch,
        reason=checkpoint.reason,
        turn=checkpoint.turn,
        taken=checkpoint.taken.isoformat(),
        files=checkpoint.files,
        added=checkpoint.added,
        deleted=checkpoint.deleted,
        skipped=checkpoint.skipped,
    )


def _turn(turn: Turn) -> TurnInfo:
    return TurnInfo(
        number=turn.number,
        prompt=turn.prompt,
        source=turn.source,
        begun=turn.begun.isoformat(),
        ended=turn.ended and turn.ended.isoformat(),
        said=turn.said,
    )
