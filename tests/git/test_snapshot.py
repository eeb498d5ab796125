import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

from agentls.git.checkouts import find_checkout
from agentls.git.filters import repository_filters
from agentls.git.snapshot import read_state, snapshot

ODD = [
    b"with space",
    b"\xc3\xbcml",
    b"new\nline",
    b"-dash",
    b"\xff\xfe",
    b'"q"\t\\',
    b":x",
]


def files_of(sandbox: Any, tree: Any):
    listing = sandbox.git("ls-tree", "-r", "-z", tree)
    rows = [line.split("\t", 1) for line in listing.split("\0")[:-1]]
    return {os.fsencode(path): about.split()[0] for about, path in rows}


async def take(repo: Any, checkout: Any, tmp_path: Path, **options: Any):
    return await read_state(repo, checkout, index=tmp_path / "kept/index", **options)


async def test_holds_the_files_and_leaves_the_worktree_alone(
    sandbox: Any, add_task: Any, tmp_path: Path
):
    repo = await sandbox.repository()
    made = await add_task(repo)
    path = made.path
    (path / "src/code.py").write_text("changed\n")
    (path / "new file").write_text("new\n")
    (path / "readme").unlink()
    (path / "out.log").write_text("ignored\n")
    (path / "run").write_text("#!/bin/sh\n")
    (path / "run").chmod(0o755)
    (path / "link").symlink_to("/etc/passwd")
    (path / "data.bin").write_bytes(bytes(range(256)))
    index = (made.admin / "index").read_bytes()
    users = sandbox.state()
    when = datetime(2030, 1, 2, tzinfo=UTC)
    tip = sandbox.tip()
    made_commit = await snapshot(
        repo,
        made,
        index=tmp_path / "kept/index",
        parents=(tip,),
        message="turn 1",
        date=when,
    )
    assert files_of(sandbox, made_commit.tree) == {
        b".gitignore": "100644",
        b"data.bin": "100644",
        b"link": "120000",
        b"new file": "100644",
        b"run": "100755",
        b"src/code.py": "100644",
    }
    assert sandbox.git("show", f"{made_commit.commit}:link") == "/etc/passwd"
    about = sandbox.git("log", "-1", "--format=%an %ae %P %cI %s", made_commit.commit)
    assert about == (
        f"agentls agentls@localhost {tip} 2030-01-02T00:00:00+00:00 turn 1\n"
    )
    assert (made.admin / "index").read_bytes() == index
    assert sandbox.state() == users
    assert not made_commit.skipped
    sandbox.fsck()


async def test_no_name_of_the_user_is_needed(
    sandbox: Any, home: Path, add_task: Any, tmp_path: Path
):
    repo = await sandbox.repository()
    made = await add_task(repo)
    (home / ".gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    await snapshot(repo, made, index=tmp_path / "i", parents=(), message="hidden\n\n-x")


@pytest.mark.parametrize("name", ODD)
async def test_takes_odd_names(sandbox: Any, add_task: Any, tmp_path: Path, name: Any):
    repo = await sandbox.repository()
    made = await add_task(repo)
    (made.path / os.fsdecode(name)).write_text("one")
    (made.path / "folder" / os.fsdecode(name)).mkdir(parents=True)
    (made.path / "folder" / os.fsdecode(name) / "below").write_text("x")
    state = await take(repo, made, tmp_path)
    assert {name, b"folder/" + name + b"/below"} <= set(files_of(sandbox, state.tree))
    (made.path / os.fsdecode(name)).unlink()
    state = await take(repo, made, tmp_path)
    assert name not in files_of(sandbox, state.tree)


async def test_is_the_same_as_a_commit_of_everything_at_every_step(
    sandbox: Any, add_task: Any, tmp_path: Path
):
    """The kept index never drifts from what git itself would store."""
    repo = await sandbox.repository()
    made = await add_task(repo)
    top = made.path

    def folder_to_link():
        (top / "src/code.py").unlink()
        (top / "src").rmdir()
        (top / "src").symlink_to("elsewhere")

    def link_to_file():
        (top / "src").unlink()
        (top / "src").write_text("now a file")

    def file_to_folder():
        (top / "src").unlink()
        (top / "src").mkdir()
        (top / "src/again").write_text("x")

    def file_to_folder_tracked():
        (top / "readme").unlink()
        (top / "readme").mkdir()
        (top / "readme/inside").write_text("x")

    steps = [
        lambda: (top / "built").write_text("1"),
        lambda: (top / ".gitignore").write_text("built\n"),
        lambda: (top / ".gitignore").write_text("other\n"),
        lambda: (top / "a").write_text("1"),
        lambda: (top / "a").write_text("2"),
        lambda: sandbox.git("add", "a", at=top),
        (top / "a").unlink,
        folder_to_link,
        link_to_file,
        file_to_folder,
        file_to_folder_tracked,
        lambda: sandbox.commit(at=top),
        lambda: sandbox.git("rm", "-q", "-r", "--cached", "src", at=top),
        lambda: sandbox.git("mv", ".gitignore", "ignore", at=top),
        lambda: sandbox.git("add", "-N", "src", at=top),
    ]
    for number, step in enumerate(steps):
        step()
        state = await take(repo, made, tmp_path)
        check = tmp_path / f"check{number}"
        os.environ["GIT_INDEX_FILE"] = str(check)
        sandbox.git("read-tree", "HEAD", at=top)
        sandbox.git("add", "-A", at=top)
        expected = sandbox.git("write-tree", at=top).strip()
        del os.environ["GIT_INDEX_FILE"]
        assert state.tree == expected, number


async def test_an_ignored_file_that_was_committed_is_held(
    sandbox: Any, add_task: Any, tmp_path: Path
):
    repo = await sandbox.repository()
    made = await add_task(repo)
    await take(repo, made, tmp_path)
    (made.path / "kept.log").write_text("on purpose")
    sandbox.git("add", "-f", "kept.log", at=made.path)
    sandbox.git("commit", "-q", "-m", "log", at=made.path)
    state = await take(repo, made, tmp_path)
    assert b"kept.log" in files_of(sandbox, state.tree)


async def test_names_what_it_skips(sandbox: Any, add_task: Any, tmp_path: Path):
    repo = await sandbox.repository()
    made = await add_task(repo)
    top = made.path
    for name in ("empty-repo", "full-repo"):
        (top / name).mkdir()
        sandbox.git("init", "-q", at=top / name)
        (top / name / "file").write_text("x")
    sandbox.commit(at=top / "full-repo")
    (top / "big").write_bytes(b"x" * 2000)
    (top / "small").write_bytes(b"x")
    os.mkfifo(top / "pipe")
    (top / "readme").unlink()
    os.mkfifo(top / "readme")
    state = await take(repo, made, tmp_path, file_max=1000)
    assert {one.path: one.why for one in state.skipped} == {
        b"readme": "not a file, link or folder",
        b"empty-repo/": "a repository of its own",
        b"full-repo/": "a repository of its own",
        b"big": "2000 bytes large",
    }
    assert b"small" in files_of(sandbox, state.tree)
    assert b"big" not in files_of(sandbox, state.tree)


async def test_an_unmerged_index_is_saved_with_its_markers(
    sandbox: Any, add_task: Any, tmp_path: Path
):
    repo = await sandbox.repository()
    made = await add_task(repo)
    (made.path / "readme").write_text("theirs\n")
    sandbox.commit(at=made.path)
    sandbox.write("readme", "mine\n")
    sandbox.commit()
    sandbox.git("merge", "main", at=made.path, ok=False)
    state = await take(repo, made, tmp_path)
    assert "<<<<<<<" in sandbox.git("show", f"{state.tree}:readme")
    assert sandbox.git("ls-files", "-u", at=made.path)


async def test_pruned_objects_and_damage_are_overcome(
    sandbox: Any, add_task: Any, tmp_path: Path
):
    repo = await sandbox.repository()
    made = await add_task(repo)
    (made.path / "new").write_text("new\n")
    first = await take(repo, made, tmp_path)
    sandbox.git("gc", "-q", "--prune=now")
    assert (await take(repo, made, tmp_path)).tree == first.tree
    sandbox.git("cat-file", "-e", first.tree)
    (tmp_path / "kept/index").write_bytes(b"rubbish")
    assert (await take(repo, made, tmp_path)).tree == first.tree


async def test_the_agents_lock_does_not_matter(
    sandbox: Any, add_task: Any, tmp_path: Path
):
    repo = await sandbox.repository()
    made = await add_task(repo)
    (made.admin / "index.lock").write_text("")
    (made.path / "new").write_text("new\n")
    assert b"new" in files_of(sandbox, (await take(repo, made, tmp_path)).tree)


async def test_a_users_own_filter_runs_and_the_repositorys_does_not(
    sandbox: Any, home: Path, hostile: Any, add_task: Any, tmp_path: Path
):
    with (home / ".gitconfig").open("a") as config:
        config.write('[filter "rot"]\n\tclean = tr a-z n-za-m\n')
        config.write("\tsmudge = tr a-z n-za-m\n")
    sandbox.write(".gitattributes", "*.rot filter=rot\n*.evil filter=evil\n")
    sandbox.write("a.rot", "hello\n")
    sandbox.commit()
    hostile(sandbox)
    repo = await sandbox.repository()
    made = await add_task(repo)
    assert (made.path / "a.rot").read_text() == "hello\n"
    (made.path / "b.rot").write_text("hello\n")
    (made.path / "c.evil").write_text("hello\n")
    state = await take(repo, made, tmp_path)
    assert sandbox.git("cat-file", "blob", f"{state.tree}:b.rot") == "uryyb\n"
    assert sandbox.git("cat-file", "blob", f"{state.tree}:c.evil") == "hello\n"


async def test_a_trusted_filter_of_the_repository_runs(
    sandbox: Any, add_task: Any, tmp_path: Path
):
    sandbox.git("config", "filter.rot.clean", "tr a-z n-za-m")
    sandbox.write(".gitattributes", "*.rot filter=rot\n")
    sandbox.commit()
    repo = await sandbox.repository()
    (found,) = await repository_filters(repo)
    repo = repo.trusting(frozenset({found.text}))
    made = await add_task(repo)
    (made.path / "b.rot").write_text("hello\n")
    state = await take(repo, made, tmp_path)
    assert sandbox.git("cat-file", "blob", f"{state.tree}:b.rot") == "uryyb\n"
    sandbox.git("config", "filter.rot.clean", "tr a-z b-za")
    (made.path / "b.rot").write_text("hallo\n")
    state = await take(repo, made, tmp_path)
    assert sandbox.git("cat-file", "blob", f"{state.tree}:b.rot") == "hallo\n"


async def test_a_submodules_config_runs_nothing(
    make_sandbox: Any, sandbox: Any, hostile: Any, add_task: Any, tmp_path: Path
):
    inner = make_sandbox("inner")
    inner.write("x", "x")
    inner.write(".gitattributes", "* filter=evil\n")
    inner.commit()
    allow = ("-c", "protocol.file.allow=always")
    sandbox.git(*allow, "submodule", "add", "-q", str(inner.root), "sub")
    sandbox.commit()
    repo = await sandbox.repository()
    made = await add_task(repo)
    trap = make_sandbox("trap")
    # The very commit that is recorded: only then git would look for changes in it.
    trap.git("pull", "-q", str(inner.root), "main")
    tip = trap.tip()
    hostile(trap)
    (made.path / "sub/.git").write_text(f"gitdir: {trap.root / '.git'}\n")
    (made.path / "sub/x").write_text("dirty")
    (made.path / "sub/.gitattributes").write_text("* filter=evil\n")
    state = await take(repo, made, tmp_path)
    assert tip in sandbox.git("ls-tree", state.tree, "sub")


async def test_the_users_checkout_can_be_taken_too(sandbox: Any, tmp_path: Path):
    sandbox.write("readme", "not committed\n")
    sandbox.write("untracked", "x")
    before = sandbox.state()
    repo = await sandbox.repository()
    main = await find_checkout(repo, sandbox.root)
    state = await take(repo, main, tmp_path)
    assert sandbox.git("show", f"{state.tree}:readme") == "not committed\n"
    assert sandbox.state() == before


async def test_a_split_index_is_read(sandbox: Any, add_task: Any, tmp_path: Path):
    repo = await sandbox.repository()
    made = await add_task(repo)
    sandbox.git("update-index", "--split-index", at=made.path)
    (made.path / "new").write_text("new\n")
    sandbox.git("add", "new", at=made.path)
    state = await take(repo, made, tmp_path)
    assert b"new" in files_of(sandbox, state.tree)
    assert attrs.asdict(state)["skipped"] == ()
