"""An agent that reviews another one's change, and what becomes of what it finds."""

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
        command = f'["sh", "{tmp_path}/review.sh", "{{prompt_file}}"]'
        (folder / "config.toml").write_text(
            f'[review]\nagent = "critic"\n[agents.critic]\ncommand = {command}\n'
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
