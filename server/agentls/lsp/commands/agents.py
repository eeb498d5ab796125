"""Commands about agents and the trust they need."""

from agentls.git.repository import find_repository
from agentls.lsp import present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.agents import (
    AgentInfo,
    CandidateInfo,
    ListAgentsParams,
    ListAgentsResult,
    StatsParams,
    StatsResult,
    SuggestAgentParams,
    SuggestAgentResult,
    TrustDecision,
    TrustItemInfo,
    TrustParams,
    TrustResult,
)
from agentls.lsp.registry import command
from agentls.lsp.server import Server


@command("agentls.listAgents")
async def list_agents(
    ls: Server, params: ListAgentsParams, _: RequestProgress
) -> ListAgentsResult:
    """List the agents that can be named, and which of them are installed."""
    folder = ls.folder(params.uri) if params.uri else None
    found = await ls.core.tasks.agents(folder)
    return ListAgentsResult(
        agents=tuple(
            AgentInfo(
                name=agent.name,
                title=agent.title,
                installed=agent.path is not None,
                path=agent.path and str(agent.path),
                version=agent.version,
                default=agent.default,
                hint=agent.hint,
            )
            for agent in found
        )
    )


@command("agentls.suggestAgent")
async def suggest_agent(
    ls: Server, params: SuggestAgentParams, _: RequestProgress
) -> SuggestAgentResult:
    """Say which agent fits a prompt, and why; nothing is started."""
    folder = ls.folder(params.uri) if params.uri else None
    found = await ls.core.tasks.suggest(params.prompt, folder)
    return SuggestAgentResult(
        agent=found.agent,
        why=found.why,
        candidates=tuple(
            CandidateInfo(agent=one.agent, why=one.why) for one in found.candidates
        ),
    )


@command("agentls.stats")
async def stats(ls: Server, params: StatsParams, _: RequestProgress) -> StatsResult:
    """Tell how agents have done: tasks merged, turns, time, tokens, cost."""
    root = params.uri and await ls.core.repository_root(ls.folder(params.uri))
    records = await ls.core.records.read(repository=root or None, days=params.days)
    return StatsResult(agents=tuple(present.agent_stats(one) for one in records))


@command("agentls.trust")
async def trust(ls: Server, params: TrustParams, _: RequestProgress) -> TrustResult:
    """Show, allow or deny what the repository would run, text by text."""
    repository = await find_repository(ls.folder(params.uri))
    if params.decision is not TrustDecision.SHOW:
        await ls.core.trusting.decide(
            repository,
            "allowed" if params.decision is TrustDecision.ALLOW else "denied",
            digests=params.digests,
        )
    return TrustResult(
        repository=str(repository.root),
        items=tuple(
            TrustItemInfo(
                kind=item.kind,
                name=item.name,
                text=item.text,
                digest=item.digest,
                decision=decision,
            )
            for item, decision in await ls.core.trusting.decisions(repository)
        ),
    )
