"""Trying an agent in a repository that is thrown away."""

import tempfile

import pytest

from agentls.agents.abilities import Ability
from agentls.errors import InvalidParams, UnknownAgent
from agentls.tasks.starting import silent

CONFIG = """
[agents.able]
bin = "/bin/sh"
start = ["{script}", "new", "{prompt}"]
resume = ["{script}", "{session_id}", "{prompt}"]
conversation = "learned"
done = "event"
[[agents.able.signals]]
source = "osc"
code = 7501
match = "state=working"
status = "working"
[[agents.able.signals]]
source = "osc"
code = 7501
match = "state=done"
status = "done"
[[agents.able.reports]]
source = "output"
format = "text"
match = 'conversation (?P<id>\\w+), (?P<n>\\d+) tokens: (?P<said>.*)'
session = "id"
message = "said"
input = "n"
[agents.able.dialogs.edit]
match = 'May I edit\\?'
kind = "permission"
choices.allow = { keys = "y" }
"""

SCRIPT = r"""
tell() { printf '\033]7501;state=%s\033\\' "$1"; }
stty -echo -icanon
work() {
  tell working
  printf 'May I edit?\r\n'
  [ "$(dd bs=1 count=1 2>/dev/null)" = y ] || exit 1
  printf '\033[H\033[2J'
  echo line >>hello.txt
  echo 'conversation c1, 7 tokens: all done'
  tell done
}
[ "$1" = new ] || [ "$1" = c1 ] || exit 2
work
stty icanon
read -r more
stty -icanon
work
read -r more
"""


@pytest.fixture
def able(home):
    def define(script=SCRIPT):
        agent = home.path / "agent.sh"
        agent.write_text(script)
        (home.path / "config").mkdir()
        (home.path / "config" / "config.toml").write_text(
            CONFIG.replace("{script}", str(agent))
        )
        return "able"

    return define


def left_of(daemon):
    trials = list(daemon.core.paths.state.parent.glob("**/agentls-trial-*"))
    sessions = daemon.core.paths.sessions
    there = list(sessions.iterdir()) if sessions.is_dir() else []
    return [*daemon.core.book.tasks(discarded=True), *trials, *there]


@pytest.fixture(autouse=True)
def _temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


async def test_each_ability_is_told_as_seen_and_nothing_stays(daemon, able):
    said = []
    seen = await daemon.core.trying.try_agent(able(), seconds=60, say=said.append)
    told = {one.ability: (one.how, one.seen, one.detail) for one in seen}
    assert told == {
        Ability.START: ("prompt as an argument", True, "made hello.txt"),
        Ability.WORKING: ("osc", True, "told by osc"),
        Ability.WAITING: (
            "screen",
            True,
            "told by screen: It asks for a permission.",
        ),
        Ability.ANSWER: ("allow", True, "allowed: It asks for a permission."),
        Ability.DONE: ("osc", True, "told by osc"),
        Ability.MESSAGE: ("output", True, "all done"),
        Ability.CONVERSATION: ("output", True, "c1"),
        Ability.USAGE: ("output", True, told[Ability.USAGE][2]),
        Ability.FOLLOW_UP: ("typed", True, "changed hello.txt"),
        Ability.RESUME: (
            "with its conversation",
            True,
            "changed hello.txt in the same conversation",
        ),
    }
    assert "tokens in" in told[Ability.USAGE][2]
    assert "Allowing: It asks for a permission." in said
    assert not left_of(daemon)


async def test_what_was_not_seen_says_why(daemon, able):
    seen = await daemon.core.trying.try_agent(able("exit 3\n"), seconds=60, say=silent)
    assert not any(one.seen for one in seen if one.ability is Ability.START)
    assert "exit status 3" in seen[0].detail
    assert not left_of(daemon)


async def test_a_trial_ends_when_its_time_is_over(daemon, able):
    seen = await daemon.core.trying.try_agent(
        able("sleep 60\n"), seconds=0.5, say=silent
    )
    assert (seen[0].seen, seen[0].detail) == (False, "not within 0.5 s")
    assert not left_of(daemon)


async def test_a_script_agent_is_given_scripts(daemon):
    seen = await daemon.core.trying.try_agent("shell", seconds=60, say=silent)
    assert [(one.ability, one.seen) for one in seen] == [
        (Ability.START, True),
        (Ability.DONE, True),
        (Ability.FOLLOW_UP, True),
    ]
    assert not left_of(daemon)


async def test_what_an_agent_can_do_is_told_without_starting_it(daemon):
    has = await daemon.core.trying.abilities("claude")
    assert has[Ability.DONE] == "event"
    assert has[Ability.CONVERSATION] == "chosen by agentls"
    with pytest.raises(UnknownAgent):
        await daemon.core.trying.abilities("nobody")
    with pytest.raises(InvalidParams):
        await daemon.core.trying.try_agent("shell", seconds=0, say=silent)
