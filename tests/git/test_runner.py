import asyncio
import os
import select
from pathlib import Path
from typing import Any

import attrs
import pytest

from agentls.errors import GitFailed, StorageFull, Untrusted
from agentls.git.place import Place
from agentls.git.process import Finished, run_process
from agentls.git.runner import failure, git, git_version, run_git


def ends(pid: int) -> bool:
    """Tell whether a process ends, now or in a moment."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 10)[0])
    finally:
        os.close(process)


def children() -> set[int]:
    """Give the processes that this one has begun and not yet buried."""
    lists = Path("/proc/self/task").glob("*/children")
    return {int(pid) for found in lists for pid in found.read_text().split()}


async def test_gives_the_output_and_takes_input(sandbox: Any):
    repo = await sandbox.repository()
    blob = await git("hash-object", "-w", "--stdin", at=repo.main, stdin=b"x" * 10**6)
    size = await git("cat-file", "-s", blob.strip(), at=repo.main)
    assert size == b"1000000\n"
    assert len(await git("cat-file", "blob", blob.strip(), at=repo.main)) == 10**6


async def test_a_failure_tells_gits_last_words(sandbox: Any):
    repo = await sandbox.repository()
    with pytest.raises(GitFailed, match=r"git cat-file ended with 128.*Not a valid"):
        await git("cat-file", "blob", "nothing", at=repo.main)
    finished = await run_git("cat-file", "-e", "nothing", at=repo.main)
    assert finished.status == 128
    assert await git("cat-file", "-e", "nothing", at=repo.main, ok=(128,)) == b""


async def test_a_full_disk_and_a_lock_are_told_apart():
    def words(text: Any):
        return failure(("add",), Finished(status=128, stdout=b"", stderr=text))

    full = words(b"fatal: write error: No space left on device")
    assert isinstance(full, StorageFull)
    assert "nothing was lost" in full.hint
    locked = words(b"fatal: Unable to create '/x/index.lock': File exists.")
    assert "lock" in locked.message
    assert "Try again" in locked.hint


async def test_a_real_full_disk_is_told(sandbox: Any):
    """/dev/full is a disk without room."""
    repo = await sandbox.repository()
    done = await run_process(
        ("sh", "-c", "git rev-list --objects --all > /dev/full"),
        cwd=repo.root,
        environ=dict(os.environ),
        within=10,
    )
    assert isinstance(failure(("cat-file",), done), StorageFull)


async def test_no_git_and_no_folder_are_told(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    repo = await sandbox.repository()
    gone = Place(git_dir=tmp_path / "gone")
    with pytest.raises(GitFailed, match="is gone"):
        await git("rev-parse", "HEAD", at=gone)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitFailed, match="no git on the PATH") as caught:
        await git("rev-parse", "HEAD", at=repo.main)
    assert "Install" in caught.value.hint
    with pytest.raises(GitFailed, match="no git on the PATH"):
        await git_version()


async def test_knows_its_version():
    assert await git_version() >= (2, 38)


@pytest.mark.parametrize("how", ["time", "cancel", "output"])
async def test_the_whole_group_ends(tmp_path: Path, how: Any):
    """Even a grandchild that holds the output open and ignores SIGTERM."""
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    loud = "yes" if how == "output" else "sleep 600"
    script = f'trap "" TERM; sleep 600 & echo $! $$ > {pids}; {loud}'
    run = run_process(
        ("sh", "-c", script),
        cwd=tmp_path,
        environ=dict(os.environ),
        within=1 if how == "time" else 100,
        output_max=10**6,
    )
    async with asyncio.timeout(30):
        work = asyncio.create_task(run)  # noqa: TID251 - it is awaited below
        written = await asyncio.to_thread(pids.read_text)
        if how == "cancel":
            work.cancel()
        done = await asyncio.gather(work, return_exceptions=True)
    expected = asyncio.CancelledError if how == "cancel" else GitFailed
    assert isinstance(done[0], expected)
    assert all(ends(int(pid)) for pid in written.split())


async def test_a_program_that_does_not_read_its_input_is_no_trouble(tmp_path: Path):
    done = await run_process(
        ("sh", "-c", "exit 3"),
        cwd=tmp_path,
        environ=dict(os.environ),
        stdin=b"x" * 10**7,
        within=30,
    )
    assert done.status == 3


async def test_the_environment_of_another_git_is_left_behind(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
):
    repo = await sandbox.repository()
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_CONFIG_PARAMETERS", "GIT_NAMESPACE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert await git("ls-files", "readme", at=repo.main) == b"readme\n"


async def test_no_config_of_the_repository_runs_anything(sandbox: Any, hostile: Any):
    sandbox.write(".gitattributes", "* filter=evil diff=evil\nx filter=ev=il\n")
    sandbox.write("x", "x\n")
    sandbox.commit()
    hostile(sandbox)
    repo = await sandbox.repository()
    at = repo.main
    sandbox.write("readme", "changed\n")
    sandbox.write("x", "changed\n")
    await git("status", "--porcelain", at=at)
    await git("diff", "--no-ext-diff", "--no-textconv", at=at)
    await git("log", "-1", "-p", "--no-ext-diff", "--no-textconv", at=at)
    await git("add", "-A", at=at)
    await git("commit", "-q", "-m", "x", at=at)
    await git("reset", "-q", "--hard", "HEAD~1", at=at)
    await git("checkout", "-q", "-b", "other", at=at)
    await git("update-ref", "refs/heads/third", "HEAD", at=at)


async def test_git_reaches_no_network_unless_told(sandbox: Any, make_sandbox: Any):
    other = make_sandbox("other")
    other.commit()
    repo = await sandbox.repository()
    with pytest.raises(GitFailed, match="transport 'file' not allowed"):
        await git("fetch", str(other.root), at=repo.main)
    await git("fetch", "-q", str(other.root), at=attrs.evolve(repo.main, network=True))


async def test_commands_for_the_network_must_be_the_users_own(
    sandbox: Any, hostile: Any, home: Path, make_sandbox: Any
):
    other = make_sandbox("other")
    other.commit()
    with (home / ".gitconfig").open("a") as config:
        config.write("[core]\n\tsshCommand = ssh -4\n")
    repo = await sandbox.repository()
    online = attrs.evolve(repo.main, network=True)
    await git("fetch", "-q", str(other.root), at=online)
    hostile(sandbox)
    with pytest.raises(Untrusted, match=r"core\.sshcommand"):
        await git("fetch", "-q", str(other.root), at=online)


async def test_a_planted_commondir_leads_to_no_other_config(
    sandbox: Any, make_sandbox: Any, hostile: Any
):
    trap = make_sandbox("trap")
    hostile(trap)
    trap.git("config", "whose.config", "trap")
    repo = await sandbox.repository()
    (repo.git_dir / "commondir").write_text(str(trap.root / ".git"))
    sandbox.write("readme", "changed\n")
    await git("status", "--porcelain", at=repo.main)
    assert not await git("config", "whose.config", at=repo.main, ok=(1,))
    (repo.git_dir / "commondir").unlink()


@pytest.mark.parametrize("turns", range(12))
async def test_a_cancellation_at_any_moment_leaves_no_process(
    tmp_path: Path, turns: Any
):
    """Also while asyncio still sets up the pipes, which it can't undo by itself."""
    before = children()
    run = run_process(
        ("sh", "-c", "sleep 600; true"),
        cwd=tmp_path,
        environ=dict(os.environ),
        within=100,
    )
    async with asyncio.timeout(30):
        work = asyncio.create_task(run)  # noqa: TID251 - it is awaited below
        for _ in range(turns):
            await asyncio.sleep(0)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    assert all(ends(pid) for pid in children() - before)
