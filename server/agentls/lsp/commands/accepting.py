"""Commands that take or refuse parts of a task's change."""

import os

from agentls.lsp import present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.accepting import (
    ApplyHunksParams,
    ApplyHunksResult,
    RefuseHunksParams,
    RefuseHunksResult,
)
from agentls.lsp.registry import command
from agentls.lsp.server import Server
from agentls.model import HunkId
from agentls.tasks.parts import Part


@command("agentls.applyHunks")
async def apply_hunks(
    ls: Server, params: ApplyHunksParams, progress: RequestProgress
) -> ApplyHunksResult:
    """Merge hunks or files of a task's change into its target, as one commit.

    The task stays in review with the rest: the target is brought into its worktree.
    Its agent is told with its next prompt. Nothing changes on a conflict.
    """
    taken = await ls.core.accepting.take(
        params.task,
        _part(params),
        message=params.message,
        stop=params.stop,
        force=params.force,
        sign=params.sign,
        skip_hooks=params.skip_hooks,
        progress=progress,
    )
    return ApplyHunksResult(
        task=ls.task_info(taken.task),
        commit=taken.commit,
        checkout=taken.checkout and present.uri_of(taken.checkout),
        taken=taken.taken,
        left=taken.left,
        updated=taken.updated,
    )


@command("agentls.refuseHunks")
async def refuse_hunks(
    ls: Server, params: RefuseHunksParams, progress: RequestProgress
) -> RefuseHunksResult:
    """Put hunks or files of a task's change back in its worktree, as the base has them.

    A checkpoint keeps the state before; the agent is told with its next prompt.
    """
    refused = await ls.core.refusing.refuse(
        params.task, _part(params), stop=params.stop, progress=progress
    )
    return RefuseHunksResult(
        task=ls.task_info(refused.task),
        refused=refused.refused,
        left=refused.left,
        checkpoint=refused.checkpoint.number,
    )


def _part(params: ApplyHunksParams | RefuseHunksParams) -> Part:
    return Part(
        hunks=tuple(map(HunkId, params.hunks)),
        paths=tuple(map(os.fsencode, params.paths)),
    )
