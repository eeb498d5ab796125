"""What a task took, as its agent leaves it; shell scripts play the agents."""

import pytest

from agentls.errors import AgentMissing
from agentls.model import State, Usage

CONFIG = """
[agents.counter]
bin = "/bin/sh"
start = ["{script}", "{session_id}", "{private}", "{prompt}"]
resume = ["{script}", "{session_id}", "{private}", "{prompt}"]
conversation = "learned"
[[agents.counter.reports]]
source = "file"
file = "{private}/*{session_id}.jsonl"
input = "in"
output = "out"
cost = "cost"
[[agents.counter.reports]]
source = "output"
format = "text"
match = 'goes on as (?P<id>\\w+)'
session = "id"
[[agents.counter.reports]]
source = "output"
format = "json"
message = "said"
"""

SCRIPT = """
echo '{"in": 100, "out": 10, "cost": 0.5}' >>"$2/log-c1.jsonl"
printf '\\033[1mthis goes on as c1\\033[0m\\n'
echo '{"said": "done it"}'
echo "$1" >>given
"""


@pytest.fixture
def counter(home):
    script = home.path / "agent.sh"
    script.write_text(SCRIPT)
    (home.path / "config").mkdir()
    (home.path / "config" / "config.toml").write_text(
        CONFIG.replace("{script}", str(script))
    )
    return "counter"


async def test_usage_conversation_and_last_words_are_read_at_rest(daemon, counter):
    task = await daemon.done(agent=counter)
    assert task.conversation == "c1"
    turns = await daemon.core.tasks._starter.turns.list(task)
    assert turns[0].said == "done it"
    # The id is known from now on, and with it the file.
    await daemon.core.tasks.send_prompt(task.id, "more")
    await daemon.until(task.id, State.REVIEW)
    assert (task.worktree / "given").read_text() == "\nc1\n"
    spent = await daemon.core.accounting.of(daemon.core.book.get(task.id))
    assert spent.turns == 2
    assert spent.usage == Usage(input=200, output=20, cost=1.0)
    assert spent.worked > 0
    assert "200 tokens in, 20 out, $1.00" in await daemon.core.briefings.write(task.id)


async def test_an_agent_that_tells_nothing_has_turns_and_time(daemon):
    task = await daemon.done("true")
    spent = await daemon.core.accounting.of(task)
    assert (spent.turns, spent.usage) == (1, None)
    assert spent.describe().startswith("1 turn, worked ")


async def test_a_program_that_is_too_old_is_not_started(daemon, home):
    old = home.path / "old"
    old.write_text("#!/bin/sh\necho old 1.9.2\n")
    old.chmod(0o755)
    (home.path / "config").mkdir()
    config = home.path / "config" / "config.toml"
    table = f"[agents.old]\nbin = '{old}'\nversion = ['-v']\nresume = []\n"
    config.write_text(f"{table}minimum = '2.0'")
    with pytest.raises(AgentMissing, match=r"1\.9\.2, older than 2\.0"):
        await daemon.create(agent="old")
    (listed,) = [one for one in await daemon.core.tasks.agents(None) if one.path == old]
    assert "2.0 or later" in listed.hint
    config.write_text(f"{table}minimum = '1.9'")
    task = await daemon.done(agent="old")
    # A program can be set back under a task that has begun with a newer one.
    config.write_text(f"{table}minimum = '2.0'")
    for go_on in (daemon.core.tasks.resume, daemon.core.tasks.send_prompt):
        with pytest.raises(AgentMissing, match=r"1\.9\.2, older than 2\.0"):
            await go_on(task.id, text="go on")
    after = daemon.core.book.get(task.id)
    assert after.state is State.REVIEW
    assert len(daemon.core.book.sessions(task.id)) == 1
    assert len(await daemon.core.tasks._starter.turns.list(after)) == 1
