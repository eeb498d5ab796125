"""Commands about the order of review: what comes next, and what goes in together."""

import os

from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.ordering import (
    CarInfo,
    NextReviewParams,
    NextReviewResult,
    TrainParams,
    TrainResult,
)
from agentls.lsp.registry import command
from agentls.lsp.server import Server
from agentls.tasks.ordering import Next


@command("agentls.nextReview")
async def next_review(
    ls: Server, params: NextReviewParams, _: RequestProgress
) -> NextReviewResult:
    """Say which task to review next, and why that one.

    Ready is what is in `review`. The order is the user's `review.order`: checks that
    passed first, then what merges cleanly, then the smallest, then the oldest.
    """
    found = await ls.core.ordering.next_review(
        (params.uri and ls.folder(params.uri)) or None, after=params.after
    )
    return shown_next(ls, found)


@command("agentls.train")
async def train(ls: Server, params: TrainParams, _: RequestProgress) -> TrainResult:
    """Try to merge all that is ready, one after the other, and change nothing.

    It tells which go in cleanly in that order, and which would conflict then, with
    whom. Each task's last checkpoint counts; checks aren't run on the result.
    """
    cars = await ls.core.ordering.train(ls.folder(params.uri), tasks=params.tasks)
    return TrainResult(
        cars=tuple(
            CarInfo(
                task=car.task,
                outcome=car.outcome,
                files=tuple(os.fsdecode(path) for path in car.files),
                against=car.against,
                against_target=car.against_target,
            )
            for car in cars
        )
    )


def shown_next(ls: Server, found: Next) -> NextReviewResult:
    """Show what to review next."""
    return NextReviewResult(
        task=found.task and ls.task_info(found.task),
        why=found.why,
        left=found.left,
        going=tuple(task.id for task in found.going),
        stuck=tuple(task.id for task in found.stuck),
    )
