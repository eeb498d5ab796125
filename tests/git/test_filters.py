from pathlib import Path
from typing import Any

import pytest

from agentls.errors import Untrusted
from agentls.git.filters import (
    attributes,
    configured_filters,
    refuse_untrusted,
    repository_filters,
    untrusted_filters,
)


def lfs(sandbox: Any, **changes):
    commands = {
        "clean": "git-lfs clean -- %f",
        "smudge": "git-lfs smudge -- %f",
        "process": "git-lfs filter-process",
        "required": "true",
    }
    for key, value in (commands | changes).items():
        sandbox.git("config", f"filter.lfs.{key}", value)


async def test_only_the_repositorys_own_filters_are_a_matter_of_trust(
    sandbox: Any, home: Path
):
    with (home / ".gitconfig").open("a") as config:
        config.write('[filter "mine"]\n\tclean = cat\n')
        config.write('[filter "both"]\n\tclean = cat\n')
    lfs(sandbox)
    sandbox.git("config", "filter.theirs.smudge", "evil")
    sandbox.git("config", "filter.both.smudge", "evil")
    sandbox.git("config", "filter.empty.clean", "")
    repo = await sandbox.repository()
    assert [one.name for one in await configured_filters(repo)] == [
        "both",
        "lfs",
        "mine",
        "theirs",
    ]
    found = await repository_filters(repo)
    assert [one.name for one in found] == ["both", "theirs"]
    assert found[1].text == "filter.theirs.smudge = evil"
    assert found[0].text == "filter.both.clean = cat\nfilter.both.smudge = evil"
    repo = repo.trusting(frozenset({found[1].text}))
    assert [one.name for one in await untrusted_filters(repo)] == ["both"]
    assert await repository_filters(repo) == found


@pytest.mark.parametrize("key", ["clean", "smudge", "process"])
async def test_lfs_is_trusted_by_its_exact_commands_only(sandbox: Any, key: Any):
    lfs(sandbox)
    repo = await sandbox.repository()
    assert await repository_filters(repo) == ()
    lfs(sandbox, **{key: "git-lfs clean -- %f; evil"})
    assert [one.name for one in await repository_filters(repo)] == ["lfs"]


async def test_includes_and_worktree_config_count_as_the_repositorys(
    sandbox: Any, tmp_path: Path
):
    extra = tmp_path / "extra"
    extra.write_text('[filter "included"]\n\tclean = evil\n')
    sandbox.git("config", "include.path", str(extra))
    sandbox.git("config", "extensions.worktreeConfig", "true")
    sandbox.git("config", "--worktree", "filter.w.clean", "evil")
    found = await repository_filters(await sandbox.repository())
    assert [one.name for one in found] == ["included", "w"]


async def test_attributes_are_those_of_the_tree(sandbox: Any):
    sandbox.write(".gitattributes", "*.key filter=crypt\n*.txt -filter\n")
    sandbox.write("deep/.gitattributes", "new\\012line filter=deep\n")
    tip = sandbox.commit()
    sandbox.write(".gitattributes", "")
    before = sandbox.state()
    repo = await sandbox.repository()
    paths = (b"a.key", b"deep/b.key", b"a.txt", b"none", b"-x.key", b"\xff.key")
    found = await attributes(repo, "filter", tree=tip, paths=paths)
    assert set(found) == {b"a.key", b"deep/b.key", b"-x.key", b"\xff.key"}
    assert set(found.values()) == {"crypt"}
    assert await attributes(repo, "filter", tree=tip, paths=()) == {}
    assert sandbox.state() == before


async def test_refuses_paths_by_any_of_the_trees(sandbox: Any):
    plain = sandbox.tip()
    sandbox.write(".gitattributes", "*.key filter=crypt\n")
    crypt = sandbox.commit()
    sandbox.git("config", "filter.crypt.clean", "evil")
    repo = await sandbox.repository()
    await refuse_untrusted(repo, trees=(plain,), paths=(b"a.key",))
    await refuse_untrusted(repo, trees=(plain, crypt), paths=(b"a.txt",))
    for trees in ((plain, crypt), (crypt, plain)):
        with pytest.raises(Untrusted, match=r"a\.key goes through the filter crypt"):
            await refuse_untrusted(repo, trees=trees, paths=(b"a.key",))
