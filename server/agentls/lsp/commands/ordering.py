"""The command about the order of review: what comes next."""

from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.ordering import (
    NextReviewParams,
    NextReviewResult,
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


def shown_next(ls: Server, found: Next) -> NextReviewResult:
    """Show what to review next."""
    return NextReviewResult(
        task=found.task and ls.task_info(found.task),
        why=found.why,
        left=found.left,
        going=tuple(task.id for task in found.going),
        stuck=tuple(task.id for task in found.stuck),
    )
