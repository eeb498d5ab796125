"""What agents may ask for: nothing that their user didn't allow them."""

import asyncio
import contextlib

import pytest

from agentls.config import Right
from agentls.errors import AgentlsError, InvalidParams, InvalidState, NotAllowed
from agentls.model import AgentName, Approval, Session, SessionId, SessionKind, State
from agentls.tasks.book import now
from agentls.tasks.delegating import Delegate

_OWN = '[mcp]\nagents = ["shell"]\n'


@pytest.fixture
def config(paths):
    """Write the user's own configuration."""

    def write(text: str) -> None:
        paths.user_config.parent.mkdir(parents=True, exist_ok=True)
        paths.user_config.write_text(text)

    write(_OWN)
    return write


@pytest.fixture
async def parent(daemon, config):  # noqa: ARG001 - shell is among `mcp.agents`
    """Give a task at rest, and its agent as one that asks."""
    task = await daemon.done()
    return task, Delegate(session=daemon.core.book.sessions(task.id)[-1].id)


@contextlib.contextmanager
def _refused(error: type[AgentlsError], words: str):
    with pytest.raises(error, match=words) as caught:
        yield
    assert caught.value.hint


async def test_what_an_agent_asks_for_stands_below_its_task_and_asks(daemon, parent):
    task, agent = parent
    child = await daemon.done("echo a > a", delegate=agent)
    assert (child.parent, child.approval) == (task.id, Approval.ASK)
    assert (await daemon.create()).parent is None


async def test_a_person_puts_a_task_below_another_one(daemon, parent, config):
    config("[limits]\nmax_depth = 0\n")
    task, _ = parent
    child = await daemon.create(parent=task.id)
    assert (child.parent, child.approval) == (task.id, None)


async def test_a_parent_is_of_the_same_repository(daemon, parent, tmp_path, git):
    task, agent = parent
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    git(other, "commit", "-q", "--allow-empty", "-m", "first")
    with _refused(InvalidParams, "belongs to"):
        await daemon.create(folder=other, parent=task.id)
    with _refused(InvalidParams, "belongs to"):
        await daemon.create(folder=other, delegate=agent)


async def test_an_agent_asks_in_no_other_ones_name(daemon, parent):
    _, agent = parent
    other = await daemon.done()
    with _refused(NotAllowed, "in the name of"):
        await daemon.create(delegate=agent, parent=other.id)
    with _refused(NotAllowed, "in the name of"):
        await daemon.create(delegate=Delegate(), parent=other.id)


@pytest.mark.usefixtures("config")
async def test_a_session_that_there_is_not_has_no_rights(daemon):
    nobody = Delegate(session=SessionId("zzzz-1"))
    with _refused(NotAllowed, "doesn't know"):
        await daemon.create(delegate=nobody)
    with _refused(NotAllowed, "doesn't know"):
        await daemon.core.delegating.require(
            nobody, Right.LIST, operation="agentls.listTasks", task=None
        )
    assert daemon.core.book.tasks() == ()


async def test_children_hand_out_nothing_unless_the_limit_says_so(
    daemon, parent, config
):
    _, agent = parent
    child = await daemon.done(delegate=agent)
    its_agent = Delegate(session=daemon.core.book.sessions(child.id)[-1].id)
    with _refused(InvalidState, "max_depth is 1"):
        await daemon.create(delegate=its_agent)
    config(_OWN + "[limits]\nmax_depth = 2\n")
    grandchild = await daemon.create(delegate=its_agent)
    assert grandchild.parent == child.id
    config(_OWN + "[limits]\nmax_depth = 0\n")
    with _refused(InvalidState, "may hand out no tasks"):
        await daemon.create(delegate=agent)


async def test_only_so_many_are_open_at_once_however_fast_they_are_asked_for(
    daemon, parent, config
):
    config(_OWN + "[limits]\nmax_children = 2\n")
    _, agent = parent
    outcomes = await asyncio.gather(
        *(daemon.create(delegate=agent) for _ in range(5)), return_exceptions=True
    )
    made = [one for one in outcomes if not isinstance(one, BaseException)]
    assert len(made) == 2
    refused = [one for one in outcomes if isinstance(one, InvalidState)]
    assert len(refused) == 3
    assert "limits.max_children" in refused[0].message
    await daemon.core.discarding.discard(made[0].id)
    assert await daemon.create(delegate=agent)
    assert await daemon.create()  # a person's own count for nobody


async def test_no_agent_is_handed_to_that_runs_what_it_is_told(daemon, parent, config):
    _, agent = parent
    config('[agents.mine]\ncommand = ["sh", "-c", "{prompt}"]\n')
    for name in ("shell", "mine"):
        with _refused(NotAllowed, "without asking"):
            await daemon.create(agent=name, delegate=agent)
        with _refused(NotAllowed, "without asking"):
            await daemon.create(agent=name, delegate=Delegate())
    config('[agents.mine]\ncommand = ["true"]\n[agents.mine.modes.ask]\n')
    assert await daemon.create(agent="mine", delegate=agent)


async def test_no_agent_is_handed_to_in_which_a_repository_has_a_part(
    daemon, parent, config, repository
):
    _, agent = parent
    config('[agents.mine]\ncommand = ["true"]\n[agents.mine.modes.ask]\n')
    (repository / ".agentls.toml").write_text('[agents.mine]\ncommand = ["false"]\n')
    await daemon.trust()
    with _refused(NotAllowed, "repository says how"):
        await daemon.create(agent="mine", delegate=agent)


async def test_a_child_may_no_more_than_its_parent_whatever_is_set_later(
    daemon, parent, config
):
    _, agent = parent
    config(_OWN + 'approval = "edits"\n')
    config('approval = "edits"\n' + _OWN)
    child = await daemon.done(delegate=agent)
    assert child.approval is Approval.EDITS
    config('approval = "all"\n' + _OWN + "[limits]\nmax_depth = 2\n")
    its_agent = Delegate(session=daemon.core.book.sessions(child.id)[-1].id)
    assert (await daemon.create(delegate=its_agent)).approval is Approval.EDITS
    config('approval = "ask"\n' + _OWN + "[limits]\nmax_depth = 2\n")
    assert (await daemon.create(delegate=its_agent)).approval is Approval.ASK


async def test_the_approval_is_what_the_agent_is_started_with(daemon, parent, config):
    _, agent = parent
    modes = "".join(
        f'[agents.mine.modes.{one}]\nargs = ["{one}"]\n' for one in ("ask", "all")
    )
    mine = '[agents.mine]\nbin = "sh"\napproval = "all"\nstart = ["-c", "echo $1 > way"'
    mine += ', "sh", "{approval}", "{prompt}"]\n'
    config(mine + modes)
    for delegate, way in ((None, "all"), (agent, "ask")):
        task = await daemon.done(agent="mine", delegate=delegate)
        assert (task.worktree / "way").read_text() == f"{way}\n"


async def test_a_reviewing_agent_hands_out_nothing_that_does_not_ask(
    daemon, parent, config
):
    task, _ = parent
    config('approval = "all"\n' + _OWN)
    session = Session(
        id=SessionId(f"{task.id}-9"),
        task=task.id,
        kind=SessionKind.REVIEWER,
        title="",
        started=now(),
    )
    await daemon.core.book.add_session(session)
    child = await daemon.create(delegate=Delegate(session=session.id))
    assert child.approval is Approval.ASK


async def test_an_agent_from_outside_has_the_approval_that_is_set_for_those(
    daemon, config
):
    config('approval = "all"\n' + _OWN)
    first = await daemon.create(delegate=Delegate(folder="/"))
    assert (first.parent, first.approval) == (None, Approval.ASK)
    config('approval = "all"\n' + _OWN + 'approval = "edits"\n')
    assert (await daemon.create(delegate=Delegate())).approval is Approval.EDITS


async def test_an_agent_that_works_in_a_worktree_is_that_tasks(daemon, parent):
    task, _ = parent
    inside = Delegate(folder=str(task.worktree / "deep" / "down"))
    assert (await daemon.create(delegate=inside)).parent == task.id
    beside = Delegate(folder=f"{task.worktree}-more")
    assert (await daemon.create(delegate=beside)).parent is None


async def test_no_agent_works_on_a_branch_of_the_users(daemon, parent, git, repository):
    _, agent = parent
    git(repository, "branch", "theirs")
    with _refused(NotAllowed, "branch"):
        await daemon.create(delegate=agent, base="branch:theirs")
    assert await daemon.create(delegate=agent, base="theirs")


async def test_an_agent_acts_only_on_what_it_handed_out(daemon, parent, config):
    task, agent = parent
    config(_OWN + "[limits]\nmax_depth = 3\n")
    child = await daemon.done(delegate=agent)
    its_agent = Delegate(session=daemon.core.book.sessions(child.id)[-1].id)
    grandchild = await daemon.done(delegate=its_agent)
    persons = await daemon.done(parent=task.id)
    persons_agent = Delegate(session=daemon.core.book.sessions(persons.id)[-1].id)
    below_that = await daemon.done(delegate=persons_agent)
    outside = await daemon.done(delegate=Delegate())

    async def may(who: Delegate, right: Right) -> set[str]:
        allowed = set[str]()
        for one in daemon.core.book.tasks():
            with contextlib.suppress(NotAllowed):
                await daemon.core.delegating.require(
                    who, right, operation="x", task=one.id
                )
                allowed.add(one.id)
        return allowed

    everything = {one.id for one in daemon.core.book.tasks()}
    for right in (Right.SEND, Right.STOP):
        assert await may(agent, right) == {child.id, grandchild.id}
        assert await may(its_agent, right) == {grandchild.id}
        # A person's may be allowed more than who asks, and so may what is below it.
        assert await may(persons_agent, right) == {below_that.id}
        assert await may(Delegate(), right) == {outside.id}
    assert await may(agent, Right.SHOW) == everything


async def test_an_agent_reads_nothing_of_other_repositories(
    daemon, parent, tmp_path, git
):
    task, agent = parent
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    git(other, "commit", "-q", "--allow-empty", "-m", "first")
    there = await daemon.done(folder=other)
    with _refused(NotAllowed, "another repository"):
        await daemon.core.delegating.require(
            agent, Right.SHOW, operation="x", task=there.id
        )
    tasks = daemon.core.book.tasks()
    visible = daemon.core.delegating.visible
    assert [one.id for one in visible(agent, tasks)] == [task.id]
    assert visible(None, tasks) == visible(Delegate(), tasks) == tasks


async def test_rights_are_those_of_the_users_own_configuration(
    daemon, parent, config, repository
):
    _, agent = parent
    child = await daemon.done(delegate=agent)

    async def require(right: Right | None) -> None:
        await daemon.core.delegating.require(
            agent, right, operation="agentls.mergeTask", task=child.id
        )

    for right in (Right.MERGE, Right.DISCARD, None):
        with _refused(NotAllowed, r"agentls\.mergeTask"):
            await require(right)
    config('[mcp]\nallow = ["merge"]\n')
    await require(Right.MERGE)
    for right in (Right.SHOW, Right.SEND, None):
        with _refused(NotAllowed, "may not ask"):
            await require(right)
    (repository / ".agentls.toml").write_text('[mcp]\nallow = ["send"]\n')
    with _refused(AgentlsError, "what agents may ask for"):
        await daemon.create()


async def test_an_agent_is_told_what_it_may(daemon, parent, config, repository):
    task, agent = parent
    config(_OWN + "[limits]\nmax_children = 3\n")
    await daemon.done(delegate=agent)
    told = await daemon.core.delegating.tell(agent, repository)
    assert told.task is not None
    assert told.task.id == task.id
    assert Right.MERGE not in told.allowed
    assert AgentName("shell") in told.agents
    assert (told.depth, told.max_depth, told.open, told.max_open) == (1, 1, 1, 3)
    config("")
    told = await daemon.core.delegating.tell(Delegate(), None)
    assert told.task is None
    assert AgentName("shell") not in told.agents


async def test_what_becomes_of_a_parent_leaves_its_children_alone(daemon, parent):
    task, agent = parent
    child = await daemon.done("echo a > a", delegate=agent)
    await daemon.core.discarding.discard(task.id)
    child = daemon.core.book.get(child.id)
    assert (child.state, child.parent) == (State.REVIEW, task.id)
    await daemon.merge(child)
    assert daemon.core.book.get(child.id).state is State.MERGED
