import asyncio
import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from agentls.errors import BranchExists, InvalidState, TargetMoved
from agentls.git import checkouts, entries, worktrees
from agentls.git.branches import create_branch, delete_branch, list_branches
from agentls.git.checkouts import find_checkout, list_checkouts
from agentls.git.worktrees import (
    add_worktree,
    bring_back,
    remove_half_made,
    set_aside,
)


def contents(folder: Any):
    """Everything below a folder: kinds, modes, bytes, empty folders too."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = os.fsencode(path.relative_to(folder))
        mode = path.lstat().st_mode
        if path.is_symlink():
            found[name] = (mode, str(path.readlink()))
        elif path.is_file():
            found[name] = (mode, hashlib.sha256(path.read_bytes()).hexdigest())
        else:
            found[name] = (mode, "")
    return found


async def test_a_worktree_has_the_files_and_the_branch(sandbox: Any, add_task: Any):
    before = sandbox.state()
    repo = await sandbox.repository()
    made = await add_task(repo)
    assert made.branch == "agentls/t1"
    assert (made.path / "src/code.py").read_text() == "one\ntwo\nthree\n"
    assert not sandbox.git("status", "--porcelain", at=made.path)
    assert sandbox.git("branch", "--show-current", at=made.path).strip() == made.branch
    sandbox.git("branch", "-q", "-D", "nothing", ok=False)
    after = sandbox.state()
    assert "agentls/t1" in after.pop("branches")
    before.pop("branches")
    assert after == before
    sandbox.fsck()


async def test_gits_own_prune_leaves_it(sandbox: Any, add_task: Any):
    repo = await sandbox.repository()
    made = await add_task(repo)
    made.path.rename(made.path.with_name("gone"))
    sandbox.git("worktree", "prune", "--expire=now")
    assert await find_checkout(repo, made.path) is not None


async def test_an_existing_branch_with_an_odd_name(sandbox: Any, tmp_path: Path):
    tip = sandbox.tip()
    sandbox.git("update-ref", "refs/heads/-x", tip)
    repo = await sandbox.repository()
    made = await add_worktree(
        repo, path=tmp_path / "w", branch="-x", start=tip, new_branch=False
    )
    assert made.branch == "-x"


async def test_nothing_hostile_runs(sandbox: Any, hostile: Any, add_task: Any):
    sandbox.write(".gitattributes", "* filter=evil diff=evil merge=evil\n")
    sandbox.commit()
    hostile(sandbox)
    made = await add_task(await sandbox.repository())
    assert (made.path / "readme").read_text() == "hello\n"


async def test_twenty_at_once(sandbox: Any, add_task: Any):
    repo = await sandbox.repository()
    names = [f"t{number}" for number in range(20)]
    made = await asyncio.gather(*(add_task(repo, name) for name in names))
    assert {one.branch for one in made} == {f"agentls/{name}" for name in names}
    assert all((one.path / "readme").exists() for one in made)
    assert len(await list_checkouts(repo)) == 21
    sandbox.fsck()


async def test_an_entry_that_is_being_written_is_waited_for(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
):
    repo = await sandbox.repository()
    half = repo.git_dir / "worktrees" / "half"
    half.mkdir(parents=True)
    (half / "gitdir").write_text("/nowhere/.git\n")
    (half / "commondir").touch()  # git has opened it and not written it yet
    asked = []
    list_once = checkouts.git

    async def git(*words: str, **where: Any) -> bytes:
        asked.append(words)
        try:
            return await list_once(*words, **where)
        finally:
            shutil.rmtree(half, ignore_errors=True)

    monkeypatch.setattr(checkouts, "git", git)
    (main,) = await list_checkouts(repo)
    assert main.path == repo.root
    assert len(asked) == 2


async def test_a_failure_leaves_nothing(sandbox: Any, tmp_path: Path):
    repo = await sandbox.repository()
    tip = sandbox.tip()
    there = tmp_path / "w"
    there.mkdir()
    (there / "mine").write_text("mine")
    before = sandbox.state()
    with pytest.raises(InvalidState, match="already"):
        await add_worktree(
            repo, path=there, branch="agentls/a", start=tip, new_branch=True
        )
    assert (there / "mine").read_text() == "mine"
    assert sandbox.state() == before


async def test_a_cancellation_leaves_nothing(
    sandbox: Any,
    home: Path,
    tmp_path: Path,
):
    """The checkout hangs in a filter of the user's own; then the task is cancelled."""
    sandbox.write(".gitattributes", "readme filter=slow\n")
    sandbox.commit()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with (home / ".gitconfig").open("a") as config:
        config.write(f'[filter "slow"]\n\tsmudge = "cat {pipe}"\n')
    repo = await sandbox.repository()
    before = sandbox.state()
    work = asyncio.create_task(  # noqa: TID251 - it is cancelled and awaited here
        add_worktree(
            repo,
            path=tmp_path / "w",
            branch="agentls/a",
            start=sandbox.tip(),
            new_branch=True,
        )
    )
    # Opening blocks until the filter reads: then the checkout is under way.
    async with asyncio.timeout(20):
        stream = await asyncio.to_thread(pipe.open, "wb")
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    stream.close()
    assert not (tmp_path / "w").exists()
    assert len(await list_checkouts(repo)) == 1
    assert sandbox.state() == before


async def test_refuses_a_branch_that_is_taken(
    sandbox: Any, add_task: Any, tmp_path: Path
):
    repo = await sandbox.repository()
    made = await add_task(repo)
    tip = sandbox.tip()
    with pytest.raises(BranchExists, match="checked out"):
        await add_worktree(
            repo, path=tmp_path / "w", branch="main", start=tip, new_branch=False
        )
    for name in ("agentls/t1", "agentls/t1/below", "agentls"):
        with pytest.raises((BranchExists, TargetMoved)):
            await create_branch(repo, name, at=tip)
    with pytest.raises(InvalidState, match="checked out"):
        await delete_branch(repo, made.branch, expected=tip)


async def test_lists_who_has_a_branch(sandbox: Any, add_task: Any):
    repo = await sandbox.repository()
    made = await add_task(repo)
    branches = {one.name: one for one in await list_branches(repo)}
    assert branches["main"].checkout.path == sandbox.root
    assert branches["agentls/t1"].checkout.path == made.path
    (made.path / "readme").write_text("theirs\n")
    sandbox.commit(at=made.path)
    sandbox.write("readme", "mine\n")
    sandbox.commit()
    sandbox.git("rebase", "main", at=made.path, ok=False)
    branches = {one.name: one for one in await list_branches(repo)}
    assert branches["agentls/t1"].checkout.busy == ("agentls/t1",)


async def test_set_aside_and_back_keeps_every_byte(
    sandbox: Any, add_task: Any, tmp_path: Path
):
    repo = await sandbox.repository()
    made = await add_task(repo)
    path, keep = made.path, tmp_path / "trash" / "t1"
    (path / "readme").write_text("staged\n")
    sandbox.git("add", "readme", at=path)
    (path / "readme").write_text("and edited\n")
    (path / "out.log").write_bytes(b"ignored\0")
    (path / "empty/folder").mkdir(parents=True)
    (path / "link").symlink_to("nowhere")
    (path / "run").write_text("#!/bin/sh\n")
    (path / "run").chmod(0o755)
    (path / os.fsdecode(b"odd\xff\nname")).write_text("odd")
    before = contents(path), sandbox.git("status", "--porcelain", "-z", at=path)
    await set_aside(repo, path, keep=keep)
    await set_aside(repo, path, keep=keep)
    assert not path.exists()
    assert await find_checkout(repo, path) is None
    await delete_branch(repo, "agentls/t1", expected=sandbox.tip("main"))
    sandbox.git("reflog", "expire", "--expire=now", "--all")
    sandbox.git("gc", "-q", "--prune=now")
    await create_branch(repo, "agentls/t1", at=sandbox.tip("main"))
    await bring_back(repo, path, keep=keep)
    again = await bring_back(repo, path, keep=keep)
    assert again.branch == "agentls/t1"
    assert before == (
        contents(path),
        sandbox.git("status", "--porcelain", "-z", at=path),
    )
    assert sandbox.git("show", ":readme", at=path) == "staged\n"
    assert not sandbox.git("for-each-ref", "refs/agentls")
    sandbox.git("fsck", "--no-dangling", "--strict")


async def test_a_conflict_in_progress_survives(
    sandbox: Any, add_task: Any, tmp_path: Path
):
    repo = await sandbox.repository()
    made = await add_task(repo)
    (made.path / "readme").write_text("theirs\n")
    sandbox.commit(at=made.path)
    sandbox.write("readme", "mine\n")
    sandbox.commit()
    sandbox.git("merge", "main", at=made.path, ok=False)
    before = sandbox.git("ls-files", "-u", at=made.path)
    assert before
    await set_aside(repo, made.path, keep=tmp_path / "keep")
    sandbox.git("reflog", "expire", "--expire=now", "--all")
    sandbox.git("gc", "-q", "--prune=now")
    await bring_back(repo, made.path, keep=tmp_path / "keep")
    assert sandbox.git("ls-files", "-u", at=made.path) == before
    assert "theirs" in sandbox.git("show", ":2:readme", at=made.path)
    sandbox.git("merge", "--abort", at=made.path)


@pytest.mark.parametrize("step", ["folder", "admin"])
async def test_a_crash_between_the_steps_is_finished(
    sandbox: Any,
    add_task: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: Any,
):
    class Killed(BaseException):
        """Stands for the end of the process."""

    real = worktrees.move

    def moving(source: Any, destination: Any):
        is_admin = source.parent.name == "worktrees" and ".git" in source.parts
        if is_admin == (step == "admin"):
            raise Killed
        real(source, destination)

    repo = await sandbox.repository()
    made = await add_task(repo)
    keep = tmp_path / "keep"
    before = contents(made.path)
    with monkeypatch.context() as patch:
        patch.setattr(worktrees, "move", moving)
        patch.setattr(entries, "move", moving)
        with pytest.raises(Killed):
            await set_aside(repo, made.path, keep=keep)
    sandbox.git("worktree", "prune", "--expire=now")
    await set_aside(repo, made.path, keep=keep)
    assert contents(keep) == before

    def moving_back(source: Any, destination: Any):
        if (source == keep) == (step == "folder"):
            raise Killed
        real(source, destination)

    with monkeypatch.context() as patch:
        patch.setattr(worktrees, "move", moving_back)
        patch.setattr(entries, "move", moving_back)
        with pytest.raises(Killed):
            await bring_back(repo, made.path, keep=keep)
    sandbox.git("worktree", "prune", "--expire=now")
    await bring_back(repo, made.path, keep=keep)
    assert contents(made.path) == before
    assert not sandbox.git("status", "--porcelain", at=made.path)


async def test_a_lost_entry_is_made_again(sandbox: Any, add_task: Any, tmp_path: Path):
    repo = await sandbox.repository()
    made = await add_task(repo)
    (made.path / "readme").write_text("edited\n")
    keep = tmp_path / "keep"
    await set_aside(repo, made.path, keep=keep)
    shutil.rmtree(repo.own_dir / "trash")
    back = await bring_back(repo, made.path, keep=keep, branch="agentls/t1")
    assert back.branch == "agentls/t1"
    assert sandbox.git("status", "--porcelain", at=made.path) == " M readme\n"


async def test_refuses_what_agentls_did_not_make(sandbox: Any, tmp_path: Path):
    repo = await sandbox.repository()
    users = tmp_path / "users"
    sandbox.git("worktree", "add", "-q", str(users))
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "file").write_text("mine")
    for path in (users, sandbox.root, plain):
        with pytest.raises(InvalidState, match="isn't a worktree that agentls made"):
            await set_aside(repo, path, keep=tmp_path / "keep")
        with pytest.raises(InvalidState, match="isn't a worktree that agentls made"):
            await remove_half_made(repo, path=path)
    assert (users / "readme").exists()
    assert (plain / "file").exists()
    assert (sandbox.root / "readme").exists()


async def test_never_replaces_what_is_there(
    sandbox: Any, add_task: Any, tmp_path: Path
):
    repo = await sandbox.repository()
    made = await add_task(repo)
    keep = tmp_path / "keep"
    keep.mkdir()
    with pytest.raises(InvalidState, match="already"):
        await set_aside(repo, made.path, keep=keep)
    keep.rmdir()
    await set_aside(repo, made.path, keep=keep)
    made.path.mkdir()
    with pytest.raises(InvalidState, match="already"):
        await bring_back(repo, made.path, keep=keep)
    assert (keep / "readme").exists()


async def test_a_half_made_worktree_is_removed(sandbox: Any, add_task: Any):
    repo = await sandbox.repository()
    made = await add_task(repo)
    await remove_half_made(repo, path=made.path)
    await remove_half_made(repo, path=made.path)
    assert not made.path.exists()
    assert not list((repo.git_dir / "worktrees").glob("*"))


async def test_a_rewritten_git_file_leads_nowhere(
    sandbox: Any, make_sandbox: Any, hostile: Any, add_task: Any, tmp_path: Path
):
    repo = await sandbox.repository()
    made = await add_task(repo)
    trap = make_sandbox("trap")
    hostile(trap)
    (made.path / ".git").write_text(f"gitdir: {trap.root / '.git'}\n")
    keep = tmp_path / "keep"
    await set_aside(repo, made.path, keep=keep)
    await bring_back(repo, made.path, keep=keep)
