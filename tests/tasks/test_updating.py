"""Update: the target comes into the worktree, and only the agent's work is its."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from agentls.errors import Conflict, DirtyCheckout, InvalidState
from agentls.model import Resolve, State, Task
from agentls.tasks.parts import Part
from agentls.tasks.publishing import RequestWish
from agentls.tasks.reviewing import Asked
from agentls.tasks.starting import silent
from agentls.tasks.updating import Outcome, Updated


async def _update(
    daemon, task: Task, resolve: Resolve | None = None, **more
) -> Updated:
    return await daemon.core.updating.update(
        task.id, **{"resolve": resolve, "stop": False, "progress": silent} | more
    )


def _goes_on(git, repository: Path, **files: str) -> str:
    """Let the target go on by a commit; give its tip."""
    for name, content in files.items():
        (repository / name.replace("_", ".")).write_text(content)
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "the target goes on")
    return git(repository, "rev-parse", "HEAD")


async def _changed(daemon, task: Task) -> list[str]:
    shown = await daemon.core.reviewing.changes(task.id, Asked())
    return [file.path.decode() for file in shown.files]


def _state(git, worktree: Path) -> dict[str, str]:
    """Give all that the worktree's git shows, and its files."""
    found = {
        "head": git(worktree, "rev-parse", "HEAD"),
        "branch": git(worktree, "symbolic-ref", "HEAD"),
        "status": git(worktree, "status", "--porcelain=v2", "--branch"),
        "staged": git(worktree, "ls-files", "-s"),
    }
    for file in worktree.rglob("*"):
        if file.is_file() and file.name != ".git":
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            found[str(file)] = digest
    return found


async def test_what_is_not_committed_stays_so(daemon, git, repository):
    task = await daemon.done(
        "echo new > new; echo edit >> plain.txt; echo s > s; git add s"
    )
    tip = _goes_on(git, repository, other_txt="other\n")
    done = await _update(daemon, task)
    assert done.outcome is Outcome.UPDATED
    assert done.task.base.commit == tip
    top = task.worktree
    assert (top / "other.txt").read_text() == "other\n"
    assert (top / "plain.txt").read_text() == "plain\nedit\n"
    assert git(top, "rev-parse", "HEAD") == tip
    assert git(top, "symbolic-ref", "--short", "HEAD") == task.branch
    assert git(top, "status", "--porcelain").split("\n") == [
        "M plain.txt",
        "?? new",
        "?? s",
    ]
    # The target's own progress isn't the agent's.
    assert await _changed(daemon, task) == ["new", "plain.txt", "s"]
    assert done.task.files == 3
    assert git(top, "stash", "list") == ""


async def test_what_the_agent_committed_is_merged_and_the_rest_stays(
    daemon, git, repository
):
    task = await daemon.done(
        "echo mine > mine; git add mine; git commit -qm mine; echo more >> plain.txt"
    )
    own = git(task.worktree, "rev-parse", "HEAD")
    tip = _goes_on(git, repository, other_txt="other\n")
    await _update(daemon, task)
    parents = git(task.worktree, "rev-parse", "HEAD^1", "HEAD^2").split()
    assert parents == [own, tip]
    assert git(task.worktree, "status", "--porcelain") == "M plain.txt"
    assert await _changed(daemon, task) == ["mine", "plain.txt"]
    merged = await daemon.merge(task)
    listed = git(repository, "show", "--format=", "--name-only", merged.commit)
    assert listed.split() == ["mine", "plain.txt"]


async def test_when_there_is_nothing_to_bring_in_nothing_is_done(
    daemon, git, repository
):
    task = await daemon.done("echo new > new; git add new")
    before = _state(git, task.worktree)
    assert (await _update(daemon, task)).outcome is Outcome.CURRENT
    assert _state(git, task.worktree) == before
    _goes_on(git, repository, other_txt="other\n")
    await _update(daemon, task)
    again = await _update(daemon, task)
    assert (again.outcome, again.source) == (Outcome.CURRENT, "main")


async def test_again_and_again_is_as_once(daemon, git, repository):
    task = await daemon.done("seq 1 20 > new; echo edit >> plain.txt")
    for number in range(3):
        _goes_on(git, repository, other_txt=f"{number}\n")
        await _update(daemon, task)
    assert await _changed(daemon, task) == ["new", "plain.txt"]
    await daemon.merge(task)
    assert git(repository, "status", "--porcelain") == ""
    assert (repository / "other.txt").read_text() == "2\n"


async def test_a_conflict_changes_nothing_unless_somebody_resolves_it(
    daemon, git, repository
):
    task = await daemon.done("echo mine > plain.txt; echo s > s; git add s; rm s")
    _goes_on(git, repository, plain_txt="theirs\n", other_txt="o\n")
    before = _state(git, task.worktree)
    with pytest.raises(Conflict, match=r"plain\.txt") as refused:
        await _update(daemon, task)
    assert "--resolve editor" in refused.value.hint
    assert _state(git, task.worktree) == before
    assert daemon.core.book.get(task.id).base == task.base
    with pytest.raises(InvalidState, match="shell script"):
        await _update(daemon, task, Resolve.AGENT)
    with pytest.raises(InvalidState, match="nothing there to abort"):
        await daemon.core.updating.abort(task.id, stop=False)


@pytest.fixture
async def conflicted(daemon, git, repository) -> Task:
    """Give a task whose update left a conflict, beside work that isn't committed."""
    task = await daemon.done(
        "echo mine > plain.txt; echo new > new; echo s > s; git add s"
    )
    _goes_on(git, repository, plain_txt="theirs\n", other_txt="o\n")
    done = await _update(daemon, task, Resolve.EDITOR)
    assert done.outcome is Outcome.CONFLICTS
    assert done.conflicts == (b"plain.txt",)
    assert "plain.txt" in done.task.why
    return done.task


async def test_a_task_says_that_its_update_is_open_until_it_is_resolved(
    start, git, repository
):
    async with start() as daemon:
        task = await daemon.done("echo mine > plain.txt")
        _goes_on(git, repository, plain_txt="theirs\n")
        assert not task.open_update
        assert (await _update(daemon, task, Resolve.EDITOR)).task.open_update
    async with start() as daemon:
        assert daemon.core.book.get(task.id).open_update
        (task.worktree / "plain.txt").write_text("both\n")
        assert not (await _update(daemon, task)).task.open_update
    async with start() as daemon:
        assert not daemon.core.book.get(task.id).open_update


async def test_conflicts_are_left_as_git_leaves_them(
    daemon, git, repository, conflicted
):
    top = conflicted.worktree
    assert (top / "plain.txt").read_text() == (
        f"<<<<<<< {conflicted.branch}\nmine\n=======\ntheirs\n>>>>>>> main\n"
    )
    assert (top / "other.txt").read_text() == "o\n"
    assert git(top, "rev-parse", "MERGE_HEAD") == git(repository, "rev-parse", "main")
    assert git(top, "show", ":2:plain.txt") == "mine"
    assert git(top, "show", ":3:plain.txt") == "theirs"
    assert git(top, "status", "--porcelain").split("\n") == [
        "A  other.txt",
        "UU plain.txt",
        "?? new",
        "?? s",
    ]
    assert await _changed(daemon, conflicted) == ["new", "plain.txt", "s"]


async def test_what_is_not_resolved_is_neither_merged_nor_updated(
    daemon, git, repository, conflicted
):
    before = _state(git, conflicted.worktree)
    for again in (daemon.merge(conflicted), _update(daemon, conflicted)):
        with pytest.raises(Conflict, match=r"plain\.txt"):
            await again
    assert _state(git, conflicted.worktree) == before
    assert git(repository, "status", "--porcelain") == ""


@pytest.mark.parametrize("how", ["written", "added", "committed", "reset"])
async def test_once_it_is_resolved_the_next_update_ends_it(
    daemon, git, repository, conflicted, how
):
    top = conflicted.worktree
    (top / "plain.txt").write_text("both\n")
    if how in {"added", "committed"}:
        git(top, "add", "plain.txt")
    if how == "committed":
        git(top, "commit", "-qm", "resolved")
    if how == "reset":
        git(top, "reset", "-q")
    done = await _update(daemon, conflicted)
    assert done.outcome is Outcome.UPDATED
    tip = git(repository, "rev-parse", "main")
    if how == "committed":
        assert git(top, "rev-parse", "HEAD^") == tip
        assert git(top, "status", "--porcelain") == "?? new\n?? s"
    else:
        assert git(top, "rev-parse", "HEAD") == tip
        assert git(top, "status", "--porcelain") == "M plain.txt\n?? new\n?? s"
    assert await _changed(daemon, conflicted) == ["new", "plain.txt", "s"]
    await daemon.merge(conflicted)
    assert (repository / "plain.txt").read_text() == "both\n"


async def test_what_is_resolved_can_be_merged_at_once(
    daemon, git, repository, conflicted
):
    (conflicted.worktree / "plain.txt").write_text("both\n")
    await daemon.merge(conflicted)
    assert (repository / "plain.txt").read_text() == "both\n"
    assert git(repository, "status", "--porcelain") == ""


async def test_an_abort_brings_back_exactly_what_was(daemon, git, repository):
    task = await daemon.done(
        "echo mine > plain.txt; git commit -qam mine; echo s > s; git add s; rm s;"
        " echo new > new; echo mine too >> plain.txt"
    )
    before = _state(git, task.worktree)
    _goes_on(git, repository, plain_txt="theirs\n", other_txt="o\n")
    await _update(daemon, task, Resolve.EDITOR)
    (task.worktree / "plain.txt").write_text("half resolved\n")
    git(task.worktree, "add", "plain.txt")
    done = await daemon.core.updating.abort(task.id, stop=False)
    assert done.outcome is Outcome.ABORTED
    assert not done.task.open_update
    assert _state(git, task.worktree) == before
    assert done.task.base == task.base
    listed = (await daemon.core.checkpointing.list(task.id))[1]
    kept = [
        git(repository, "show", f"{one.commit}:plain.txt")
        for one in listed
        if one.reason == "Before the update was taken back"
    ]
    assert kept == ["half resolved"]


async def test_a_merge_that_git_aborted_is_told_and_the_work_comes_back(
    daemon, git, conflicted
):
    git(conflicted.worktree, "merge", "--abort")
    (conflicted.worktree / "new").unlink()
    (conflicted.worktree / "s").unlink()
    with pytest.raises(InvalidState, match="ended the merge"):
        await _update(daemon, conflicted)
    await daemon.core.updating.abort(conflicted.id, stop=False)
    assert (conflicted.worktree / "plain.txt").read_text() == "mine\n"
    assert (conflicted.worktree / "new").read_text() == "new\n"


async def test_a_file_that_only_one_side_removed_is_resolved_by_the_index(
    daemon, git, repository
):
    task = await daemon.done("git rm -q plain.txt")
    _goes_on(git, repository, plain_txt="theirs\n")
    done = await _update(daemon, task, Resolve.EDITOR)
    assert done.conflicts == (b"plain.txt",)
    with pytest.raises(Conflict):
        await _update(daemon, task)
    git(task.worktree, "rm", "-q", "plain.txt")
    assert (await _update(daemon, task)).outcome is Outcome.UPDATED
    assert await _changed(daemon, task) == ["plain.txt"]


async def test_commits_that_conflict_where_the_files_do_not(daemon, git, repository):
    task = await daemon.done(
        "echo mine > plain.txt; git commit -qam mine; echo same > plain.txt; echo n > n"
    )
    tip = _goes_on(git, repository, plain_txt="same\n")
    done = await _update(daemon, task)
    assert done.outcome is Outcome.UPDATED
    assert git(task.worktree, "rev-parse", "HEAD^2") == tip
    assert (task.worktree / "plain.txt").read_text() == "same\n"
    assert await _changed(daemon, task) == ["n"]


async def test_an_ignored_file_in_the_way_is_refused(daemon, git, repository):
    (repository / ".gitignore").write_text("local\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "ignore")
    task = await daemon.done("echo precious > local")
    (repository / "local").write_text("tracked by now\n")
    git(repository, "add", "-f", "local")
    git(repository, "commit", "-qm", "track")
    with pytest.raises(DirtyCheckout, match="local"):
        await _update(daemon, task)
    assert (task.worktree / "local").read_text() == "precious\n"
    (task.worktree / "local").unlink()
    await _update(daemon, task)
    assert (task.worktree / "local").read_text() == "tracked by now\n"


async def test_what_was_not_committed_at_the_start_stays_the_users(
    daemon, git, repository
):
    (repository / "plain.txt").write_text("plain\nwip\n")
    task = await daemon.done("echo new > new", base="wip")
    git(repository, "stash", "push", "-q")
    _goes_on(git, repository, other_txt="o\n")
    git(repository, "stash", "pop", "-q")
    await _update(daemon, task)
    assert (task.worktree / "plain.txt").read_text() == "plain\nwip\n"
    assert (task.worktree / "other.txt").read_text() == "o\n"
    assert await _changed(daemon, task) == ["new"]
    await daemon.merge(task)
    assert git(repository, "status", "--porcelain") == "M plain.txt"


async def test_what_the_setup_made_stays_no_part_of_the_change(daemon, git, repository):
    (repository / ".agentls.toml").write_text(
        'setup = ["echo x > made; echo set >> plain.txt"]\n'
    )
    await daemon.trust()
    task = await daemon.done("echo new > new")
    _goes_on(git, repository, other_txt="o\n", plain_txt="first\nplain\n")
    done = await _update(daemon, task)
    assert (task.worktree / "plain.txt").read_text() == "first\nplain\nset\n"
    assert await _changed(daemon, task) == ["new"]
    assert done.task.files == 1


async def test_a_rewind_to_before_an_update_brings_the_base_back(
    daemon, git, repository
):
    task = await daemon.done("echo new > new")
    _goes_on(git, repository, other_txt="o\n")
    await _update(daemon, task)
    done = await daemon.core.rewinding.rewind(task.id, 1, stop=False, progress=silent)
    assert done.task.base == task.base
    assert not (task.worktree / "other.txt").exists()
    assert await _changed(daemon, task) == ["new"]
    assert (await _update(daemon, task)).outcome is Outcome.UPDATED
    assert (task.worktree / "other.txt").exists()


async def test_a_merge_of_the_agents_own_is_not_disturbed(daemon, git, repository):
    task = await daemon.done("echo mine > plain.txt; git commit -qam mine")
    _goes_on(git, repository, plain_txt="theirs\n")
    with pytest.raises(Exception, match="merge"):
        git(task.worktree, "merge", "main")
    with pytest.raises(DirtyCheckout, match="of its own"):
        await _update(daemon, task)
    with pytest.raises(Conflict, match="conflicts are left"):
        await daemon.merge(task)


async def test_an_agent_that_works_is_not_updated_unasked(
    daemon, git, repository, tmp_path
):
    os.mkfifo(tmp_path / "gate")
    task = await daemon.create(f"echo x > new; cat '{tmp_path}/gate'")
    _goes_on(git, repository, other_txt="o\n")
    with pytest.raises(InvalidState, match="working"):
        await _update(daemon, task)
    assert (await _update(daemon, task, stop=True)).task.state is State.REVIEW


AGENT = """\
[agents.resolver]
bin = "/bin/sh"
start = ["-c", "echo mine > plain.txt", "{prompt}"]
resume = ["-c", "printf %s \\"$0\\" > ../asked; echo both > plain.txt", "{prompt}"]
"""


async def test_the_agent_is_told_which_files_to_resolve(daemon, git, repository, paths):
    paths.user_config.parent.mkdir(parents=True)
    paths.user_config.write_text(AGENT)
    task = await daemon.done("begin", agent="resolver")
    _goes_on(git, repository, plain_txt="theirs\n")
    done = await _update(daemon, task, Resolve.AGENT)
    assert done.outcome is Outcome.CONFLICTS
    await daemon.until(task.id, State.REVIEW)
    assert "\n- plain.txt\n" in (task.worktree.parent / "asked").read_text()
    turns = (await daemon.core.checkpointing.list(task.id))[2]
    assert [one.source for one in turns] == ["create", "update"]
    assert (await _update(daemon, task)).outcome is Outcome.UPDATED


async def test_an_open_update_outlives_the_daemon(start, git, repository):
    async with start() as daemon:
        task = await daemon.done("echo mine > plain.txt")
        before = _state(git, task.worktree)
        _goes_on(git, repository, plain_txt="theirs\n")
        await _update(daemon, task, Resolve.EDITOR)
    async with start() as daemon:
        await daemon.core.updating.abort(task.id, stop=False)
        assert _state(git, task.worktree) == before


async def test_a_submodule_that_the_target_moved_is_refused(
    daemon, git, repository, tmp_path
):
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "-q")
    git(inner, "commit", "-q", "--allow-empty", "-m", "one")
    git(repository, "submodule", "--quiet", "add", str(inner), "sub")
    git(repository, "commit", "-qm", "with a submodule")
    task = await daemon.done("echo new > new")
    git(repository / "sub", "commit", "-q", "--allow-empty", "-m", "two")
    git(repository, "commit", "-qam", "the submodule goes on")
    with pytest.raises(InvalidState, match="sub"):
        await _update(daemon, task)
    assert daemon.core.book.get(task.id).base == task.base


async def test_a_rewind_into_a_conflict_does_not_pass_it_off_as_resolved(
    daemon, git, conflicted
):
    saved = (await daemon.core.checkpointing.list(conflicted.id))[1][-1]
    await daemon.core.updating.abort(conflicted.id, stop=False)
    await daemon.core.rewinding.rewind(
        conflicted.id, saved.number, stop=False, progress=silent
    )
    task = daemon.core.book.get(conflicted.id)
    file = task.worktree / "plain.txt"
    assert ">>>>>>>" in file.read_text()
    assert git(task.worktree, "diff", "--name-only", "--diff-filter=U") == "plain.txt"
    part = Part(paths=(b"plain.txt",))
    for refused in (
        daemon.merge(task),
        _update(daemon, task),
        daemon.core.merging.preview(task.id, message=None, strategy=None),
        daemon.core.accepting.take(
            task.id, part, message=None, stop=False, progress=silent
        ),
        daemon.core.publishing.create(
            task.id, RequestWish(), stop=False, progress=silent
        ),
    ):
        with pytest.raises(Conflict, match=r"left in plain\.txt"):
            await refused
    await daemon.core.discarding.discard(task.id)
    shutil.rmtree(daemon.core.paths.trash / task.id)
    await daemon.core.discarding.restore(task.id)
    with pytest.raises(Conflict, match=r"left in plain\.txt"):
        await daemon.merge(task)
    file.write_text("both\n")
    git(task.worktree, "add", "plain.txt")
    await daemon.merge(task)
    assert (daemon.root / "plain.txt").read_text() == "both\n"


async def test_a_mended_worktree_still_knows_what_is_unresolved(
    daemon, git, repository, conflicted
):
    top = conflicted.worktree
    git(repository, "worktree", "unlock", str(top))
    aside = top.with_name("aside")
    top.rename(aside)
    git(repository, "worktree", "prune", "--expire=now")
    aside.rename(top)
    (trouble,) = await daemon.core.repairing.mend(None)
    assert trouble.mended
    with pytest.raises(Conflict, match=r"left in plain\.txt"):
        await daemon.merge(conflicted)
