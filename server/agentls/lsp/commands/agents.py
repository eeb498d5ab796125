"""Commands about agents and the trust they need."""

from agentls.git.repository import find_repository
from agentls.lsp import present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.agents import (
    AbilityInfo,
    AgentInfo,
    AgentParams,
    CandidateInfo,
    ListAgentsParams,
    ListAgentsResult,
    ShowAgentResult,
    StatsParams,
    StatsResult,
    SuggestAgentParams,
    SuggestAgentResult,
    TestAgentParams,
    TestAgentResult,
    TrustDecision,
    TrustItemInfo,
    TrustParams,
    TrustResult,
)
from agentls.lsp.registry import command
from agentls.lsp.server import Server
from agentls.tasks.roster import ListedAgent


@command("agentls.listAgents")
async def list_agents(
    ls: Server, params: ListAgentsParams, _: RequestProgress
) -> ListAgentsResult:
    """List the agents that can be named, and which of them are installed."""
    folder = ls.folder(params.uri) if params.uri else None
    found = await ls.core.tasks.agents(folder)
    return ListAgentsResult(agents=tuple(_agent_info(agent) for agent in found))


@command("agentls.showAgent")
async def show_agent(
    ls: Server, params: AgentParams, _: RequestProgress
) -> ShowAgentResult:
    """Show what an agent can do by its definition, and how."""
    has = await ls.core.trying.abilities(params.agent)
    (shown,) = [
        one for one in await ls.core.tasks.agents(None) if one.name == params.agent
    ]
    return ShowAgentResult(
        agent=_agent_info(shown),
        tested=shown.tested,
        minimum=shown.minimum,
        abilities=tuple(
            AbilityInfo(name=ability, how=how) for ability, how in has.items()
        ),
    )


@command("agentls.testAgent")
async def test_agent(
    ls: Server, params: TestAgentParams, progress: RequestProgress
) -> TestAgentResult:
    """Start an agent in a throw-away repository; say which abilities were seen.

    It is given three harmless prompts, with the user's own login. Nothing stays.
    """
    seen = await ls.core.trying.try_agent(
        params.agent, seconds=params.seconds, say=progress
    )
    return TestAgentResult(
        agent=params.agent,
        abilities=tuple(
            AbilityInfo(name=one.ability, how=one.how, seen=one.seen, detail=one.detail)
            for one in seen
        ),
    )


@command("agentls.suggestAgent")
async def suggest_agent(
    ls: Server, params: SuggestAgentParams, _: RequestProgress
) -> SuggestAgentResult:
    """Say which agent fits a prompt, and why; nothing is started."""
    folder = ls.folder(params.uri) if params.uri else None
    found = await ls.core.tasks.suggest(params.prompt, folder, labels=params.labels)
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


def _agent_info(agent: ListedAgent) -> AgentInfo:
    return AgentInfo(
        name=agent.name,
        title=agent.title,
        installed=agent.path is not None,
        path=agent.path and str(agent.path),
        version=agent.version,
        default=agent.default,
        hint=agent.hint,
    )
