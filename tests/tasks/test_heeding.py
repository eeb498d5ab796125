"""Agents that tell by their terminal where they stand; shell scripts play them.

They open their gate for writing as well (`<>`): else one that comes to its next `read`
while the test still has the gate open reads the end of it, and fails.
"""

import base64
import os
from collections.abc import Callable

import pytest

from agentls.model import AskedKind, State, StatusSource
from agentls.tasks import heeding

MESSAGE = base64.b64encode(b"approve: make").decode()


@pytest.fixture
def play(home) -> Callable[[str, str], str]:
    """Define an agent by its script and the tables of its definition."""

    def define(script: str, tables: str = "") -> str:
        agent = home.path / "agent.sh"
        agent.write_text(script)
        config = home.path / "config"
        config.mkdir(exist_ok=True)
        (config / "config.toml").write_text(
            f'[agents.player]\nbin = "/bin/sh"\nstart = ["{agent}", "{{prompt}}"]\n'
            f'done = "event"\n{tables}'
        )
        return "player"

    return define


OSC = """
[[agents.player.signals]]
source = "osc"
code = 7501
match = "state=blocked:msg=(?P<what_base64>.*)"
status = "waiting"
kind = "permission"
reason = "{what}"
[[agents.player.signals]]
source = "osc"
code = 7501
match = "state=working"
status = "working"
[[agents.player.signals]]
source = "osc"
code = 7501
match = "state=(done|idle)"
status = "done"
"""


async def test_a_task_follows_what_its_agent_tells_its_terminal(daemon, play, home):
    os.mkfifo(home.path / "gate")
    script = rf"""
tell() {{ printf '\033]7501;state=%s\033\\' "$1"; }}
tell working; tell 'blocked:msg={MESSAGE}'
read -r _ <>'{home.path}/gate'
tell working; tell done; tell idle
read -r _ <>'{home.path}/gate'
"""
    task = await daemon.create(agent=play(script, OSC))
    waiting = await daemon.until(task.id, State.WAITING)
    assert (waiting.why, waiting.source) == ("approve: make", StatusSource.OSC)
    assert waiting.asked is not None
    assert waiting.asked.kind is AskedKind.PERMISSION
    (home.path / "gate").write_text("\n")
    review = await daemon.until(task.id, State.REVIEW)
    assert (review.source, review.asked) == (StatusSource.OSC, None)
    assert review.waited > 0


async def test_what_was_told_while_no_daemon_was_there_counts_once(start, play, home):
    os.mkfifo(home.path / "gate")
    script = rf"""
tell() {{ printf '\033]7501;state=%s\033\\' "$1"; }}
tell working; tell 'blocked:msg={MESSAGE}'
read -r _ <>'{home.path}/gate'
tell working; tell done; echo >done
read -r _ <>'{home.path}/gate'
"""
    async with start() as daemon:
        task = await daemon.create(agent=play(script, OSC))
        waiting = await daemon.until(task.id, State.WAITING)
        session = waiting.id + "-1"
        await daemon.until_true(lambda: daemon.core.book.session(session).watched > 0)
    (home.path / "gate").write_text("\n")
    async with start() as daemon:
        await daemon.until(task.id, State.REVIEW)
        turns = await daemon.core.tasks._starter.turns.list(task)
        assert len(turns) == 1


TITLE_AND_SCREEN = """
[[agents.player.signals]]
source = "title"
match = "Ready"
status = "done"
[[agents.player.signals]]
source = "screen"
match = "esc to interrupt"
status = "working"
"""


async def test_titles_and_screens_tell_too(daemon, play, home):
    os.mkfifo(home.path / "gate")
    script = rf"""
printf '\033]2;it is Ready\007'
read -r _ <>'{home.path}/gate'
echo 'esc to interrupt'
printf '\033]2;busy\007'
read -r _ <>'{home.path}/gate'
"""
    task = await daemon.create(agent=play(script, TITLE_AND_SCREEN))
    review = await daemon.until(task.id, State.REVIEW)
    assert review.source is StatusSource.TITLE
    (home.path / "gate").write_text("\n")
    working = await daemon.until(task.id, State.WORKING)
    assert working.source is StatusSource.SCREEN


async def test_silence_is_shown_and_moves_nothing(daemon, play, home, monkeypatch):
    monkeypatch.setattr(heeding, "QUIET_SECONDS", 0.3)
    os.mkfifo(home.path / "gate")
    script = f"read -r _ <>'{home.path}/gate'; echo more; sleep 60\n"
    tables = "[[agents.player.signals]]\nsource='bell'\nstatus='done'\n"
    task = await daemon.create(agent=play(script, tables))
    book = daemon.core.book
    await daemon.until_true(lambda: book.get(task.id).quiet_since is not None)
    changed = book.get(task.id).changed
    (home.path / "gate").write_text("\n")
    await daemon.until_true(lambda: book.get(task.id).quiet_since is None)
    assert book.get(task.id).state is State.WORKING
    assert book.get(task.id).changed == changed


async def test_silence_ends_a_turn_where_a_definition_says_so(daemon, play):
    tables = """
[[agents.player.signals]]
source = "silence"
seconds = 0.3
status = "done"
"""
    task = await daemon.create(agent=play("echo so; sleep 60\n", tables))
    review = await daemon.until(task.id, State.REVIEW)
    assert review.source is StatusSource.SILENCE


@pytest.mark.parametrize(
    ("status", "state", "why"),
    [(0, State.FAILED, "It gave up."), (3, State.REVIEW, ""), (4, State.FAILED, "4")],
)
async def test_a_definition_says_what_an_exit_status_means(
    daemon, play, status, state, why
):
    tables = """
[[agents.player.signals]]
source = "bell"
status = "done"
[agents.player.exits]
0 = { status = "failed", reason = "It gave up." }
3 = { status = "done" }
"""
    task = await daemon.create(agent=play(f"exit {status}\n", tables))
    ended = await daemon.until(task.id, State.REVIEW, State.FAILED)
    assert (ended.state, ended.source) == (state, StatusSource.EXIT)
    assert why in ended.why
