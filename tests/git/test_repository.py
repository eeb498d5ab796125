import os
from pathlib import Path
from typing import Any

import pytest

from agentls.errors import InvalidParams, NoCommits, NotARepository
from agentls.git.repository import find_repository, head, resolve_commit


async def test_finds_the_top_from_a_file_and_from_a_folder(sandbox: Any):
    for path in (sandbox.root, sandbox.root / "src", sandbox.root / "src/code.py"):
        repo = await find_repository(path)
        assert repo.root == sandbox.root
        assert repo.git_dir == sandbox.root / ".git"
    assert repo.object_format == "sha1"
    assert not repo.shallow
    assert not repo.partial


@pytest.mark.parametrize("name", ["with space", "ümlaut", "new\nline", "a=b", "$HOME"])
async def test_finds_a_repository_of_any_name(make_sandbox: Any, name: Any):
    sandbox = make_sandbox(name)
    sandbox.commit()
    repo = await sandbox.repository()
    assert repo.root == sandbox.root
    assert (await head(repo)).branch == "main"


async def test_a_linked_worktree_gives_the_main_checkout(sandbox: Any, tmp_path: Path):
    sandbox.git("worktree", "add", "-q", str(tmp_path / "linked"))
    repo = await find_repository(tmp_path / "linked" / "src")
    assert repo.root == sandbox.root


async def test_a_path_through_a_link_gives_the_real_one(sandbox: Any, tmp_path: Path):
    (tmp_path / "link").symlink_to(sandbox.root)
    assert (await find_repository(tmp_path / "link" / "src")).root == sandbox.root


async def test_a_submodule_is_a_repository_of_its_own(make_sandbox: Any, sandbox: Any):
    inner = make_sandbox("inner")
    inner.commit()
    allow = ("-c", "protocol.file.allow=always")
    sandbox.git(*allow, "submodule", "add", "-q", str(inner.root), "sub")
    repo = await find_repository(sandbox.root / "sub")
    assert repo.root == sandbox.root / "sub"
    assert repo.git_dir == sandbox.root / ".git/modules/sub"


async def test_a_separate_git_dir_is_found(tmp_path: Path, make_sandbox: Any):
    sandbox = make_sandbox("apart", f"--separate-git-dir={tmp_path / 'elsewhere.git'}")
    sandbox.commit()
    repo = await sandbox.repository()
    assert repo.root == sandbox.root
    assert repo.git_dir == tmp_path / "elsewhere.git"


async def test_tells_shallow_and_partial_clones_and_sha256(
    sandbox: Any, make_sandbox: Any, tmp_path: Path
):
    sandbox.commit()
    url = f"file://{sandbox.root}"
    sandbox.git("clone", "-q", "--depth=1", url, str(tmp_path / "shallow"))
    sandbox.git("config", "uploadpack.allowFilter", "true")
    sandbox.git("clone", "-q", "--filter=blob:none", url, str(tmp_path / "partial"))
    new = make_sandbox("new", "--object-format=sha256")
    assert (await find_repository(tmp_path / "shallow")).shallow
    assert (await find_repository(tmp_path / "partial")).partial
    assert (await new.repository()).object_format == "sha256"


async def test_refuses_what_is_no_repository(tmp_path: Path):
    with pytest.raises(NotARepository, match="no git repository") as caught:
        await find_repository(tmp_path)
    assert "git init" in caught.value.hint
    with pytest.raises(NotARepository, match="doesn't exist"):
        await find_repository(tmp_path / "missing")


async def test_refuses_a_bare_repository_and_the_git_folder(
    sandbox: Any, make_sandbox: Any
):
    bare = make_sandbox("bare.git", "--bare")
    with pytest.raises(NotARepository, match="bare"):
        await bare.repository()
    for path in (".git", ".git/refs/heads", ".git/HEAD"):
        with pytest.raises(NotARepository, match="inside the git folder"):
            await find_repository(sandbox.root / path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
async def test_refuses_what_git_refuses(sandbox: Any):
    os.chown(sandbox.root, 12345, 12345)
    os.chown(sandbox.root / ".git", 12345, 12345)
    with pytest.raises(NotARepository, match="dubious ownership") as caught:
        await sandbox.repository()
    assert "safe.directory" in caught.value.hint


async def test_opening_runs_nothing(sandbox: Any, hostile: Any):
    hostile(sandbox)
    repo = await sandbox.repository()
    await head(repo)
    await resolve_commit(repo, "main")


async def test_an_unborn_branch_has_no_commit(make_sandbox: Any):
    with pytest.raises(NoCommits, match="no commit yet"):
        await head(await make_sandbox().repository())


async def test_a_detached_head_has_no_branch(sandbox: Any):
    tip = sandbox.tip()
    sandbox.git("checkout", "-q", "--detach")
    assert await head(await sandbox.repository()) == head_of(None, tip)


def head_of(branch: Any, commit: Any):
    from agentls.git.repository import Head  # noqa: PLC0415

    return Head(branch=branch, commit=commit)


async def test_resolves_names_and_prefers_branches(sandbox: Any):
    first = sandbox.tip()
    sandbox.git("tag", "both")
    second = sandbox.commit()
    sandbox.git("branch", "both")
    sandbox.git("update-ref", "refs/heads/-x", first)
    repo = await sandbox.repository()
    assert await resolve_commit(repo, "both") == second
    assert await resolve_commit(repo, "-x") == first
    assert await resolve_commit(repo, "HEAD~1") == first
    assert await resolve_commit(repo, first[:8]) == first


@pytest.mark.parametrize("name", ["", "nope", "--all", "main\0x", "-h", "a b", ":/x"])
async def test_refuses_unknown_names(sandbox: Any, name: Any):
    with pytest.raises(InvalidParams):
        await resolve_commit(await sandbox.repository(), name)


async def test_the_environment_of_another_git_does_not_leak_in(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    repo = await find_repository(sandbox.root / "src")
    assert repo.root == sandbox.root
