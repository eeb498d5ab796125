"""A review that is asked for elsewhere is opened in one editor."""

import json
import os
import signal
from pathlib import Path

import pytest


@pytest.fixture
def task(home, repository: Path) -> str:
    """Give a task that is ready for review."""
    said = home.agentls(
        "run", "--agent", "shell", "--wait", "--json", "echo x > x", cwd=repository
    )
    return json.loads(said.stdout)["task"]["id"]


async def test_the_editor_that_has_the_repository_is_asked(
    open_editor, repository: Path, home, task
):
    near = await open_editor(repository / ".git", opens_reviews=True)
    elsewhere = await open_editor(home.path, opens_reviews=True)
    plain = await open_editor(repository)
    await plain.execute("openIn", task=task)
    await near.until(lambda: near.reviews == [task], "the review")
    await near.leave()
    await plain.execute("openIn", task=task)
    await elsewhere.until(lambda: elsewhere.reviews == [task], "the review elsewhere")
    assert plain.reviews == []
    await elsewhere.leave()
    refusal = await plain.refused("openIn", task=task)
    assert refusal["kind"] == "invalidState"
    assert f"agentls diff {task}" in refusal["hint"]


@pytest.mark.full
async def test_an_editor_is_asked_by_the_next_daemon_too(
    open_editor, repository: Path, home, task
):
    editor = await open_editor(repository, opens_reviews=True)
    os.kill(json.loads((home.state / "daemon.json").read_text())["pid"], signal.SIGKILL)
    await editor.until(lambda: editor.reconnected == 1, "the next daemon")
    said = home.agentls("open", task)
    assert said.stdout == f"Your editor shows {task}.\n"
    await editor.until(lambda: editor.reviews == [task], "the review")
