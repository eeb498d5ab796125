"""An agent that reviews another one's change, and what becomes of what it finds."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentls.model import SessionKind, State, Task

FINDINGS = """\
echo 'I looked at it.'
echo '<<<FINDINGS'
echo '{"path": "new", "line": 2, "text": "Why two?"}'
echo '{"path": "nowhere", "line": 9, "text": "Gone?"}'
echo 'and what is this'
echo 'FINDINGS>>>'
"""


@pytest.fixture
def reviewer(home, tmp_path: Path) -> Callable[..., None]:
    """Let an agent review that runs a script, with checks before it."""

    def write(script: str, *, checks: str = "") -> None:
        (tmp_path / "review.sh").write_text(f'cp "$1" {tmp_path}/asked\n{script}')
        folder = Path(home.environ["AGENTLS_CONFIG_DIR"])
        folder.mkdir(exist_ok=True)
        asks = f'["{tmp_path}/review.sh", "{{prompt_file}}", "{{hook}}"]'
        (folder / "config.toml").write_text(
            f'[review]\nagent = "critic"\n[agents.critic]\nbin = "sh"\n'
            f'start = ["-c", "{{prompt}}"]\nheadless = {asks}\n'
            f"{checks}"
        )

    return write


async def _comments(daemon: Any, task: Task) -> list[tuple[str, str, Any]]:
    _, placed = await daemon.core.commenting.listed(task.id)
    return [
        (
            one.comment.author,
            one.comment.text,
            one.lines and (one.path, one.lines.first, one.lines.last),
        )
        for one in placed
    ]


async def test_its_findings_become_comments(daemon, reviewer, tmp_path):
    reviewer(FINDINGS)
    task = await daemon.done("printf 'one\\ntwo\\n' > new", title="T")
    assert [(one.name, one.outcome) for one in task.checks] == [("reviewer", "passed")]
    assert await _comments(daemon, task) == [
        ("critic", "nowhere:9: Gone?", None),
        ("critic", "and what is this", None),
        ("critic", "Why two?", (b"new", 2, 2)),
    ]
    asked = (tmp_path / "asked").read_text()
    assert "    printf 'one" in asked
    assert "+two" in asked
    session = daemon.core.book.session(task.checks[0].session)
    assert session.kind is SessionKind.REVIEWER


async def test_what_it_said_before_is_not_said_again(daemon, reviewer):
    reviewer(FINDINGS)
    task = await daemon.done("printf 'one\\ntwo\\n' > new")
    before = await _comments(daemon, task)
    await daemon.core.checking.run(task.id, names=None, progress=lambda _: None)
    assert await _comments(daemon, task) == before


async def test_what_it_tells_of_itself_is_nothing_of_the_tasks(
    daemon, reviewer, tmp_path
):
    for name in ("gate", "told"):
        os.mkfifo(tmp_path / name)
    reviewer(
        f"""
echo '{{"id": "r1", "is": "busy"}}' | sh -c "$2 began"
echo >{tmp_path}/told
read -r _ <>{tmp_path}/gate
{FINDINGS}""",
        checks="""
[agents.critic.payload]
session = "id"
[[agents.critic.events]]
when = { is = "busy" }
status = "working"
""",
    )
    made = await daemon.create("printf 'one\\ntwo\\n' > new", agent="critic")
    await asyncio.to_thread((tmp_path / "told").read_text)
    task = daemon.core.book.get(made.id)
    hearing = daemon.core.tasks._starter.hearing
    await hearing.read_events(task.checks[0].session)
    task = daemon.core.book.get(made.id)
    assert (task.state, task.conversation) == (State.CHECKING, None)
    (tmp_path / "gate").write_text("\n")
    task = await daemon.until(made.id, State.REVIEW)
    assert [(one.name, one.outcome) for one in task.checks] == [("reviewer", "passed")]


async def test_it_waits_for_checks_that_pass(daemon, reviewer, tmp_path):
    reviewer("true", checks='[checks.tests]\nrun = "false"\n')
    task = await daemon.done("touch new")
    assert [one.outcome for one in task.checks] == ["failed", "skipped"]
    assert not (tmp_path / "asked").exists()


async def test_one_that_fails_says_nothing_and_stands_in_no_way(daemon, reviewer):
    reviewer("echo trouble; exit 1")
    task = await daemon.done("touch new")
    assert [one.outcome for one in task.checks] == ["failed"]
    assert await _comments(daemon, task) == []
    assert (await daemon.merge(task)).task.state is State.MERGED


async def test_files_that_it_changes_are_told(daemon, reviewer):
    reviewer("echo mine >> new; echo '<<<FINDINGS'; echo 'FINDINGS>>>'")
    task = await daemon.done("touch new")
    assert "changed files" in task.why


async def test_a_script_does_not_review(daemon, reviewer, home):
    """It would run the diff."""
    config = Path(home.environ["AGENTLS_CONFIG_DIR"]) / "config.toml"
    reviewer("true")
    config.write_text('[review]\nagent = "shell"\n')
    task = await daemon.done("touch new")
    assert [one.outcome for one in task.checks] == ["lost"]
    assert "can't be asked" in task.why
