"""Writing a worktree from one state to another: wholly, and past nothing unkept."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentls.errors import DirtyCheckout, InvalidState
from agentls.git.rewriting import rewrite
from agentls.git.snapshot import read_state


class Worktree:
    """A task's worktree, saved and written."""

    def __init__(self, repo: Any, checkout: Any, index: Path) -> None:
        self.repo, self.checkout, self.index = repo, checkout, index
        self.path: Path = checkout.path

    async def tree(self) -> str:
        state = await read_state(self.repo, self.checkout, index=self.index)
        return state.tree

    async def write(self, new: str, *, old: str = "") -> None:
        await rewrite(
            self.repo,
            self.checkout,
            index=self.index,
            old=old or await self.tree(),
            new=new,
        )

    def own(self) -> tuple[bytes, bytes]:
        """Give the index and HEAD that are the agent's."""
        admin = self.checkout.admin
        return (admin / "index").read_bytes(), (admin / "HEAD").read_bytes()


@pytest.fixture
async def worktree(
    sandbox: Any, add_task: Callable[..., Any], tmp_path: Path
) -> Worktree:
    repo = await sandbox.repository()
    return Worktree(repo, await add_task(repo), tmp_path / "index")


async def test_files_become_what_they_were_and_nothing_else_is_touched(
    sandbox: Any, worktree: Worktree
):
    before = await worktree.tree()
    path = worktree.path
    (path / "readme").write_text("changed\n")
    (path / "src" / "code.py").unlink()
    (path / "src").rmdir()
    (path / "src").write_text("a file now\n")
    (path / "deep" / "er").mkdir(parents=True)
    (path / "deep" / "er" / "new").write_text("new\n")
    (path / os.fsdecode(b"odd\n\xff")).write_text("odd\n")
    (path / "debug.log").write_text("ignored\n")
    (path / "link").symlink_to("readme")
    sandbox.git("add", "readme", at=path)
    after, own = await worktree.tree(), worktree.own()
    await worktree.write(before)
    assert await worktree.tree() == before
    assert not (path / "deep").exists()
    assert (path / "debug.log").read_text() == "ignored\n"
    await worktree.write(after)
    assert await worktree.tree() == after
    assert (path / "src").read_text() == "a file now\n"
    assert worktree.own() == own


@pytest.mark.parametrize(
    "in_the_way", [".env", ".env/inside", "a.log", "a.log/b/c", "link"]
)
async def test_what_no_checkpoint_holds_stops_it_before_the_first_file(
    sandbox: Any, worktree: Worktree, in_the_way: str, tmp_path: Path
):
    path = worktree.path
    for name in (".env", "a.log/b"):
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text("tracked\n")
        sandbox.git("add", "-f", name, at=path)
    (path / "readme").write_text("other\n")
    wanted = await worktree.tree()
    sandbox.git("rm", "-q", "--cached", ".env", "a.log/b", at=path)
    (path / ".env").unlink()
    (path / "a.log" / "b").unlink()
    (path / "a.log").rmdir()
    (path / "readme").write_text("hello\n")
    old = await worktree.tree()
    if in_the_way == "link":
        (tmp_path / "outside").mkdir()
        (path / "a.log").symlink_to(tmp_path / "outside")
        await worktree.tree()
    else:
        (path / in_the_way).parent.mkdir(parents=True, exist_ok=True)
        (path / in_the_way).write_text("precious\n")
    with pytest.raises(InvalidState, match="in the way"):
        await worktree.write(wanted, old=old)
    assert (path / "readme").read_text() == "hello\n"
    if in_the_way == "link":
        assert not list((tmp_path / "outside").iterdir())
    else:
        assert (path / in_the_way).read_text() == "precious\n"


async def test_a_file_that_changed_since_stops_it(worktree: Worktree):
    before = await worktree.tree()
    (worktree.path / "readme").write_text("changed\n")
    (worktree.path / "src" / "code.py").write_text("changed\n")
    after = await worktree.tree()
    (worktree.path / "readme").write_text("and again\n")
    with pytest.raises(DirtyCheckout, match="readme"):
        await worktree.write(before, old=after)
    assert (worktree.path / "readme").read_text() == "and again\n"
    assert (worktree.path / "src" / "code.py").read_text() == "changed\n"


async def test_a_submodule_is_named_and_left(sandbox: Any, worktree: Worktree):
    before = await worktree.tree()
    (worktree.path / "sub").mkdir()
    info = f"160000,{sandbox.tip()},sub"
    sandbox.git("update-index", "--add", "--cacheinfo", info, at=worktree.path)
    with pytest.raises(InvalidState, match="Submodules"):
        await worktree.write(before)


async def test_line_ends_are_written_as_the_attributes_say(
    sandbox: Any, worktree: Worktree
):
    (worktree.path / ".gitattributes").write_text("*.txt eol=crlf\n")
    (worktree.path / "a.txt").write_bytes(b"a\r\nb\r\n")
    before = await worktree.tree()
    (worktree.path / "a.txt").write_bytes(b"a\r\nB\r\n")
    await worktree.write(before)
    assert (worktree.path / "a.txt").read_bytes() == b"a\r\nb\r\n"
    assert sandbox.git("show", f"{before}:a.txt") == "a\nb\n"


async def test_nothing_hostile_runs(
    sandbox: Any, worktree: Worktree, hostile: Callable[..., None]
):
    hostile(sandbox)
    (worktree.path / ".gitattributes").write_text("* filter=evil\n")
    before = await worktree.tree()
    (worktree.path / "readme").write_text("changed\n")
    await worktree.write(before)
    assert (worktree.path / "readme").read_text() == "hello\n"
