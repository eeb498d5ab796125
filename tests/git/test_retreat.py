from pathlib import Path
from typing import Any

import pytest

from agentls.errors import DirtyCheckout, TargetMoved
from agentls.git.advance import advance_branch
from agentls.git.checkouts import list_checkouts
from agentls.git.obstacles import Obstacles, find_obstacles
from agentls.git.retreat import retreat_branch


@pytest.fixture
async def merged(sandbox: Any):
    """Give a repository whose main went forward: readme changed, new, src removed."""
    old = sandbox.tip("main")
    new = sandbox.commit_on(
        "main", {"readme": "merged\n", "new": "new\n", "src/code.py": None}
    )
    repo = await sandbox.repository()
    await advance_branch(repo, "main", old=old, new=new)
    return repo, old, new


async def test_a_branch_that_nobody_has_is_swapped_back(sandbox: Any, merged: Any):
    repo, old, new = merged
    sandbox.git("checkout", "-q", "-b", "elsewhere")
    done = await retreat_branch(repo, "main", tip=new, to=old)
    assert done.checkout is None
    assert sandbox.tip("main") == old
    assert not sandbox.git("status", "--porcelain")


async def test_a_checkout_goes_back_and_keeps_what_is_uncommitted_elsewhere(
    sandbox: Any, merged: Any
):
    repo, old, new = merged
    sandbox.write("staged", "staged\n")
    sandbox.write(".gitignore", "staged\n")
    sandbox.git("add", "staged", ".gitignore", "-f")
    sandbox.write("untracked", "untracked\n")
    sandbox.write(".gitignore", "*.log\n.env\nmine\n")
    before = sandbox.git("status", "--porcelain")
    done = await retreat_branch(repo, "main", tip=new, to=old)
    assert done.checkout == sandbox.root
    assert sandbox.tip() == old
    assert (sandbox.root / "readme").read_text() == "hello\n"
    assert not (sandbox.root / "new").exists()
    assert (sandbox.root / "src/code.py").exists()
    assert sandbox.git("status", "--porcelain") == before


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("readme", "uncommitted"),
        ("new", "uncommitted"),
        ("src/code.py", "untracked"),
        ("src", "untracked"),
    ],
)
async def test_what_is_in_the_way_is_named_and_nothing_changes(
    sandbox: Any, merged: Any, name: str, said: str
):
    repo, old, new = merged
    sandbox.write(name, "mine\n")
    if name == "new":
        sandbox.git("add", name)
    before = sandbox.state()
    with pytest.raises(DirtyCheckout, match=f"{said}.*{name}"):
        await retreat_branch(repo, "main", tip=new, to=old)
    assert sandbox.state() == before
    assert (sandbox.root / name).read_text() == "mine\n"


async def test_an_ignored_file_in_the_way_is_kept(sandbox: Any):
    sandbox.write("forced.log", "tracked\n")
    sandbox.git("add", "-f", "forced.log")
    old = sandbox.commit()
    new = sandbox.commit_on("main", {"forced.log": None})
    repo = await sandbox.repository()
    await advance_branch(repo, "main", old=old, new=new)
    sandbox.write("forced.log", "mine\n")
    with pytest.raises(DirtyCheckout, match=r"forced\.log"):
        await retreat_branch(repo, "main", tip=new, to=old)
    assert (sandbox.root / "forced.log").read_text() == "mine\n"


async def test_a_branch_that_moved_on_stays(sandbox: Any, merged: Any):
    repo, old, new = merged
    later = sandbox.commit("later")
    with pytest.raises(TargetMoved):
        await retreat_branch(repo, "main", tip=new, to=old)
    assert sandbox.tip() == later


async def test_a_commit_in_the_moment_of_the_reset_is_kept(
    sandbox: Any, merged: Any, monkeypatch: pytest.MonkeyPatch
):
    repo, old, new = merged
    looked = find_obstacles

    async def and_then_somebody_commits(*args: Any, **named: Any) -> Obstacles:
        found = await looked(*args, **named)
        sandbox.write("quick", "quick\n")
        sandbox.commit("quick")
        return found

    monkeypatch.setattr("agentls.git.retreat.find_obstacles", and_then_somebody_commits)
    with pytest.raises(TargetMoved, match="this very moment"):
        await retreat_branch(repo, "main", tip=new, to=old)
    assert sandbox.git("log", "-1", "--format=%s") == "quick\n"
    assert (sandbox.root / "quick").exists()
    assert (sandbox.root / "new").exists()
    assert not sandbox.git("status", "--porcelain")


async def test_obstacles_are_told_before_a_merge_as_git_finds_them(
    sandbox: Any, tmp_path: Path
):
    repo = await sandbox.repository()
    old = sandbox.tip()
    new = sandbox.commit_on(
        "main",
        {"readme": "m\n", "deep/er/file": "n\n", "x.log": "n\n", "plain": "n\n"},
    )
    (checkout,) = await list_checkouts(repo)
    assert await find_obstacles(repo, checkout, old=old, new=new) == Obstacles()
    sandbox.write("readme", "mine\n")
    sandbox.write("src/code.py", "mine, elsewhere\n")
    sandbox.write("deep", "a file where a folder comes\n")
    sandbox.write("x.log", "ignored\n")
    (sandbox.root / "plain").symlink_to(tmp_path)
    found = await find_obstacles(repo, checkout, old=old, new=new)
    assert found.changed == (b"readme",)
    assert set(found.untracked) == {b"deep", b"x.log", b"plain"}
    with pytest.raises(DirtyCheckout):
        await advance_branch(repo, "main", old=old, new=new)
