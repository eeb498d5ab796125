"""The command by which an agent learns what it may."""

from agentls.config import Right
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.delegating import DelegationParams, DelegationResult
from agentls.lsp.registry import command
from agentls.lsp.server import Server
from agentls.tasks.delegating import Delegate


@command("agentls.delegation", agents=Right.LIST)
async def delegation(
    ls: Server, params: DelegationParams, _: RequestProgress
) -> DelegationResult:
    """Say what the agent that asks may, and to which agents it may hand out tasks."""
    folder = ls.folder(params.uri) if params.uri else None
    told = await ls.core.delegating.tell(ls.delegate or Delegate(), folder)
    return DelegationResult(
        task=told.task and told.task.id,
        allow=told.allowed,
        agents=told.agents,
        approval=told.approval,
        depth=told.depth,
        max_depth=told.max_depth,
        open=told.open,
        max_open=told.max_open,
    )
