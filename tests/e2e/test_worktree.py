"""What a new worktree begins with, and what of it is the agent's work."""

from pathlib import Path


def _path(task) -> Path:
    return Path(task.worktree.removeprefix("file://"))


async def _done(editor, **arguments):
    arguments = {"agent": "shell"} | arguments
    created = await editor.execute("createTask", **arguments)
    done = await editor.until_state(created.task.id, "review", "failed")
    assert done.state == "review", done.why
    return done


async def test_what_copy_and_setup_made_is_no_part_of_the_change(
    open_editor, repository: Path, git
):
    (repository / ".env").write_text("SECRET=1\n")
    (repository / ".agentls.toml").write_text(
        'copy = [".env"]\nsetup = ["echo built > built", "echo x >> plain.txt"]\n'
    )
    git(repository, "add", ".agentls.toml")
    git(repository, "commit", "-qm", "config")
    editor = await open_editor(repository)
    await editor.execute("trust", decision="allow")
    task = await _done(editor, prompt="cat .env built; echo work > work")
    assert (_path(task) / ".env").read_text() == "SECRET=1\n"
    changes = await editor.execute("changes", task=task.id)
    assert [file.path for file in changes.files] == ["work"]
    await editor.execute("mergeTask", task=task.id)
    assert git(repository, "show", "--format=", "--name-only", "HEAD") == "work"
    assert git(repository, "status", "--porcelain") == "?? .env"


async def test_what_the_agent_changed_of_it_is(open_editor, repository: Path, git):
    (repository / ".agentls.toml").write_text('setup = ["echo built > built"]\n')
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "config")
    editor = await open_editor(repository)
    await editor.execute("trust", decision="allow")
    task = await _done(editor, prompt="echo mine >> built")
    changes = await editor.execute("changes", task=task.id)
    assert [file.path for file in changes.files] == ["built"]


async def test_a_denied_setup_is_not_run(open_editor, repository: Path):
    (repository / ".agentls.toml").write_text('setup = ["touch ran"]\n')
    editor = await open_editor(repository)
    refusal = await editor.refused("createTask", prompt="true", agent="shell")
    assert refusal["kind"] == "untrusted"
    assert "touch ran" in refusal["message"]
    await editor.execute("trust", decision="deny")
    task = await _done(editor, prompt="true")
    assert not (_path(task) / "ran").exists()


async def test_wip_begins_from_uncommitted_changes_and_merges_only_the_agents(
    open_editor, repository: Path, git
):
    (repository / "mine.txt").write_text("uncommitted\n")
    (repository / "plain.txt").write_text("plain, edited by the user\n")
    before = git(repository, "status", "--porcelain")
    editor = await open_editor(repository)
    task = await _done(
        editor, base="wip", prompt="cat mine.txt plain.txt; echo work > work"
    )
    worktree = _path(task)
    assert (worktree / "mine.txt").read_text() == "uncommitted\n"
    assert (worktree / "plain.txt").read_text() == "plain, edited by the user\n"
    changes = await editor.execute("changes", task=task.id)
    assert [file.path for file in changes.files] == ["work"]
    await editor.execute("mergeTask", task=task.id)
    assert git(repository, "show", "--format=", "--name-only", "HEAD") == "work"
    assert git(repository, "status", "--porcelain") == before


async def test_an_existing_branch_is_worked_on_and_never_deleted(
    open_editor, repository: Path, git
):
    git(repository, "branch", "fix")
    editor = await open_editor(repository)
    task = await _done(
        editor, base="branch:fix", prompt="echo f > f; git add f; git commit -qm f"
    )
    assert task.branch == "fix"
    tip = git(repository, "rev-parse", "fix")
    assert tip != git(repository, "rev-parse", "main")
    await editor.execute("discardTask", task=task.id)
    assert git(repository, "rev-parse", "fix") == tip
    restored = await editor.execute("restoreTask", task=task.id)
    assert restored.task.state == "review"
    assert git(_path(task), "branch", "--show-current") == "fix"


async def test_any_ref_is_a_base_and_the_target_is_the_branch_checked_out(
    open_editor, repository: Path, git
):
    git(repository, "tag", "v1")
    (repository / "later").write_text("later\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "later")
    editor = await open_editor(repository)
    task = await _done(editor, base="v1", prompt="test ! -e later; echo work > work")
    assert task.target == "main"
    await editor.execute("mergeTask", task=task.id)
    assert (repository / "later").exists()
    assert (repository / "work").exists()


async def test_running_a_task_changes_nothing_of_the_users(
    open_editor, odd_repository: Path, git
):
    root = odd_repository
    hook = root / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch '{root}/hook-ran'\n")
    hook.chmod(0o755)
    (root / "plain.txt").write_text("edited\n")
    git(root, "add", "plain.txt")

    def state() -> list[str | bytes]:
        return [
            git(root, "status", "--porcelain"),
            git(root, "for-each-ref", "refs/heads", "refs/tags"),
            git(root, "config", "--local", "--list"),
            git(root, "ls-files", "-s"),
            git(root, "rev-parse", "HEAD"),
            "\n".join(sorted(path.name for path in root.iterdir())),
        ]

    before = state()
    editor = await open_editor(root)
    await editor.execute("trust", decision="allow")
    task = await _done(editor, prompt="echo work > work")
    ours = f" refs/heads/{task.branch}"
    after = state()
    after[1] = "\n".join(
        line for line in str(after[1]).splitlines() if not line.endswith(ours.strip())
    )
    assert after == before


async def test_the_agents_environment_is_the_users_and_not_the_daemons(
    open_editor, repository: Path, home
):
    (home.path / ".profile").write_text("export FROM_PROFILE=yes\n")
    editor = await open_editor(repository)
    task = await _done(
        editor,
        prompt="env > environment; test -t 0 && test -t 1 && echo tty >> environment",
    )
    text = (_path(task) / "environment").read_text()
    values = dict(line.partition("=")[::2] for line in text.splitlines())
    assert values["FROM_PROFILE"] == "yes"
    assert values["LANG"] == "en_GB.UTF-8"
    assert values["TERM"] == "xterm-256color"
    assert values["AGENTLS_TASK"] == task.id
    assert values["AGENTLS_WORKTREE"] == str(_path(task))
    assert "AGENTLS_RUNTIME_DIR" not in values
    assert text.endswith("tty\n")
