"""Commands that tell where a part of a task's change comes from."""

import os

from agentls.lsp import present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.origins import HunkOriginParams, HunkOriginResult
from agentls.lsp.protocol.tasks import CheckInfo
from agentls.lsp.registry import command
from agentls.lsp.server import Server
from agentls.model import CheckOutcome, HunkId
from agentls.store.checks import CheckRun


@command("agentls.hunkOrigin")
async def hunk_origin(
    ls: Server, params: HunkOriginParams, _: RequestProgress
) -> HunkOriginResult:
    """Tell which turn and prompt made a hunk, and which checks ran after it."""
    task, origin = await ls.core.origins.find(
        params.task,
        HunkId(params.hunk),
        paths=() if params.path is None else (os.fsencode(params.path),),
    )
    return HunkOriginResult(
        task=task.id,
        hunk=origin.hunk.id,
        path=os.fsdecode(origin.hunk.path),
        checkpoint=origin.checkpoint and present.checkpoint_info(origin.checkpoint),
        turn=origin.turn and present.turn_info(origin.turn),
        by_person=origin.by_person,
        checks=tuple(_check(run) for run in origin.checks),
    )


def _check(run: CheckRun) -> CheckInfo:
    return CheckInfo(
        name=run.name,
        mode=run.mode,
        outcome=run.outcome or CheckOutcome.RUNNING,
        seconds=(run.ended - run.begun).total_seconds() if run.ended else None,
        session=run.session,
    )
