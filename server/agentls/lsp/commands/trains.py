"""The command about trains."""

import os

from agentls.lsp import present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.trains import CarInfo, CarOutcome, TrainParams, TrainResult
from agentls.lsp.registry import command
from agentls.lsp.server import Server
from agentls.review.train import Car


@command("agentls.train")
async def train(
    ls: Server, params: TrainParams, progress: RequestProgress
) -> TrainResult:
    """Try to merge what is ready, one upon the other; check the whole, or merge it.

    It tells which go in cleanly in that order, which conflict, with whom, and who
    breaks a check. With `merge` what lands is exactly what was checked: each task as
    its own commits, the target moved once, all tasks `merged` in one step. Else nothing
    changes.
    """
    found = await ls.core.trains.run(
        ls.folder(params.uri),
        tasks=params.tasks,
        target=params.target,
        check=params.check,
        merge=params.merge,
        progress=progress,
        sign=params.sign,
        skip_hooks=params.skip_hooks,
    )
    return TrainResult(
        target=found.target,
        cars=tuple(_shown(car, merged=found.merged) for car in found.cars),
        checks=tuple(present.check_info(check) for check in found.checks),
        why=found.why,
        merged=found.merged,
        checkout=found.checkout and present.uri_of(found.checkout),
    )


def _shown(car: Car, *, merged: bool) -> CarInfo:
    return CarInfo(
        task=car.task,
        outcome=CarOutcome(car.outcome),
        why=car.why,
        files=tuple(os.fsdecode(path) for path in car.files),
        against=car.against,
        against_target=car.against_target,
        check=car.check,
        session=car.session,
        commit=car.plan.new if car.plan and merged else None,
    )
