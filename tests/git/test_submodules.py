from pathlib import Path
from typing import Any

import pytest

from agentls.errors import GitFailed
from agentls.git.submodules import init_submodules
from agentls.git.worktrees import bring_back, set_aside

ALLOW = ("-c", "protocol.file.allow=always")


@pytest.fixture
def nested(make_sandbox: Any, sandbox: Any):
    """A repository with a submodule in a submodule, both initialised."""
    deep = make_sandbox("deep")
    deep.write("deep-file", "deep\n")
    deep.commit()
    inner = make_sandbox("inner")
    inner.write("inner-file", "inner\n")
    inner.commit()
    inner.git(*ALLOW, "submodule", "add", "-q", str(deep.root), "below")
    inner.commit()
    sandbox.git(
        *ALLOW,
        "submodule",
        "add",
        "-q",
        "--name",
        "odd=na.me",
        str(inner.root),
        "a b/sub",
    )
    sandbox.git(*ALLOW, "submodule", "update", "-q", "--init", "--recursive")
    sandbox.commit()
    return inner


async def test_fills_them_without_the_network_and_the_users_config(
    sandbox: Any, nested: Any, add_task: Any, tmp_path: Path
):
    nested.root.rename(tmp_path / "moved away")
    (tmp_path / "deep").rename(tmp_path / "moved too")
    before = sandbox.state()
    repo = await sandbox.repository()
    made = await add_task(repo)
    filled = await init_submodules(repo, made.path)
    sub = made.path / "a b/sub"
    assert filled == (sub, sub / "below")
    assert (sub / "inner-file").read_text() == "inner\n"
    assert (sub / "below/deep-file").read_text() == "deep\n"
    assert not sandbox.git("status", "--porcelain", at=made.path)
    status = sandbox.git("submodule", "status", "--recursive", at=made.path)
    assert all(line.startswith(" ") for line in status.splitlines())
    url = sandbox.git("config", "remote.origin.url", at=sub).strip()
    assert url == str(nested.root)
    after = sandbox.state()
    before.pop("branches")
    after.pop("branches")
    assert after == before


@pytest.mark.usefixtures("nested")
async def test_work_in_one_stays_out_of_the_users_copy(sandbox: Any, add_task: Any):
    repo = await sandbox.repository()
    made = await add_task(repo)
    await init_submodules(repo, made.path)
    sub = made.path / "a b/sub"
    (sub / "inner-file").write_text("changed\n")
    tip = sandbox.commit(at=sub)
    users = sandbox.root / "a b/sub"
    assert sandbox.tip(at=users) != tip
    assert (users / "inner-file").read_text() == "inner\n"
    sandbox.git("fsck", "--no-dangling", "--strict", at=sub)
    sandbox.git("gc", "-q", "--prune=now", at=sub)
    sandbox.git("fsck", "--no-dangling", "--strict", at=users)
    assert "a b/sub" in sandbox.git("status", "--porcelain", at=made.path)


@pytest.mark.usefixtures("nested")
async def test_what_the_user_has_not_initialised_stays_empty(
    sandbox: Any, add_task: Any
):
    sandbox.git("submodule", "deinit", "-q", "-f", "a b/sub")
    repo = await sandbox.repository()
    made = await add_task(repo)
    assert await init_submodules(repo, made.path) == ()
    assert not list((made.path / "a b/sub").iterdir())


@pytest.mark.usefixtures("nested")
async def test_a_command_as_update_never_runs(
    sandbox: Any, add_task: Any, marker: Path
):
    sandbox.git("config", "submodule.odd=na.me.update", f"!touch {marker}")
    repo = await sandbox.repository()
    made = await add_task(repo)
    assert await init_submodules(repo, made.path)


async def test_a_missing_commit_is_fetched_as_the_users_git_would(
    sandbox: Any, nested: Any, add_task: Any, home: Path
):
    nested.write("newer", "newer\n")
    newer = nested.commit()
    info = f"160000,{newer},a b/sub"
    sandbox.git("update-index", "--cacheinfo", info)
    sandbox.git("commit", "-q", "-m", "newer")
    repo = await sandbox.repository()
    made = await add_task(repo, "refused")
    with pytest.raises(GitFailed, match="submodule a b/sub can't be filled") as caught:
        await init_submodules(repo, made.path)
    assert "transport 'file' not allowed" in caught.value.message
    assert "git submodule update" in caught.value.hint
    with (home / ".gitconfig").open("a") as config:
        config.write('[protocol "file"]\n\tallow = always\n')
    made = await add_task(repo, "allowed")
    await init_submodules(repo, made.path)
    assert (made.path / "a b/sub/newer").exists()


@pytest.mark.usefixtures("nested")
async def test_survives_being_set_aside(sandbox: Any, add_task: Any, tmp_path: Path):
    repo = await sandbox.repository()
    made = await add_task(repo)
    await init_submodules(repo, made.path)
    sub = made.path / "a b/sub"
    (sub / "new").write_text("x")
    tip = sandbox.commit(at=sub)
    await set_aside(repo, made.path, keep=tmp_path / "keep")
    await bring_back(repo, made.path, keep=tmp_path / "keep")
    assert sandbox.tip(at=sub) == tip
    assert not sandbox.git("status", "--porcelain", at=sub)


@pytest.mark.parametrize("name", ["../../planted", "x/../../../planted", "-u"])
@pytest.mark.usefixtures("nested")
async def test_a_name_that_leads_elsewhere_is_not_followed(
    sandbox: Any, add_task: Any, name: Any
):
    text = sandbox.git("cat-file", "blob", ":.gitmodules").replace("odd=na.me", name)
    sandbox.write(".gitmodules", text)
    sandbox.commit()
    sandbox.git("config", f"submodule.{name}.url", "x")
    users = sandbox.root / ".git/modules/odd=na.me"
    for place in (".git/modules/x", "planted", ".git/modules/-u"):
        sandbox.git("clone", "-q", "--bare", str(users), place)
    repo = await sandbox.repository()
    made = await add_task(repo)
    assert await init_submodules(repo, made.path) == ()


@pytest.mark.usefixtures("nested")
async def test_a_hostile_copy_of_the_user_runs_nothing(
    sandbox: Any, add_task: Any, marker: Path
):
    users = sandbox.root / "a b/sub"
    module = sandbox.root / ".git/modules/odd=na.me"
    (module / "info").mkdir(exist_ok=True)
    (module / "info/attributes").write_text("* filter=evil\n")
    for key in ("core.fsmonitor", "filter.evil.smudge", "filter.evil.clean"):
        sandbox.git("config", key, f"touch {marker}", at=users)
    repo = await sandbox.repository()
    made = await add_task(repo)
    assert await init_submodules(repo, made.path)
