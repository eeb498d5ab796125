"""Answering an agent's dialog from the list; a shell script plays the agent."""

import os

import pytest

from agentls.errors import InvalidParams, InvalidState
from agentls.model import AskedKind, State, StatusSource
from agentls.tasks import responding

CONFIG = """
[agents.asker]
bin = "/bin/sh"
start = ["{script}", "{prompt}"]
[agents.asker.dialogs.run]
match = ['Run (?P<command>.+)\\?', '1\\. Yes']
kind = "permission"
tool = "shell"
reason = "It wants to run {command}"
choices.allow = { keys = "1" }
choices.deny = { keys = "2" }
choices.never = { keys = "4", status = "done" }
choices.sure = { keys = ["5", "y"] }
text = { keys = "3{text}\\r" }
[agents.asker.dialogs.trust]
match = 'Trust this folder'
kind = "trust"
"""

SAYS_THAT_IT_ASKS = """
[[agents.asker.signals]]
source = "osc"
code = 7501
match = "state=blocked"
status = "waiting"
"""

ASKS = r"""
stty -icanon -echo
printf 'Run make all?\r\n1. Yes  2. No\r\n'
key=$(dd bs=1 count=1 2>/dev/null)
[ "$key" = 3 ] && read -r words
printf '\033[H\033[2J'
echo "$key$words" >answer
"""


@pytest.fixture
def asker(home):
    """Define the agent that runs a script."""

    def define(script: str = ASKS) -> str:
        agent = home.path / "agent.sh"
        agent.write_text(script)
        (home.path / "config").mkdir()
        (home.path / "config" / "config.toml").write_text(
            CONFIG.replace("{script}", str(agent))
        )
        return "asker"

    return define


@pytest.mark.parametrize(
    ("given", "typed"),
    [
        ({"choice": "allow"}, "1\n"),
        ({"choice": "deny"}, "2\n"),
        ({"text": "use ninja\n"}, "3use ninja\n"),
    ],
)
async def test_the_keys_of_the_answer_are_typed(daemon, asker, given, typed):
    task = await daemon.create(agent=asker())
    waiting = await daemon.until(task.id, State.WAITING)
    assert (waiting.why, waiting.source) == (
        "It wants to run make all",
        StatusSource.SCREEN,
    )
    assert waiting.asked is not None
    assert (waiting.asked.kind, waiting.asked.tool) == (AskedKind.PERMISSION, "shell")
    assert waiting.asked.choices == ("allow", "deny", "never", "sure")
    assert waiting.asked.takes_text
    answered = await daemon.core.responding.respond(task.id, **given)
    assert (answered.state, answered.asked) == (State.WORKING, None)
    await daemon.until(task.id, State.REVIEW)
    assert (task.worktree / "answer").read_text() == typed


async def test_no_key_reaches_a_dialog_that_is_gone(daemon, asker, home):
    os.mkfifo(home.path / "gate")
    script = rf"""
stty -icanon -echo
printf 'Run make all?\r\n1. Yes  2. No\r\n'
read -r _ <>'{home.path}/gate'
printf '\033[H\033[2JDelete everything? (1 for yes)\r\n'
read -r _ <>'{home.path}/gate'
stty min 0 time 0
dd bs=1 count=1 >typed 2>/dev/null
"""
    task = await daemon.create(agent=asker(script))
    await daemon.until(task.id, State.WAITING)
    # What is told of the change doesn't come in time.
    daemon.core.screens.signalled = lambda _id, _signal: None
    before = (await daemon.core.screens.text(f"{task.id}-1")).offset
    (home.path / "gate").write_text("\n")
    live = daemon.core.sessions.get(f"{task.id}-1")
    await live.grown(before)
    with pytest.raises(InvalidState, match="nothing was typed"):
        await daemon.core.responding.respond(task.id, choice="allow")
    assert daemon.core.book.get(task.id).state is State.WAITING
    (home.path / "gate").write_text("\n")
    await daemon.until(task.id, State.REVIEW)
    assert (task.worktree / "typed").read_bytes() == b""


async def test_a_key_that_was_typed_and_shows_nothing_yet_may_be_the_answer(
    daemon, asker, home
):
    os.mkfifo(home.path / "gate")
    script = rf"""
stty -icanon -echo
printf 'Run make all?\r\n1. Yes  2. No\r\n'
dd bs=1 count=1 2>/dev/null >answer
read -r _ <>'{home.path}/gate'
printf '\033[H\033[2JIt runs.\r\n'
read -r _ <>'{home.path}/gate'
stty min 0 time 0
dd bs=1 count=1 >typed 2>/dev/null
"""
    task = await daemon.create(agent=asker(script))
    await daemon.until(task.id, State.WAITING)
    live = daemon.core.sessions.get(f"{task.id}-1")
    await live.grown(0)
    await live.write(b"1")  # a person, in its terminal
    with pytest.raises(InvalidState, match=r"a moment ago.* nothing more was typed"):
        await daemon.core.responding.respond(task.id, choice="deny")
    before = (await daemon.core.screens.text(live.id)).offset
    (home.path / "gate").write_text("\n")
    await live.grown(before)
    with pytest.raises(InvalidState, match=r"nothing was typed|is working"):
        await daemon.core.responding.respond(task.id, choice="deny")
    (home.path / "gate").write_text("\n")
    await daemon.until(task.id, State.REVIEW)
    assert (task.worktree / "answer").read_bytes() == b"1"
    assert (task.worktree / "typed").read_bytes() == b""


async def test_a_key_that_is_answered_by_nothing_is_no_answer_for_ever(
    daemon, asker, monkeypatch
):
    monkeypatch.setattr(responding, "_ANSWERED_SECONDS", 0.0)
    skips = ASKS.replace("key=", "dd bs=1 count=1 2>/dev/null >/dev/null\nkey=")
    task = await daemon.create(agent=asker(skips))
    await daemon.until(task.id, State.WAITING)
    await daemon.core.sessions.get(f"{task.id}-1").write(b"x")
    await daemon.core.responding.respond(task.id, choice="allow")
    await daemon.until(task.id, State.REVIEW)
    assert (task.worktree / "answer").read_text() == "1\n"


@pytest.mark.parametrize(
    ("shows", "typed"), [(r"Sure?", b"5y"), (r"\033[H\033[2JToo late.", b"5")]
)
async def test_an_answer_in_pieces_ends_where_its_dialog_does(
    daemon, asker, home, shows, typed
):
    os.mkfifo(home.path / "gate")
    script = rf"""
stty -icanon -echo
printf 'Run make all?\r\n1. Yes  2. No\r\n'
dd bs=1 count=1 2>/dev/null >typed
printf '{shows}'
read -r _ <>'{home.path}/gate'
stty min 0 time 0
dd bs=1 count=1 >>typed 2>/dev/null
"""
    task = await daemon.create(agent=asker(script))
    await daemon.until(task.id, State.WAITING)
    if typed == b"5y":
        await daemon.core.responding.respond(task.id, choice="sure")
    else:
        with pytest.raises(InvalidState, match=r"the rest wasn't typed"):
            await daemon.core.responding.respond(task.id, choice="sure")
    (home.path / "gate").write_text("\n")
    await daemon.until(task.id, State.REVIEW)
    assert (task.worktree / "typed").read_bytes() == typed


async def test_an_answer_after_which_the_agent_rests_ends_the_turn(daemon, asker, home):
    os.mkfifo(home.path / "gate")
    task = await daemon.create(agent=asker(f"{ASKS}\nread -r _ <>'{home.path}/gate'"))
    await daemon.until(task.id, State.WAITING)
    answered = await daemon.core.responding.respond(task.id, choice="never")
    assert (answered.state, answered.source) == (State.REVIEW, StatusSource.SCREEN)
    assert daemon.core.book.sessions(task.id)[-1].live
    (home.path / "gate").write_text("\n")


async def test_a_dialog_that_is_the_same_again_is_seen(daemon, asker, monkeypatch):
    monkeypatch.setattr(responding, "_DRAWN_SECONDS", 0.3)
    script = r"""
stty -icanon -echo
for _ in 1 2; do
  printf '\033[H\033[2JRun make all?\r\n1. Yes  2. No\r\n'
  dd bs=1 count=1 2>/dev/null >>answer
done
"""
    task = await daemon.create(agent=asker(script))
    for _ in range(2):
        await daemon.until(task.id, State.WAITING)
        answered = await daemon.core.responding.respond(task.id, choice="allow")
        assert answered.state is State.WORKING
    await daemon.until(task.id, State.REVIEW)
    assert (task.worktree / "answer").read_text() == "11"


async def test_an_agent_that_missed_the_key_waits_still(
    daemon, asker, home, monkeypatch
):
    for name in ("_DRAWN_SECONDS", "_ANSWERED_SECONDS"):
        monkeypatch.setattr(responding, name, 0.2)
    agent = asker(r"""
stty -icanon -echo
printf 'Run make all?\r\n1. Yes  2. No\r\n\033]7501;state=blocked\033\\'
dd bs=1 count=1 >missed 2>/dev/null
dd bs=1 count=1 >answer 2>/dev/null
""")
    with (home.path / "config" / "config.toml").open("a") as config:
        config.write(SAYS_THAT_IT_ASKS)
    task = await daemon.create(agent=agent)

    def asks() -> bool:
        asked = daemon.core.book.get(task.id).asked
        return asked is not None and "allow" in asked.choices

    for _ in range(2):
        await daemon.until_true(asks)
        await daemon.core.responding.respond(task.id, choice="allow")
    await daemon.until(task.id, State.REVIEW)
    assert (task.worktree / "answer").read_text() == "1"


async def test_a_prompt_for_an_agent_that_asks_is_refused_with_what_answers(
    daemon, asker
):
    task = await daemon.create(agent=asker())
    await daemon.until(task.id, State.WAITING)
    with pytest.raises(InvalidState, match="wants to run make all") as refused:
        await daemon.core.tasks.send_prompt(task.id, "more")
    assert f"agentls respond {task.id} allow|deny|never|sure|TEXT" in refused.value.hint
    await daemon.core.responding.respond(task.id, choice="deny")
    await daemon.until(task.id, State.REVIEW)


async def test_a_task_goes_on_when_its_dialog_was_answered_in_the_terminal(
    daemon, asker, home
):
    os.mkfifo(home.path / "gate")
    task = await daemon.create(agent=asker(f"{ASKS}\nread -r _ <>'{home.path}/gate'"))
    await daemon.until(task.id, State.WAITING)
    live = daemon.core.sessions.get(f"{task.id}-1")
    await live.write(b"1")
    working = await daemon.until(task.id, State.WORKING)
    assert working.source is StatusSource.SCREEN
    (home.path / "gate").write_text("\n")
    await daemon.until(task.id, State.REVIEW)


async def test_a_dialog_that_went_while_no_daemon_was_there_is_waited_for_no_more(
    start, asker, home
):
    os.mkfifo(home.path / "gate")
    script = rf"""
printf 'Run make all?\r\n1. Yes  2. No\r\n'
read -r _ <>'{home.path}/gate'
printf '\033[H\033[2J'
read -r _ <>'{home.path}/gate'
"""
    async with start() as daemon:
        task = await daemon.create(agent=asker(script))
        await daemon.until(task.id, State.WAITING)
    (home.path / "gate").write_text("\n")
    async with start() as daemon:
        await daemon.until(task.id, State.WORKING)
        (home.path / "gate").write_text("\n")
        await daemon.until(task.id, State.REVIEW)


async def test_trust_is_never_answered(daemon, asker):
    task = await daemon.create(agent=asker("echo 'Trust this folder?'; read -r x"))
    waiting = await daemon.until(task.id, State.WAITING)
    assert waiting.asked is not None
    assert waiting.asked.kind is AskedKind.TRUST
    assert "trust this folder" in waiting.why
    for given in ({"choice": "allow"}, {"text": "yes"}):
        with pytest.raises(InvalidState, match="for you to see"):
            await daemon.core.responding.respond(task.id, **given)
    await daemon.core.tasks.stop(task.id)


async def test_what_is_no_answer_is_refused(daemon, asker):
    task = await daemon.create(agent=asker())
    await daemon.until(task.id, State.WAITING)
    with pytest.raises(InvalidParams) as caught:
        await daemon.core.responding.respond(task.id, choice="always")
    assert caught.value.hint == "It takes allow, deny, never, sure, a text."
    for given in ({}, {"choice": "allow", "text": "x"}, {"text": ""}):
        with pytest.raises(InvalidParams, match="either"):
            await daemon.core.responding.respond(task.id, **given)
    await daemon.core.responding.respond(task.id, choice="deny")
    await daemon.until(task.id, State.REVIEW)
    with pytest.raises(InvalidState, match="nothing there to answer"):
        await daemon.core.responding.respond(task.id, choice="allow")
