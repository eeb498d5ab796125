"""The command that says what would conflict with what."""

from agentls.lsp import foreseen
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.forecast import ForecastParams, ForecastResult
from agentls.lsp.registry import command
from agentls.lsp.server import Server


@command("agentls.forecast")
async def forecast(
    ls: Server, params: ForecastParams, _: RequestProgress
) -> ForecastResult:
    """Say what open tasks would conflict with, after a look at everything as it is.

    Each task's last checkpoint is merged, without keeping anything, with its target,
    with what is uncommitted in the user's checkout, and with the other open tasks. No
    merge driver is run for it: files that one decides about are `unknown`.
    """
    found = await ls.core.forecasting.forecast(
        (params.uri and ls.folder(params.uri)) or None, task=params.task
    )
    return ForecastResult(tasks=tuple(foreseen.task_outlook(one) for one in found))
