"""What a merge makes of a task's work, by each strategy."""

from pathlib import Path
from typing import Any

import pytest

from agentls.errors import AgentlsError, Conflict, InvalidState, TargetMoved
from agentls.model import State, Strategy
from agentls.review import merging

COMMITS = (
    "echo one > one; git add one; git commit -qm 'Add one';"
    " echo two > two; git add two;"
    " git commit -qm 'Add two' --author 'B <b@example.com>' --date @1000000000;"
    " echo rest > rest"
)


@pytest.fixture
def merge(daemon: Any):
    async def merge(task: Any, strategy: str | None = "squash", **wish: Any) -> Any:
        return await daemon.core.merging.merge(
            task.id,
            **{"message": None, "stop": False, "progress": lambda _: None}
            | {"strategy": strategy and Strategy(strategy)}
            | wish,
        )

    return merge


@pytest.fixture
def log(git, repository: Path):
    """Give the target's commits, the newest first."""

    def log(form: str = "%s", *args: str) -> list[str]:
        return git(repository, "log", f"--format={form}", *args, "main").splitlines()

    return log


@pytest.fixture
def commit(git, repository: Path):
    """Commit a file of the user's on the target."""

    def commit(name: str, content: str, message: str = "Mine") -> str:
        (repository / name).write_text(content)
        git(repository, "add", name)
        git(repository, "commit", "-qm", message)
        return git(repository, "rev-parse", "HEAD")

    return commit


async def test_squash_makes_one_commit_of_commits_and_rest(daemon, merge, log, git):
    task = await daemon.done(COMMITS, title="Do it")
    await merge(task)
    assert log() == ["Do it", "first"]
    names = git(daemon.root, "ls-tree", "-r", "--name-only", "main").split()
    assert names == ["one", "plain.txt", "rest", "two"]


async def test_merge_brings_the_agents_commits_and_the_rest(
    daemon, merge, log, git, commit
):
    task = await daemon.done(COMMITS, title="Do it")
    theirs = git(task.worktree, "rev-parse", "HEAD")
    mine = commit("mine", "mine\n")
    merged = await merge(task, "merge")
    assert log("%s", "--first-parent") == ["Do it", "Mine", "first"]
    assert git(daemon.root, "rev-parse", "main^1") == mine
    assert git(daemon.root, "rev-parse", "main^2^") == theirs
    assert git(daemon.root, "show", "--format=", "--name-only", "main^2") == "rest"
    assert merged.commit == git(daemon.root, "rev-parse", "HEAD")
    assert sorted(path.name for path in daemon.root.iterdir()) == [
        ".git",
        "mine",
        "one",
        "plain.txt",
        "rest",
        "two",
    ]
    assert "checkpoint" not in git(daemon.root, "log", "--format=%B", "main").lower()


async def test_a_merge_without_rest_has_the_agents_tip_as_its_parent(
    daemon, merge, git
):
    task = await daemon.done("echo x > x; git add x; git commit -qm X")
    await merge(task, "merge")
    tip = git(daemon.root, "rev-parse", "main^2")
    assert tip == git(task.worktree, "rev-parse", "HEAD")


async def test_rebase_keeps_authors_and_dates_and_ends_with_the_rest(
    daemon, merge, log, commit
):
    task = await daemon.done(COMMITS, title="Do it")
    commit("mine", "mine\n")
    await merge(task, "rebase")
    assert log() == [
        "Do it",
        "Add two",
        "Add one",
        "Mine",
        "first",
    ]
    assert log("%an <%ae> %at", "-1", "--skip=1") == ["B <b@example.com> 1000000000"]
    assert log("%cn", "-1", "--skip=1") == ["A Person"]


async def test_rebase_onto_a_target_that_stands_still_keeps_the_very_commits(
    daemon, merge, git
):
    task = await daemon.done("echo x > x; git add x; git commit -qm X")
    merged = await merge(task, "rebase")
    assert merged.commit == git(task.worktree, "rev-parse", "HEAD")


async def test_rebase_drops_what_the_target_has_and_keeps_what_began_empty(
    daemon, merge, log, commit
):
    task = await daemon.done(
        "echo x > x; git add x; git commit -qm Same;"
        " git commit -qm Empty --allow-empty;"
        " echo y > y; git add y; git commit -qm Y"
    )
    commit("x", "x\n", "Cherry")
    await merge(task, "rebase")
    assert log() == ["Y", "Empty", "Cherry", "first"]


async def test_a_conflict_of_one_commit_names_it_and_changes_nothing(
    daemon, merge, log, git, commit
):
    task = await daemon.done(
        "echo a > a; git add a; git commit -qm A;"
        " echo theirs > plain.txt; git commit -qam B"
    )
    commit("plain.txt", "mine\n")
    before = log("%H")
    for strategy in Strategy:
        with pytest.raises(Conflict, match=r"plain\.txt") as caught:
            await merge(task, strategy)
        assert ("commit " in caught.value.message) == (strategy == "rebase")
    assert log("%H") == before
    assert git(daemon.root, "status", "--porcelain") == ""
    assert daemon.core.book.get(task.id).state is State.REVIEW


async def test_a_rebase_that_would_lose_a_merge_by_hand_is_refused(
    daemon, merge, log, git
):
    task = await daemon.done(
        "git checkout -qb side; echo s > s; git add s; git commit -qm S;"
        " git checkout -q -; echo o > o; git add o; git commit -qm O;"
        " git merge -q --no-commit side; echo evil > evil; git add evil;"
        " git commit -qm M"
    )
    with pytest.raises(InvalidState, match="would lose"):
        await merge(task, "rebase")
    assert log() == ["first"]
    await merge(task, "merge")
    assert git(daemon.root, "show", "main:evil") == "evil"


async def test_what_the_agent_took_back_is_no_part_of_the_history(
    daemon, merge, git, commit
):
    """A checkpoint's history reaches a merge of the target that was reset since."""
    task = await daemon.done("echo x > x")
    newer = commit("mine", "mine\n")
    start = git(task.worktree, "rev-parse", "HEAD")
    git(task.worktree, "add", "x")
    git(task.worktree, "stash", "-q")
    git(task.worktree, "merge", "-q", "--ff-only", newer)
    repository = await daemon.core.merging._on.repository(task)
    await daemon.core.merging._on.checkpoints.take(repository, task, reason="Merged")
    git(task.worktree, "reset", "-q", "--hard", start)
    git(task.worktree, "stash", "pop", "-q")
    await merge(task)
    assert (daemon.root / "mine").read_text() == "mine\n"


@pytest.mark.parametrize("strategy", ["squash", "merge", "rebase"])
async def test_what_the_setup_made_reaches_no_commit_even_if_the_agent_committed_it(
    daemon, merge, git, strategy, commit
):
    commit(".agentls.toml", 'setup = ["echo secret > made"]\n')
    await daemon.trust()
    task = await daemon.done(
        "git add made; git commit -qm All; echo x > x; git add x; git commit -qm X;"
        " echo y > y"
    )
    await merge(task, strategy)
    listed = git(daemon.root, "log", "--format=", "--name-only", "main").split()
    assert "made" not in listed
    assert {"x", "y"} <= set(listed)


@pytest.mark.parametrize("strategy", ["merge", "rebase"])
async def test_work_upon_uncommitted_changes_can_only_be_squashed(
    daemon, merge, strategy, log
):
    (daemon.root / "plain.txt").write_text("mine\n")
    task = await daemon.done("echo x > x", base="wip")
    with pytest.raises(InvalidState, match="can only be squashed"):
        await merge(task, strategy)
    assert log() == ["first"]


async def test_only_what_was_reviewed_is_squashed_where_the_target_lacks_the_base(
    daemon, merge, git, commit, log
):
    git(daemon.root, "checkout", "-qb", "feature")
    commit("feature", "feature\n", "Feature")
    git(daemon.root, "checkout", "-q", "main")
    task = await daemon.done("echo x > x", base="feature", target="main", title="X")
    await merge(task)
    assert log() == ["X", "first"]
    names = git(daemon.root, "ls-tree", "-r", "--name-only", "main").split()
    assert names == ["plain.txt", "x"]


async def test_the_config_chooses_strategy_and_message(daemon, merge, log, commit):
    commit(
        ".agentls.toml",
        '[merge]\nstrategy = "merge"\n'
        'message = "{title} by {agent}\\n\\n{commits}\\n\\n\\nInto: {target}\\n"\n',
    )
    task = await daemon.done("echo x > x; git add x; git commit -qm X", title="{task}")
    await merge(task, strategy=None)
    assert "\n".join(log("%B", "-1")) == "{task} by shell\n\n- X\n\nInto: main"
    assert len(log("%P", "-1")[0].split()) == 2


async def test_a_message_of_ones_own_replaces_the_template(daemon, merge, log):
    task = await daemon.done("echo x > x")
    await merge(task, message="  In my words\n\n")
    assert log("%B", "-1") == ["In my words"]


async def test_a_target_that_moves_meanwhile_is_merged_with_all_the_same(
    daemon, merge, commit, monkeypatch, log
):
    task = await daemon.done("echo x > x", title="X")
    advance = merging.advance
    moves = iter(["one", "two"])

    async def and_somebody_commits(*args: Any) -> Any:
        if name := next(moves, None):
            commit(name, name, name)
        return await advance(*args)

    monkeypatch.setattr(merging, "advance", and_somebody_commits)
    await merge(task)
    assert log() == ["X", "two", "one", "first"]


async def test_a_target_that_never_rests_is_left_alone(
    daemon, merge, commit, monkeypatch, log
):
    task = await daemon.done("echo x > x", title="X")
    advance = merging.advance
    moves = iter("abcdef")

    async def and_somebody_commits(*args: Any) -> Any:
        name = next(moves)
        commit(name, name, name)
        return await advance(*args)

    monkeypatch.setattr(merging, "advance", and_somebody_commits)
    with pytest.raises(TargetMoved):
        await merge(task)
    assert log() == ["c", "b", "a", "first"]
    assert daemon.core.book.get(task.id).state is State.REVIEW


async def test_it_is_computed_while_the_worktree_is_read_and_again_if_that_changed(
    daemon, merge, monkeypatch
):
    planned: list[str] = []
    plan = merging.plan_merge

    async def counted(repository: Any, task: Any, **what: Any) -> Any:
        planned.append(task.id)
        return await plan(repository, task, **what)

    monkeypatch.setattr(merging, "plan_merge", counted)
    same = await daemon.done("echo x > x")
    await merge(same)
    assert planned == [same.id]
    changed = await daemon.done("echo y > y")
    (changed.worktree / "y").write_text("since the checkpoint\n")
    await merge(changed)
    assert planned[1:] == [changed.id] * 2
    assert (daemon.root / "y").read_text() == "since the checkpoint\n"


@pytest.mark.full
@pytest.mark.parametrize("kind", ["shallow", "partial", "sha256"])
async def test_shallow_partial_and_sha256_repositories_merge_through_gcs(
    daemon, merge, git, tmp_path, kind
):
    root = tmp_path / "odd"
    git(daemon.root, "config", "uploadpack.allowFilter", "true")
    git(daemon.root, "commit", "-q", "--allow-empty", "-m", "second")
    if kind == "sha256":
        git(tmp_path, "init", "-q", "--object-format=sha256", str(root))
        (root / "plain.txt").write_text("plain\n")
        git(root, "add", ".")
        git(root, "commit", "-qm", "first")
    else:
        option = {"shallow": "--depth=1", "partial": "--filter=blob:none"}[kind]
        git(tmp_path, "clone", "-q", option, daemon.root.as_uri(), str(root))
    for number, strategy in enumerate(Strategy):
        work = "echo {0} > {0}; git add {0}; git commit -qm {0}; echo more >> {0}"
        task = await daemon.done(work.format(f"f{number}"), folder=root)
        git(root, "commit", "-q", "--allow-empty", "-m", "Mine")
        git(root, "gc", "-q", "--prune=now")
        await merge(task, strategy)
        git(root, "gc", "-q", "--prune=now")
        assert (root / f"f{number}").read_text() == f"f{number}\nmore\n"
        assert git(root, "status", "--porcelain") == ""
    assert len(git(root, "log", "--format=%s", "-8", "main").splitlines()) > 4
    git(root, "fsck", "--strict")


async def test_a_gc_just_before_the_last_step_changes_nothing(
    daemon, merge, git, monkeypatch, log
):
    task = await daemon.done("echo x > x", title="X")
    with monkeypatch.context() as patched:
        advance = merging.advance

        async def after_a_gc(*args: Any) -> Any:
            git(daemon.root, "gc", "-q", "--prune=now")
            return await advance(*args)

        patched.setattr(merging, "advance", after_a_gc)
        with pytest.raises(AgentlsError):
            await merge(task)
    assert log() == ["first"]
    assert git(daemon.root, "status", "--porcelain") == ""
    await merge(task)
    assert log() == ["X", "first"]
