import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from agentls.errors import DirtyCheckout, Internal, TargetMoved, Untrusted
from agentls.git.advance import Advanced, advance_branch
from agentls.git.filters import repository_filters


def tree_of(sandbox: Any):
    return {
        str(path.relative_to(sandbox.root)): path.read_bytes()
        for path in sandbox.root.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(sandbox.root).parts
    }


async def ready(sandbox: Any, files: Any = None):
    """Give the repository, main's tip and a commit that follows it."""
    repo = await sandbox.repository()
    old = sandbox.tip("main")
    new = sandbox.commit_on("main", files or {"readme": "merged\n", "new": "new\n"})
    return repo, old, new


async def test_a_branch_that_nobody_has_is_swapped(sandbox: Any):
    sandbox.git("checkout", "-q", "-b", "elsewhere")
    repo, old, new = await ready(sandbox)
    before = tree_of(sandbox)
    assert await advance_branch(repo, "main", old=old, new=new) == Advanced(
        checkout=None
    )
    assert sandbox.tip("main") == new
    assert tree_of(sandbox) == before
    assert not sandbox.git("status", "--porcelain")


async def test_a_checkout_moves_with_its_branch(sandbox: Any):
    repo, old, new = await ready(sandbox, {"readme": "merged\n", "src/code.py": None})
    done = await advance_branch(repo, "main", old=old, new=new)
    assert done.checkout == sandbox.root
    assert sandbox.tip() == new
    assert (sandbox.root / "readme").read_text() == "merged\n"
    assert not (sandbox.root / "src").exists()
    assert not sandbox.git("status", "--porcelain")
    assert "agentls" in sandbox.git("reflog", "-1")


async def test_a_linked_checkout_moves_with_its_branch(sandbox: Any, tmp_path: Path):
    linked = tmp_path / "linked"
    sandbox.git("checkout", "-q", "--detach")
    sandbox.git("worktree", "add", "-q", str(linked), "main")
    repo, old, new = await ready(sandbox)
    done = await advance_branch(repo, "main", old=old, new=new)
    assert done.checkout == linked
    assert (linked / "new").read_text() == "new\n"
    assert not sandbox.git("status", "--porcelain", at=linked)
    assert not sandbox.git("status", "--porcelain")


async def test_changes_elsewhere_are_kept(sandbox: Any):
    sandbox.write("src/code.py", "edited\n")
    sandbox.write("staged", "staged\n")
    sandbox.git("add", "staged")
    sandbox.write("untracked", "untracked\n")
    sandbox.write("x.log", "ignored\n")
    before = sandbox.git("status", "--porcelain", "--ignored")
    repo, old, new = await ready(sandbox)
    await advance_branch(repo, "main", old=old, new=new)
    assert sandbox.git("status", "--porcelain", "--ignored") == before
    assert (sandbox.root / "src/code.py").read_text() == "edited\n"


@pytest.mark.parametrize(
    ("name", "content", "stage"),
    [
        ("readme", "edited\n", False),
        ("readme", "staged\n", True),
        ("new", "untracked\n", False),
        (".env", "ignored\n", False),
        ("new/inside", "a folder in the way\n", False),
        ("odd\xff name", "untracked\n", False),
    ],
)
async def test_what_is_in_the_way_is_named_and_kept(
    sandbox: Any, name: Any, content: Any, stage: Any
):
    files = {"readme": "m\n", "new": "m\n", ".env": "m\n", "odd\xff name": "m\n"}
    repo, old, new = await ready(sandbox, files)
    sandbox.write(name, content)
    if stage:
        sandbox.git("add", name)
    before, state = tree_of(sandbox), sandbox.state()
    with pytest.raises(DirtyCheckout) as caught:
        await advance_branch(repo, "main", old=old, new=new)
    assert name.split("/", maxsplit=1)[0] in caught.value.message
    assert str(sandbox.root) in caught.value.message
    assert "Nothing was changed" in caught.value.message
    assert tree_of(sandbox) == before
    assert sandbox.state() == state
    assert sandbox.tip("main") == old


async def test_a_moved_target_is_refused_in_both_forms(sandbox: Any):
    repo, old, new = await ready(sandbox)
    sandbox.write("theirs", "x")
    moved = sandbox.commit()
    with pytest.raises(TargetMoved, match="main moved"):
        await advance_branch(repo, "main", old=old, new=new)
    sandbox.git("checkout", "-q", "--detach")
    with pytest.raises(TargetMoved, match="main moved"):
        await advance_branch(repo, "main", old=old, new=new)
    assert sandbox.tip("main") == moved


async def test_a_commit_that_does_not_follow_is_refused(sandbox: Any):
    first = sandbox.tip()
    second = sandbox.commit()
    with pytest.raises(Internal, match="doesn't follow"):
        await advance_branch(await sandbox.repository(), "main", old=second, new=first)


async def test_another_gits_lock_is_respected(sandbox: Any):
    repo, old, new = await ready(sandbox)
    lock = sandbox.root / ".git/index.lock"
    lock.write_text("theirs")
    with pytest.raises(DirtyCheckout, match=r"index\.lock"):
        await advance_branch(repo, "main", old=old, new=new)
    assert lock.read_text() == "theirs"
    assert sandbox.tip("main") == old


async def conflicting(sandbox: Any, verb: Any):
    sandbox.git("checkout", "-q", "-b", "side")
    sandbox.write("readme", "side\n")
    sandbox.commit()
    sandbox.git("checkout", "-q", "main")
    sandbox.write("readme", "main\n")
    sandbox.commit()
    sandbox.git(verb, "side", ok=False)


@pytest.mark.parametrize(
    ("verb", "what"),
    [("merge", "a merge"), ("cherry-pick", "a cherry-pick"), ("rebase", "rebase")],
)
async def test_a_checkout_in_the_middle_of_something_is_refused(
    sandbox: Any, verb: Any, what: Any
):
    await conflicting(sandbox, verb)
    repo, old, new = await ready(sandbox)
    before, state = tree_of(sandbox), sandbox.state()
    with pytest.raises(DirtyCheckout, match=f"in the middle of .*{what}"):
        await advance_branch(repo, "main", old=old, new=new)
    assert tree_of(sandbox) == before
    assert sandbox.state() == state


async def test_a_bisect_of_the_target_is_refused(sandbox: Any):
    first = sandbox.tip()
    for _ in range(3):
        sandbox.commit()
    sandbox.git("bisect", "start", "HEAD", first)
    repo, old, new = await ready(sandbox)
    with pytest.raises(DirtyCheckout, match="bisect"):
        await advance_branch(repo, "main", old=old, new=new)


async def test_unresolved_conflicts_are_named(sandbox: Any):
    await conflicting(sandbox, "merge")
    (sandbox.root / ".git/MERGE_HEAD").unlink()
    repo, old, new = await ready(sandbox)
    with pytest.raises(DirtyCheckout, match="unresolved conflicts in readme"):
        await advance_branch(repo, "main", old=old, new=new)


async def test_a_branch_checked_out_twice_is_refused(sandbox: Any, tmp_path: Path):
    repo, old, new = await ready(sandbox)
    two = str(tmp_path / "two")
    sandbox.git("worktree", "add", "-q", "--force", two, "main")
    with pytest.raises(DirtyCheckout, match="twice"):
        await advance_branch(repo, "main", old=old, new=new)


async def test_the_configs_merge_options_do_not_bend_it(sandbox: Any):
    repo, old, new = await ready(sandbox)
    sandbox.git("config", "branch.main.mergeOptions", "--no-ff --squash --nonsense")
    sandbox.git("config", "merge.ff", "false")
    sandbox.git("config", "merge.verifySignatures", "true")
    await advance_branch(repo, "main", old=old, new=new)
    assert sandbox.tip() == new


async def test_nothing_hostile_runs(sandbox: Any, hostile: Any):
    repo, old, new = await ready(sandbox)
    hostile(sandbox)
    await advance_branch(repo, "main", old=old, new=new)
    assert (sandbox.root / "readme").read_text() == "merged\n"


@pytest.mark.parametrize("where", ["base", "result"])
@pytest.mark.parametrize("occupied", [True, False])
async def test_an_untrusted_filter_never_reaches_a_branch(
    sandbox: Any, where: Any, occupied: Any
):
    files = {"secret.key": "plain\n", "readme": "merged\n"}
    attributes = "*.key filter=crypt\n"
    if where == "base":
        sandbox.write(".gitattributes", attributes)
        sandbox.commit()
        files[".gitattributes"] = ""
    else:
        files[".gitattributes"] = attributes
    sandbox.git("config", "filter.crypt.clean", "tr a-z n-za-m")
    if not occupied:
        sandbox.git("checkout", "-q", "--detach")
    repo, old, new = await ready(sandbox, files)
    with pytest.raises(Untrusted, match=r"secret\.key .* filter crypt") as caught:
        await advance_branch(repo, "main", old=old, new=new)
    assert "tr a-z" in caught.value.message
    assert sandbox.tip("main") == old
    (found,) = await repository_filters(repo)
    trusting = repo.trusting(frozenset({found.text}))
    await advance_branch(trusting, "main", old=old, new=new)
    assert sandbox.tip("main") == new


async def test_a_users_filter_runs_in_the_checkout(sandbox: Any, home: Path):
    with (home / ".gitconfig").open("a") as config:
        config.write('[filter "rot"]\n\tclean = tr a-z n-za-m\n')
        config.write("\tsmudge = tr a-z n-za-m\n")
    files = {".gitattributes": "*.rot filter=rot\n", "a.rot": "uryyb\n"}
    repo, old, new = await ready(sandbox, files)
    await advance_branch(repo, "main", old=old, new=new)
    assert (sandbox.root / "a.rot").read_text() == "hello\n"
    assert not sandbox.git("status", "--porcelain")


async def test_a_cancellation_waits_until_the_branch_has_moved(
    sandbox: Any, home: Path, tmp_path: Path
):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with (home / ".gitconfig").open("a") as config:
        config.write(f'[filter "slow"]\n\tsmudge = "cat {pipe}"\n')
    files = {".gitattributes": "slow filter=slow\n", "slow": "x\n", "z": "z\n"}
    repo, old, new = await ready(sandbox, files)
    work = asyncio.create_task(  # noqa: TID251 - it is cancelled and awaited here
        advance_branch(repo, "main", old=old, new=new)
    )
    async with asyncio.timeout(20):
        stream = await asyncio.to_thread(pipe.open, "w")
    work.cancel()
    stream.write("x\n")
    stream.close()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert sandbox.tip("main") == new
    assert (sandbox.root / "z").read_text() == "z\n"


async def test_two_merges_at_once_do_not_mix(sandbox: Any):
    repo, old, new = await ready(sandbox)
    other = sandbox.commit_on("main", {"other": "other\n"})
    done = await asyncio.gather(
        advance_branch(repo, "main", old=old, new=new),
        advance_branch(repo, "main", old=old, new=other),
        return_exceptions=True,
    )
    assert [type(one) for one in done].count(TargetMoved) == 1
    assert sandbox.tip("main") in {new, other}
    assert not sandbox.git("status", "--porcelain")
