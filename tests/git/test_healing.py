from pathlib import Path
from typing import Any

import pytest

from agentls.errors import AgentlsError, DirtyCheckout
from agentls.git.advance import advance_branch
from agentls.git.healing import Outcome, heal_advance

FILES = ["a", "b/c", "d", "e/f/g", "h", "z"]


def tree_of(sandbox: Any):
    return {
        str(path.relative_to(sandbox.root)): path.read_bytes()
        for path in sandbox.root.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(sandbox.root).parts
    }


@pytest.fixture
def killing(sandbox: Any, home: Path, tmp_path: Path):
    """Set up a merge whose git is killed when it writes the named file."""
    victim = tmp_path / "victim"
    script = tmp_path / "smudge.sh"
    script.write_text(
        "#!/bin/sh\n"
        f'if [ "$1" = "$(cat {victim} 2>/dev/null)" ]; then\n'
        f"rm {victim}; kill -9 $PPID\nfi\ncat\n"
    )
    script.chmod(0o755)
    with (home / ".gitconfig").open("a") as config:
        # exec, so that the parent of the script is git and no shell.
        config.write(f'[filter "k"]\n\tsmudge = exec {script} %f\n\tclean = cat\n')
    sandbox.write(".gitattributes", "* filter=k\n")
    for name in FILES:
        sandbox.write(name, f"old {name}\n" * 3)
    sandbox.write("gone", "old gone\n")
    sandbox.write("becomes", "a folder\n")
    sandbox.commit()

    def kill_at(name: Any):
        victim.write_text(name)

    return kill_at


async def cut_off(sandbox: Any, killing: Any, at: Any):
    repo = await sandbox.repository()
    old = sandbox.tip()
    files = {name: f"new {name}, longer\n" * 5 for name in FILES}
    files |= {
        "added/x": "added\n",
        "extra": "added\n",
        "gone": None,
        "becomes/below": "now a folder\n",
    }
    new = sandbox.commit_on("main", files)
    killing(at)
    sandbox.git("merge", "--ff-only", "-q", new, ok=False)
    killing("")
    assert sandbox.tip() == old
    assert (sandbox.root / ".git/index.lock").exists()
    return repo, old, new


@pytest.mark.full
@pytest.mark.parametrize("at", [*FILES, "added/x", "becomes/below"])
async def test_a_merge_killed_at_a_file_is_rolled_back_and_can_be_done(
    sandbox: Any, killing: Any, at: Any
):
    before = tree_of(sandbox)
    repo, old, new = await cut_off(sandbox, killing, at)
    healed = await heal_advance(repo, "main", old=old, new=new, checkout=sandbox.root)
    assert healed is Outcome.OLD
    assert tree_of(sandbox) == before
    assert not sandbox.git("status", "--porcelain")
    await advance_branch(repo, "main", old=old, new=new)
    assert sandbox.tip() == new
    assert not sandbox.git("status", "--porcelain")
    healed = await heal_advance(repo, "main", old=old, new=new, checkout=sandbox.root)
    assert healed is Outcome.NEW
    sandbox.fsck()


async def test_the_users_edits_meanwhile_are_kept(sandbox: Any, killing: Any):
    repo, old, new = await cut_off(sandbox, killing, "z")
    sandbox.write("a", "my edit of a\n")
    sandbox.write("d", "my edit of d\n")
    (sandbox.root / "becomes/mine").write_text("my file in the new folder\n")
    (sandbox.root / "b/c").unlink()
    (sandbox.root / "b").rmdir()
    (sandbox.root / "b").write_text("my file where a folder was\n")
    sandbox.write("added/mine", "mine\n")
    (sandbox.root / "extra").unlink()
    sandbox.write("extra/mine", "my folder where a file was added\n")
    await heal_advance(repo, "main", old=old, new=new, checkout=sandbox.root)
    found = tree_of(sandbox)
    assert found["a"] == b"my edit of a\n"
    assert found["d"] == b"my edit of d\n"
    assert found["becomes/mine"] == b"my file in the new folder\n"
    assert found["b"] == b"my file where a folder was\n"
    assert found["added/mine"] == b"mine\n"
    assert found["extra/mine"] == b"my folder where a file was added\n"
    assert found["h"] == b"old h\n" * 3
    assert "added/x" not in found


async def test_what_the_user_staged_before_stays_staged(sandbox: Any, killing: Any):
    sandbox.write("src/code.py", "staged\n")
    sandbox.git("add", "src/code.py")
    sandbox.write("src/code.py", "and edited\n")
    sandbox.write("a", "new a, longer\n" * 5)
    sandbox.git("add", "a")
    repo, old, new = await cut_off(sandbox, killing, "z")
    await heal_advance(repo, "main", old=old, new=new, checkout=sandbox.root)
    status = sandbox.git("status", "--porcelain")
    assert status == "M  a\nMM src/code.py\n"


async def test_a_half_written_file_is_taken_back(sandbox: Any, killing: Any):
    before = tree_of(sandbox)
    repo, old, new = await cut_off(sandbox, killing, "h")
    sandbox.write("h", ("new h, longer\n" * 5)[:20])
    await heal_advance(repo, "main", old=old, new=new, checkout=sandbox.root)
    assert tree_of(sandbox) == before


async def test_killed_between_index_and_branch_is_finished(
    sandbox: Any,
):
    repo = await sandbox.repository()
    old = sandbox.tip()
    files = {"src/code.py": None, "readme": "new\n", "more": "m\n"}
    new = sandbox.commit_on("main", files)
    sandbox.git("read-tree", "-m", "-u", old, new)
    (sandbox.root / ".git/HEAD.lock").write_text("")
    (sandbox.root / ".git/refs/heads/main.lock").write_text("")
    healed = await heal_advance(repo, "main", old=old, new=new, checkout=sandbox.root)
    assert healed is Outcome.NEW
    assert sandbox.tip() == new
    assert not sandbox.git("status", "--porcelain")


async def test_a_branch_that_somebody_moved_is_left_alone(
    sandbox: Any,
):
    repo = await sandbox.repository()
    old = sandbox.tip()
    new = sandbox.commit_on("main", {"a": "new\n"})
    sandbox.write("readme", "x\n")
    sandbox.commit()
    before = tree_of(sandbox)
    healed = await heal_advance(repo, "main", old=old, new=new, checkout=sandbox.root)
    assert healed is Outcome.ELSEWHERE
    assert tree_of(sandbox) == before


async def test_a_lock_that_a_process_holds_is_left(sandbox: Any, killing: Any):
    repo, old, new = await cut_off(sandbox, killing, "h")
    lock = sandbox.root / ".git/index.lock"
    with lock.open("ab"), pytest.raises(DirtyCheckout, match="works in"):
        await heal_advance(repo, "main", old=old, new=new, checkout=sandbox.root)
    assert lock.exists()


async def test_a_branch_without_a_checkout_needs_no_healing(sandbox: Any):
    sandbox.git("checkout", "-q", "--detach")
    repo = await sandbox.repository()
    old = sandbox.tip("main")
    new = sandbox.commit_on("main", {"a": "new\n"})
    for tip, side in ((old, Outcome.OLD), (new, Outcome.NEW)):
        sandbox.git("update-ref", "refs/heads/main", tip)
        healed = await heal_advance(repo, "main", old=old, new=new, checkout=None)
        assert healed is side


async def test_a_merge_whose_git_dies_is_healed_at_once(sandbox: Any, killing: Any):
    """The same kill, below `advance_branch` itself: it mends before it raises."""
    before = tree_of(sandbox)
    repo = await sandbox.repository()
    old = sandbox.tip()
    new = sandbox.commit_on("main", dict.fromkeys(FILES, "new\n"))
    killing("h")
    with pytest.raises(AgentlsError):
        await advance_branch(repo, "main", old=old, new=new)
    killing("")
    assert tree_of(sandbox) == before
    assert sandbox.tip() == old
    assert not (sandbox.root / ".git/index.lock").exists()
