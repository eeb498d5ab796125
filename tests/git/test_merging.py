import os
from pathlib import Path
from typing import Any

import pytest

from agentls.errors import GitFailed, InvalidParams, Untrusted
from agentls.git.commits import Identity, commit_tree
from agentls.git.history import merge_base, reaches
from agentls.git.merging import Conflicted, Merged, merge_trees, try_merge


def loose(sandbox: Any):
    return {
        path
        for path in (sandbox.root / ".git/objects").rglob("*")
        if path.is_file() and "agentls" not in path.parts
    }


async def test_both_sides_go_together_and_nothing_else_changes(sandbox: Any):
    start = sandbox.tip()
    sandbox.git("branch", "side")
    theirs = sandbox.commit_on("side", {"new": "n\n", "src/code.py": "1\ntwo\nthree\n"})
    sandbox.write("src/code.py", "one\ntwo\n3\n")
    ours = sandbox.commit()
    sandbox.write("readme", "not committed\n")
    before = sandbox.state()
    repo = await sandbox.repository()
    merged = await merge_trees(repo, ours, theirs)
    assert isinstance(merged, Merged)
    assert sandbox.git("show", f"{merged.tree}:src/code.py") == "1\ntwo\n3\n"
    assert sandbox.git("show", f"{merged.tree}:new") == "n\n"
    assert sandbox.state() == before
    assert await merge_base(repo, ours, theirs) == start
    assert await reaches(repo, theirs, ancestor=start)
    assert not await reaches(repo, start, ancestor=theirs)
    sandbox.fsck()


async def test_a_conflict_names_the_files(sandbox: Any):
    sandbox.write("odd\n\xff", "x\n")
    sandbox.commit()
    sandbox.git("branch", "side")
    theirs = sandbox.commit_on("side", {"readme": "theirs\n", "odd\n\xff": None})
    sandbox.write("readme", "ours\n")
    sandbox.write("odd\n\xff", "changed\n")
    ours = sandbox.commit()
    found = await merge_trees(await sandbox.repository(), ours, theirs)
    assert isinstance(found, Conflicted)
    assert set(found.files) == {b"readme", "odd\n\xff".encode()}
    assert any("CONFLICT (content)" in text for text in found.messages)
    assert any("CONFLICT (modify/delete)" in text for text in found.messages)
    assert "<<<<<<<" in sandbox.git("show", f"{found.tree}:readme")


async def test_a_trial_leaves_no_object(sandbox: Any):
    sandbox.git("branch", "side")
    theirs = sandbox.commit_on("side", {"a/b/c": "theirs\n"})
    sandbox.write("a/b/d", "ours\n")
    ours = sandbox.commit()
    repo = await sandbox.repository()
    before = loose(sandbox)
    assert isinstance(await try_merge(repo, ours, theirs), Merged)
    assert isinstance(await try_merge(repo, ours, theirs, base=ours), Merged)
    assert loose(sandbox) == before


async def test_with_a_base_exactly_the_change_since_is_applied(sandbox: Any):
    """Commits of others between the true merge base and `base` stay out."""
    sandbox.git("branch", "side")
    base = sandbox.commit_on("side", {"others": "not mine\n"})
    sandbox.git("update-ref", "refs/heads/side", base)
    theirs = sandbox.commit_on("side", {"mine": "mine\n"})
    ours = sandbox.commit_on("main", {"readme": "newer\n"})
    repo = await sandbox.repository()
    merged = await merge_trees(repo, ours, theirs, base=base)
    assert isinstance(merged, Merged)
    names = sandbox.git("ls-tree", "-r", "--name-only", merged.tree).split()
    assert "mine" in names
    assert "others" not in names
    again = await merge_trees(repo, ours, theirs, base=base)
    assert again == merged


async def test_union_and_binary_attributes_of_the_tree_hold(sandbox: Any):
    sandbox.write(".gitattributes", "NEWS merge=union\n*.lock -merge\n")
    sandbox.write("deep/.gitattributes", "list merge=union\n")
    sandbox.write("NEWS", "0\n")
    sandbox.write("deep/list", "0\n")
    sandbox.write("a.lock", "1\n2\n3\n4\n5\n6\n7\n8\n9\n")
    sandbox.commit()
    sandbox.git("branch", "side")
    theirs = sandbox.commit_on("side", {"NEWS": "0\nT\n", "deep/list": "0\nT\n"})
    ours = sandbox.commit_on("main", {"NEWS": "0\nO\n", "deep/list": "0\nO\n"})
    repo = await sandbox.repository()
    merged = await merge_trees(repo, ours, theirs)
    assert isinstance(merged, Merged)
    assert sandbox.git("show", f"{merged.tree}:NEWS") == "0\nO\nT\n"
    assert sandbox.git("show", f"{merged.tree}:deep/list") == "0\nO\nT\n"
    theirs = sandbox.commit_on("side", {"a.lock": "T\n2\n3\n4\n5\n6\n7\n8\n9\n"})
    ours = sandbox.commit_on("main", {"a.lock": "1\n2\n3\n4\n5\n6\n7\n8\nO\n"})
    assert isinstance(await merge_trees(repo, ours, theirs), Conflicted)


async def test_a_hostile_repository_runs_nothing(sandbox: Any, hostile: Any):
    sandbox.write(".gitattributes", "x filter=evil diff=evil\n")
    sandbox.commit()
    hostile(sandbox)
    sandbox.git("-c", "core.fsmonitor=false", "update-ref", "refs/x", "HEAD", ok=False)
    (sandbox.root.parent / "marker").unlink(missing_ok=True)
    tip = sandbox.tip()
    repo = await sandbox.repository()
    tree = sandbox.tip("HEAD^{tree}")
    commit = await commit_tree(repo, tree, parents=(tip,), message="x")
    assert isinstance(await merge_trees(repo, tip, commit), Merged)


async def test_a_merge_driver_of_the_repository_is_refused_by_name(
    sandbox: Any,
    hostile: Any,
):
    sandbox.write(".gitattributes", "readme merge=evil\n")
    sandbox.commit()
    tip = sandbox.tip()
    sandbox.git("branch", "side")
    readme = sandbox.commit_on("side", {"readme": "theirs\n"})
    other = sandbox.commit_on("side", {"other": "theirs\n"})
    ours = sandbox.commit_on("main", {"readme": "ours\n"})
    hostile(sandbox)
    repo = await sandbox.repository()
    with pytest.raises(Untrusted, match=r"readme would be merged by merge\.evil") as e:
        await merge_trees(repo, ours, readme)
    assert "Nothing was changed" in e.value.message
    assert isinstance(await merge_trees(repo, ours, other), Merged)
    assert tip == sandbox.tip()


async def test_a_merge_driver_of_the_user_runs(sandbox: Any, home: Path):
    with (home / ".gitconfig").open("a") as config:
        config.write('[merge "mine"]\n\tdriver = "echo driven > %A"\n')
    sandbox.write(".gitattributes", "readme merge=mine\n")
    sandbox.commit()
    sandbox.git("branch", "side")
    theirs = sandbox.commit_on("side", {"readme": "theirs\n"})
    ours = sandbox.commit_on("main", {"readme": "ours\n"})
    merged = await merge_trees(await sandbox.repository(), ours, theirs)
    assert isinstance(merged, Merged)
    assert sandbox.git("show", f"{merged.tree}:readme") == "driven\n"


async def test_shallow_partial_and_sha256_repositories_merge(
    sandbox: Any, make_sandbox: Any, tmp_path: Path
):
    sandbox.write("readme", "1\n2\n3\n4\n5\n6\n7\n")
    sandbox.commit()
    sandbox.git("config", "uploadpack.allowFilter", "true")
    url = f"file://{sandbox.root}"
    kinds = [("shallow", "--depth=1"), ("partial", "--filter=blob:none")]
    made = []
    for name, option in kinds:
        clone = make_sandbox(name + "/inside")
        clone.root.rename(tmp_path / name / "away")
        clone.git("clone", "-q", option, url, str(clone.root), at=tmp_path)
        made.append(clone)
    new = make_sandbox("new", "--object-format=sha256")
    new.write("readme", "1\n2\n3\n4\n5\n6\n7\n")
    new.commit()
    for clone in (*made, new):
        clone.git("branch", "side")
        theirs = clone.commit_on("side", {"readme": "T\n2\n3\n4\n5\n6\n7\n"})
        ours = clone.commit_on("main", {"readme": "1\n2\n3\n4\n5\n6\nO\n"})
        merged = await merge_trees(await clone.repository(), ours, theirs)
        assert isinstance(merged, Merged), clone.root
        trial = await try_merge(await clone.repository(), ours, theirs)
        assert trial == merged
        text = clone.git("show", f"{merged.tree}:readme")
        assert text == "T\n2\n3\n4\n5\n6\nO\n"


async def test_a_repository_with_a_colon_in_its_name_merges(make_sandbox: Any):
    sandbox = make_sandbox('a:b "c"\\d')
    sandbox.write("readme", "x\n")
    sandbox.commit()
    sandbox.git("branch", "side")
    theirs = sandbox.commit_on("side", {"n": "n\n"})
    repo = await sandbox.repository()
    assert isinstance(await try_merge(repo, sandbox.tip(), theirs), Merged)


async def test_commits_by_the_users_name_or_not_at_all(
    sandbox: Any, home: Path, monkeypatch: pytest.MonkeyPatch
):
    repo = await sandbox.repository()
    tree, tip = sandbox.tip("HEAD^{tree}"), sandbox.tip()
    monkeypatch.setenv("GIT_AUTHOR_NAME", "the editor")
    made = await commit_tree(repo, tree, parents=(tip,), message="Über\n\nbody\n")
    about = sandbox.git("log", "-1", "--format=%an <%ae> %cn %s", made)
    assert about == "Ada <ada@example.com> Ada Über\n"
    (home / ".gitconfig").write_text("")
    with pytest.raises(InvalidParams, match="doesn't know your name") as caught:
        await commit_tree(repo, tree, parents=(tip,), message="x")
    assert "user.email" in caught.value.hint
    by = Identity(name="Bob", email="bob@example.com")
    made = await commit_tree(repo, tree, parents=(), message="x", identity=by)
    assert sandbox.git("log", "-1", "--format=%an", made) == "Bob\n"


async def test_a_commit_that_is_not_there_is_an_error(sandbox: Any):
    repo = await sandbox.repository()
    with pytest.raises(GitFailed):
        await try_merge(repo, sandbox.tip(), "1" * 40)


async def test_the_shadow_takes_no_config_from_the_environment(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
):
    repo = await sandbox.repository()
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "/nowhere")
    tip = (sandbox.root / ".git/refs/heads/main").read_text().strip()
    assert isinstance(await try_merge(repo, tip, tip), Merged)
    assert os.listdir(repo.own_dir) == ["shadow"]  # noqa: PTH208 - names only
