"""What a setup made is there for the next task, and never half or stale."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agentls.model import State
from agentls.tasks import setup_entries as module

SETUP = """\
test -e made/file && echo again >> made/runs || { mkdir -p made; echo new > made/runs; }
echo "$(cat lock)" > made/file; ln -sf file made/link; chmod 755 made/file
"""


@pytest.fixture(autouse=True)
def configure(paths, git, repository: Path) -> Callable[..., None]:
    """Write the user's own config, and a repository with a lock file."""
    (repository / "lock").write_text("1\n")
    (repository / ".gitignore").write_text("made\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "lock")

    def write(more: str = 'plain_copy = "always"\n', *, setup: str = SETUP) -> None:
        paths.config.mkdir(exist_ok=True)
        paths.user_config.write_text(
            f"setup = {json.dumps(setup)}\n"
            f'[cache]\npaths = "made"\nkeys = "lock"\n{more}'
        )

    write()
    return write


def _runs(task) -> list[str]:
    return (task.worktree / "made" / "runs").read_text().split()


async def _entries(daemon):
    config = await daemon.core.trusting.user_config()
    return await daemon.core.housekeeper._setup_cache.entries(config)


async def test_the_next_setup_finds_what_the_first_one_made(daemon):
    first, second = await daemon.done(), await daemon.done()
    assert (_runs(first), _runs(second)) == (["new"], ["new", "again"])
    made = second.worktree / "made"
    assert (made / "link").readlink() == Path("file")
    assert os.access(made / "file", os.X_OK)
    assert len(await _entries(daemon)) == 1


async def test_it_is_a_copy_and_no_link(daemon):
    first = await daemon.done("echo spoilt > made/file")
    second = await daemon.done()
    assert (second.worktree / "made" / "file").read_text() == "1\n"
    one, other = (task.worktree / "made" / "file" for task in (first, second))
    assert one.stat().st_nlink == other.stat().st_nlink == 1


async def test_links_are_made_where_they_are_asked_for(configure, daemon):
    configure("link = true\n")
    await daemon.done()
    second = await daemon.done()
    assert (second.worktree / "made" / "link").is_symlink()
    (entry,) = await _entries(daemon)
    kept = entry.path / "files" / "made" / "file"
    assert kept.stat().st_nlink > 1


async def test_setup_is_left_out_where_that_is_asked_for(configure, daemon):
    configure('plain_copy = "always"\nskip_setup = true\n')
    first, second = await daemon.done(), await daemon.done()
    assert (_runs(first), _runs(second)) == (["new"], ["new"])


async def test_another_lock_file_or_setup_is_another_entry(configure, daemon, git):
    await daemon.done()
    (daemon.root / "lock").write_text("2\n")
    git(daemon.root, "commit", "-qam", "another lock")
    other = await daemon.done()
    assert _runs(other) == ["new"]
    assert (other.worktree / "made" / "file").read_text() == "2\n"
    configure(setup=SETUP + "\ntrue\n")
    assert _runs(await daemon.done()) == ["new"]
    assert len(await _entries(daemon)) == 3


async def test_a_setup_that_fails_leaves_nothing(configure, daemon):
    configure(setup="mkdir made; exit 1")
    task = await daemon.create()
    await daemon.until(task.id, State.FAILED)
    assert await _entries(daemon) == ()


async def test_a_copy_that_fails_is_nobodys(daemon, monkeypatch):
    async def fails(*_args, **_more):
        raise module.AgentlsError("No room.")

    monkeypatch.setattr(module, "_copy", fails)
    assert _runs(await daemon.done()) == ["new"]
    assert await _entries(daemon) == ()
    assert not list((daemon.core.paths.data / "cache").glob("*/*"))


async def test_a_copy_into_a_worktree_that_fails_leaves_it_to_the_setup(
    daemon, monkeypatch
):
    await daemon.done()

    async def fails(_source, target, **_more):
        target.mkdir()
        (target / "file").write_text("half")
        raise module.AgentlsError("No room.")

    monkeypatch.setattr(module, "_copy", fails)
    assert _runs(await daemon.done()) == ["new"]


async def test_what_a_plain_copy_does_not_pay_for_is_not_kept(configure, daemon):
    configure('plain_copy = "never"\n')
    task = await daemon.done()
    if module.shares_blocks(daemon.core.paths.data):
        pytest.skip("this file system shares blocks")
    assert await _entries(daemon) == ()
    assert _runs(task) == ["new"]


async def test_the_longest_unused_goes_where_they_take_too_much(daemon, git):
    await daemon.done()
    (first,) = await _entries(daemon)
    (daemon.root / "lock").write_text("2\n")
    git(daemon.root, "commit", "-qam", "another lock")
    await daemon.done()
    os.utime(first.path / "entry.json", (1, 1))
    config = await daemon.core.trusting.user_config()
    freed = await daemon.core.housekeeper._setup_cache.shrink(config, to=first.size)
    assert freed == first.size
    (left,) = await _entries(daemon)
    assert left.path != first.path


async def test_what_a_killed_daemon_left_half_made_goes(start, paths):
    aside = paths.data / "cache" / "repository-1" / ".making-1"
    aside.mkdir(parents=True)
    async with start() as daemon:
        config = await daemon.core.trusting.user_config()
        await daemon.core.housekeeper._setup_cache.clean(config)
        assert await _entries(daemon) == ()
    assert not aside.exists()
