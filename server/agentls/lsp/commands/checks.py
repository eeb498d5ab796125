"""Commands about checks, and the briefing that tells of them."""

from agentls.config import Right
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.checks import (
    BriefingResult,
    RunChecksParams,
    RunChecksResult,
)
from agentls.lsp.protocol.tasks import TaskParams
from agentls.lsp.registry import command
from agentls.lsp.server import Server


@command("agentls.briefing", agents=Right.SHOW)
async def briefing(
    ls: Server, params: TaskParams, _: RequestProgress
) -> BriefingResult:
    """Give a task's briefing: asked, said, changed, checked, commented.

    The document `agentls:/<task>/briefing.md` is the same.
    """
    by_agent = ls.delegate is not None
    text = await ls.core.briefings.write(params.task, by_agent=by_agent)
    return BriefingResult(text=text)


@command("agentls.runChecks", agents=Right.SEND)
async def run_checks(
    ls: Server, params: RunChecksParams, progress: RequestProgress
) -> RunChecksResult:
    """Run a task's checks now; they run by themselves when its agent is done.

    The task is `checking` meanwhile. Answers when they are over, whatever came of
    them; cancelling stops them.
    """
    task = await ls.core.checking.run(
        params.task, names=params.names, progress=progress
    )
    return RunChecksResult(task=ls.task_info(task))
