"""A config that was read is given again only while nothing that decides it changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentls.git import config_files, runner
from agentls.git.runner import load_settings


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count how often git reads a config; files may be as young as they like."""
    monkeypatch.setattr(config_files, "_AT_REST_NS", 0)
    count = 0
    run = runner.run_process

    async def counted(argv: Any, **options: Any) -> Any:
        nonlocal count
        count += "config" in argv
        return await run(argv, **options)

    monkeypatch.setattr(runner, "run_process", counted)
    return lambda: count


async def _filters(repo: Any) -> set[str | None]:
    found = await load_settings(repo.main)
    return {one.subsection for one in found if one.section == "filter"}


async def test_it_is_read_once_while_its_files_are_the_same(
    sandbox: Any, reads: Callable[[], int]
):
    repo = await sandbox.repository()
    for _ in range(3):
        assert await _filters(repo) == set()
    assert reads() == 1


async def test_a_change_anywhere_is_seen_at_once(
    sandbox: Any, reads: Callable[[], int], home: Path, tmp_path: Path
):
    repo = await sandbox.repository()
    later = tmp_path / "later.config"
    sandbox.git("config", "include.path", str(later))
    sandbox.git("config", "includeIf.gitdir:/.path", "../beside.config")
    text = "[filter %s]\n\tclean = cat\n"
    seen: set[str | None] = set()
    for file in (
        sandbox.root / ".git/config",
        home / ".gitconfig",
        home / ".config/git/config",
        later,
        sandbox.root / "beside.config",
    ):
        assert await _filters(repo) == seen
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as opened:
            opened.write(text % f'"{file.parent.name}-{file.name}"')
        seen |= {f"{file.parent.name}-{file.name}"}
        assert await _filters(repo) == seen
    before = reads()
    assert await _filters(repo) == seen
    assert reads() == before


async def test_what_depends_on_a_branch_is_read_each_time(
    sandbox: Any, reads: Callable[[], int]
):
    repo = await sandbox.repository()
    (sandbox.root / ".git/other").write_text('[filter "x"]\n\tclean = cat\n')
    sandbox.git("config", "includeIf.onbranch:other.path", "other")
    assert await _filters(repo) == set()
    sandbox.git("switch", "-qc", "other")
    assert await _filters(repo) == {"x"}
    assert reads() == 2


async def test_a_file_that_has_just_changed_is_not_taken_for_known(
    sandbox: Any, reads: Callable[[], int], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(config_files, "_AT_REST_NS", 3600 * 10**9)
    repo = await sandbox.repository()
    for _ in range(2):
        await _filters(repo)
    assert reads() == 2


async def test_nothing_is_known_for_long(
    sandbox: Any, reads: Callable[[], int], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(config_files, "_HOLDS_SECONDS", 0.0)
    repo = await sandbox.repository()
    for _ in range(2):
        await _filters(repo)
    assert reads() == 2
