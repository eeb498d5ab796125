"""Which agent a task is given, and what the record of each says."""

import attrs
import pytest

from agentls.agents.catalogue import load_agents
from agentls.config import ConfigError, load_config
from agentls.errors import AgentMissing
from agentls.model import State, Usage
from agentls.tasks.batches import BatchSource
from agentls.tasks.request import TaskRequest

CONFIG = """
agent = "auto"
[agents.one]
command = ["/bin/sh", "-c", "echo new >>made", "{prompt}"]
[agents.two]
command = ["/bin/sh", "-c", "echo new >>made", "{prompt}"]
[agents.gone]
command = ["/nowhere/prog", "{prompt}"]
[[routes]]
agent = "gone"
words = ["migrate"]
[[routes]]
agent = "two"
words = ["refactor", "C++"]
[[routes]]
agent = "two"
labels = ["ui", "Needs care"]
[[routes]]
agent = "two"
labels = "slow"
words = "measure"
[[routes]]
agent = "two"
words = "document"
paths = ["docs/*", "*.md"]
"""


@pytest.fixture
def config(home):
    """Write the user's config, and make no agent of this machine be there."""

    def write(text=CONFIG):
        (home.path / "config").mkdir(exist_ok=True)
        hidden = "".join(
            f"[agents.{name}]\npreset = false\n"
            for name in ("claude", "codex", "opencode", "aider")
        )
        (home.path / "config" / "config.toml").write_text(f"{text}\n{hidden}")

    write()
    return write


@pytest.mark.parametrize(
    ("prompt", "agent", "why"),
    [
        ("Please REFACTOR it", "two", "'refactor' to two"),
        ("refactoring alone is no such word", "one", "No agent has a record yet"),
        ("port this to C++.", "two", "'C++' to two"),
        ("document src/docs.py", "one", "No agent has a record yet"),
        ("document ./docs/api/new.rst", "two", "docs/api/new.rst to two"),
        ("document it in README.md.", "two", "README.md to two"),
        ("migrate and refactor", "two", "gone, which a route names, isn't installed"),
        ("migrate", "one", "gone, which a route names, isn't installed"),
    ],
)
@pytest.mark.usefixtures("config")
async def test_the_first_route_that_fits_decides(daemon, prompt, agent, why):
    suggested = await daemon.core.tasks.suggest(prompt, daemon.root)
    assert suggested.agent == agent
    assert why in suggested.why
    assert [one.agent for one in suggested.candidates] == ["one", "two"]


@pytest.mark.parametrize(
    ("prompt", "labels", "agent", "why"),
    [
        ("mend it", ("bug", "needs care"), "two", "the label 'Needs care' to two"),
        ("mend it", ("bug",), "one", "No agent has a record yet"),
        ("measure it", ("slow",), "two", "the label 'slow' and 'measure' to two"),
        ("measure it", (), "one", "No agent has a record yet"),
    ],
)
@pytest.mark.usefixtures("config")
async def test_a_route_goes_by_labels_too(daemon, prompt, labels, agent, why):
    suggested = await daemon.core.tasks.suggest(prompt, daemon.root, labels=labels)
    assert suggested.agent == agent
    assert why in suggested.why


@pytest.mark.usefixtures("config")
async def test_each_of_a_batch_goes_to_the_agent_of_its_labels(daemon):
    text = '[{"prompt": "a", "labels": ["ui"]}, "b", {"prompt": "a b"}]'
    source = BatchSource(format="json", text=text)
    request = TaskRequest(prompt="", folder=daemon.root, labels=("mine",))
    items = await daemon.core.batching.run(source, request, dry=False, note_ids=False)
    made = [(one.task.agent, one.task.labels) for one in items]
    assert made == [("two", ("mine", "ui")), ("one", ("mine",)), ("one", ("mine",))]
    assert "the label 'ui'" in items[0].task.chosen
    assert "No agent has a record" in items[1].task.chosen


async def test_a_task_of_auto_gets_the_agent_and_is_told_why(daemon, config):
    task = await daemon.create("refactor this", agent=None)
    assert task.agent == "two"
    assert task.chosen == "A route gives 'refactor' to two."
    assert task.chosen in await daemon.core.briefings.write(task.id)
    named = await daemon.create("refactor this", agent="one")
    assert named.chosen == ""
    config(CONFIG.replace('agent = "auto"', 'agent = "one"', 1))
    assert (await daemon.create("refactor this", agent=None)).agent == "one"
    assert (await daemon.create("refactor this", agent="auto")).agent == "two"
    chosen = await daemon.core.tasks._routing.choose(
        "auto",
        prompt="refactor",
        config=await daemon.core.trusting.user_config(),
    )
    assert (chosen.agent, chosen.why) == ("two", "A route gives 'refactor' to two.")


@pytest.mark.full
@pytest.mark.usefixtures("config")
async def test_the_users_own_record_decides_where_no_route_does(daemon):
    book = daemon.core.book
    for agent, merged in (("one", 1), ("two", 3)):
        for number in range(3):
            task = await daemon.done("x", agent=agent)
            if number < merged:
                await daemon.merge(task)
            else:
                await daemon.core.discarding.discard(task.id)
    suggested = await daemon.core.tasks.suggest("anything", daemon.root)
    assert suggested.agent == "two"
    assert suggested.why == (
        "By your own record: two merged 3 of 3 decided, in 1.0 turns and 0 min of work."
    )
    assert "merged 1 of 3" in suggested.candidates[1].why
    (task, *_) = book.tasks(discarded=True)
    used = Usage(input=7, output=3, cost=0.5)
    await daemon.core.accounting._keep(task.id, name="c", used=used)
    one, two = await daemon.core.records.read()
    assert (one.agent, one.tasks, one.merged, one.discarded) == ("one", 3, 1, 2)
    assert one.usage == used
    assert (two.turns, two.turns_to_merge, two.usage) == (3, 1.0, None)
    assert two.worked_to_merge is not None
    assert not await daemon.core.records.read(repository=daemon.root / "other")
    assert not await daemon.core.records.read(days=0)


async def test_without_any_agent_nothing_is_chosen(daemon, config):
    config('agent = "auto"')
    with pytest.raises(AgentMissing, match="No coding agent is installed"):
        await daemon.core.tasks.suggest("anything", daemon.root)
    task = await daemon.done("true", agent="shell")
    assert task.state is State.REVIEW


@pytest.mark.parametrize("agent", ["auto", "shell"])
def test_no_route_leads_to_the_shell_or_to_itself(tmp_path, agent):
    file = tmp_path / "config.toml"
    file.write_text(f"[[routes]]\nagent = '{agent}'\n")
    with pytest.raises(ConfigError, match=r"routes\[0\].agent"):
        load_config(user_file=file, repository=None).config()


def test_no_agent_can_be_called_auto(home, config):
    file = home.path / "config" / "config.toml"
    config("[agents.auto]\ncommand = ['x']")
    with pytest.raises(ConfigError, match="it chooses one"):
        load_agents(load_config(user_file=file, repository=None).config())


def test_usage_adds_up():
    costs = attrs.asdict(Usage(input=1, cost=0.25) + Usage(input=2, output=1))
    assert costs == {"input": 3, "output": 1, "cached": 0, "cost": 0.25}
