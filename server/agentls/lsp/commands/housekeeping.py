"""Commands about agentls itself."""

from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.housekeeping import (
    DiskUsageResult,
    DoctorFinding,
    DoctorParams,
    DoctorResult,
    GcItem,
    GcParams,
    GcResult,
    TaskRoom,
)
from agentls.lsp.protocol.tasks import Empty
from agentls.lsp.registry import command
from agentls.lsp.server import Server


@command("agentls.doctor")
async def doctor(ls: Server, params: DoctorParams, _: RequestProgress) -> DoctorResult:
    """Look for what is wrong, and say what to do about it, or mend it.

    Mending makes again what was removed by hand: a worktree from its last checkpoint,
    git's entry for it, its branch, the reference that keeps checkpoints. With `uri`
    tasks whose repository was moved follow it there.
    """
    folder = ls.folder(params.uri) if params.uri else None
    return DoctorResult(
        findings=tuple(
            DoctorFinding(
                name=finding.name,
                ok=finding.ok,
                message=finding.message,
                hint=finding.hint,
            )
            for finding in await ls.core.doctor(folder, repair=params.repair)
        )
    )


@command("agentls.diskUsage")
async def disk_usage(
    ls: Server,
    params: Empty,  # noqa: ARG001 - the registry reads its type
    _: RequestProgress,
) -> DiskUsageResult:
    """Tell how much room tasks, spare worktrees and cached setups take on the disk.

    Of a task that goes on, the figures may be a minute old.
    """
    use = await ls.core.housekeeper.use()
    return DiskUsageResult(
        tasks=tuple(
            TaskRoom(task=one.task, worktree=one.worktree, logs=one.logs)
            for one in use.tasks
        ),
        spares=use.spares,
        spares_size=use.spares_size,
        setups=use.setups,
        setups_size=use.setups_size,
        size=use.size,
        budget=use.budget,
        free=use.free,
        reserve=use.reserve,
    )


@command("agentls.gc")
async def collect(ls: Server, params: GcParams, _: RequestProgress) -> GcResult:
    """Tell what may go and how much room it frees, or do it.

    Of tasks that are neither merged nor discarded, output is compressed and nothing
    else done. A worktree that goes takes what git ignores with it; all else stays in
    the task's checkpoints.
    """
    keeper = ls.core.housekeeper
    items = await (keeper.collect() if params.apply else keeper.due())
    return GcResult(
        items=tuple(
            GcItem(
                what=item.what,
                session=item.session,
                task=item.task,
                for_budget=item.for_budget,
                size=item.size,
                frees=item.frees,
                why=item.why,
            )
            for item in items
        ),
        applied=params.apply,
    )
