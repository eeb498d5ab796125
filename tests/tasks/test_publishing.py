"""Pull requests: a real bare remote, and a stand-in for `gh` on the PATH."""

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest

from agentls.errors import (
    BranchExists,
    GitFailed,
    InvalidParams,
    InvalidState,
    Untrusted,
)
from agentls.model import PullState, State
from agentls.tasks.publishing import RequestWish
from agentls.tasks.starting import silent

GH = """\
#!/bin/sh
echo "$@" >> '{folder}/calls'
for argument in "$@"; do printf '%s\\0' "$argument" >> '{folder}/arguments'; done
pwd >> '{folder}/where'
case "$1 $2" in
"pr create")
    [ -e '{folder}/fails' ] && {{ echo 'HTTP 401: Bad credentials' >&2; exit 4; }}
    if [ -e '{folder}/made' ]; then
        echo 'a pull request for branch "x" already exists:' >&2
        echo 'https://github.com/owner/name/pull/7' >&2
        exit 1
    fi
    touch '{folder}/made'
    echo 'https://github.com/owner/name/pull/7';;
"pr view") cat '{folder}/state';;
*) exit 2;;
esac
"""


@pytest.fixture
def remote(tmp_path: Path, repository: Path, git) -> Path:
    """Give the repository a remote that the user's git knows by another name."""
    bare = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", str(bare))
    url = "https://github.com/owner/name.git"
    git(repository, "config", "--global", f"url.{bare}.insteadOf", url)
    git(repository, "remote", "add", "origin", url)
    git(repository, "push", "-q", "origin", "main")
    return bare


@pytest.fixture
def gh(tmp_path: Path, home) -> Path:
    """Put a `gh` on the PATH of the user's terminals; give what it was told."""
    folder = tmp_path / "gh"
    folder.mkdir()
    (folder / "state").write_text('{"state": "OPEN", "isDraft": false}')
    programs = home.path / "bin"
    programs.mkdir()
    program = programs / "gh"
    program.write_text(GH.format(folder=folder))
    program.chmod(0o755)
    _set_path(home, f"{programs}:$PATH")
    return folder


def _set_path(home, path: str) -> None:
    (home.path / ".profile").write_text(f"export PATH='{path}'\n".replace("'", '"'))


async def _propose(daemon, task, **wish):
    stop = wish.pop("stop", False)
    return await daemon.core.publishing.create(
        task.id, RequestWish(**wish), stop=stop, progress=silent
    )


async def test_commits_and_uncommitted_work_are_pushed_and_proposed(
    daemon, git, repository, remote, gh
):
    task = await daemon.done(
        "echo one > one; git add .; git commit -qm 'By the agent'; echo two > two",
        title="Add two files",
    )
    branches = git(repository, "for-each-ref", "refs/heads")
    done = await _propose(daemon, task)
    request = done.task.pull_request
    assert (request.url, request.state) == (
        *("https://github.com/owner/name/pull/7", PullState.OPEN),
    )
    assert (done.program, done.task.state) == ("gh", State.REVIEW)
    log = git(remote, "log", "--format=%s", f"main..{task.branch}")
    assert log.splitlines() == ["Add two files", "By the agent"]
    assert git(remote, "show", f"{task.branch}:two") == "two"
    assert git(remote, "rev-parse", task.branch) == request.pushed
    told = (gh / "arguments").read_text().split("\0")
    assert told[: told.index("--body")] == [
        *("pr", "create", "--repo", "github.com/owner/name"),
        *("--head", task.branch, "--base", "main", "--title", "Add two files"),
    ]
    body = told[told.index("--body") + 1]
    assert body.startswith("## What was asked\n\n> echo one > one;")
    assert "## Change: 2 files, +2 −0\n\n- `one` +1 −0 (new)\n- `two` +1" in body
    assert body.endswith(f"\n\nAgent: shell\nTask: {task.id}\n")
    await daemon.core.forecasting.forecast(None, task=task.id)
    assert "## Forecast" in await daemon.core.briefings.write(task.id)
    assert "## Forecast" not in body
    # Nothing of it shows in the user's own repository, and gh ran outside of it.
    assert git(repository, "for-each-ref", "refs/heads") == branches
    assert not (gh / "where").read_text().startswith(str(repository))


async def test_called_again_only_what_is_new_is_pushed(daemon, git, remote, gh):
    task = await daemon.done("echo one > one")
    first = (await _propose(daemon, task, draft=True)).task.pull_request
    assert "--draft" in (gh / "calls").read_text()
    again = (await _propose(daemon, task)).task.pull_request
    assert again == first
    await daemon.core.tasks.send_prompt(task.id, "echo two > one")
    await daemon.until(task.id, State.REVIEW)
    newer = (await _propose(daemon, task)).task.pull_request
    assert newer.url == first.url
    assert git(remote, "show", f"{task.branch}:one") == "two"
    assert (gh / "calls").read_text().count("pr create") == 1


@pytest.mark.usefixtures("gh")
async def test_what_others_pushed_to_the_branch_is_not_overwritten(
    daemon, git, remote, tmp_path
):
    task = await daemon.done("echo one > one")
    await _propose(daemon, task)
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", "-b", task.branch, str(remote), str(other))
    git(other, "commit", "-q", "--allow-empty", "-m", "By somebody")
    git(other, "push", "-q")
    await daemon.core.tasks.send_prompt(task.id, "echo two > one")
    await daemon.until(task.id, State.REVIEW)
    with pytest.raises(BranchExists, match="Nothing was pushed"):
        await _propose(daemon, task)
    assert "By somebody" in git(remote, "log", "--format=%s", task.branch)


async def test_without_a_program_the_branch_is_pushed_and_the_answer_says_so(
    daemon, git, remote, home
):
    there = home.path / "only-git"
    there.mkdir()
    for name in ("git", "sh", "env"):
        (there / name).symlink_to(shutil.which(name))
    _set_path(home, str(there))
    task = await daemon.done("echo one > one")
    done = await _propose(daemon, task)
    assert done.program is None
    assert done.task.pull_request.state is PullState.NONE
    assert git(remote, "rev-parse", task.branch) == done.task.pull_request.pushed
    with pytest.raises(InvalidState, match="no pull request"):
        await daemon.core.publishing.refresh(task.id)


async def test_a_request_that_fails_says_that_the_branch_was_pushed(
    daemon, git, remote, gh
):
    task = await daemon.done("echo one > one")
    (gh / "fails").touch()
    with pytest.raises(GitFailed, match=r"was pushed to origin, but gh.*401"):
        await _propose(daemon, task)
    pushed = daemon.core.book.get(task.id).pull_request.pushed
    assert git(remote, "rev-parse", task.branch) == pushed
    (gh / "fails").unlink()
    (gh / "made").touch()  # it was made after all, as by a daemon that was killed
    request = (await _propose(daemon, task)).task.pull_request
    assert request.url == "https://github.com/owner/name/pull/7"
    assert request.pushed == pushed


@pytest.mark.usefixtures("remote")
async def test_the_state_is_asked_for_and_kept(start, gh):
    async with start() as daemon:
        task = await daemon.done("echo one > one")
        await _propose(daemon, task)
        (gh / "state").write_text(json.dumps({"state": "MERGED", "isDraft": False}))
        found = await daemon.core.publishing.refresh(task.id)
        assert found.pull_request.state is PullState.MERGED
    async with start() as daemon:
        kept = daemon.core.book.get(task.id).pull_request
        assert kept == found.pull_request
        (gh / "state").write_text("no json")
        with pytest.raises(GitFailed):
            await daemon.core.publishing.refresh(task.id)


@pytest.mark.usefixtures("remote", "gh")
async def test_hooks_and_commands_of_the_repository_do_not_run(
    daemon, git, repository, tmp_path
):
    ran = tmp_path / "ran"
    for hook in ("pre-push", "reference-transaction"):
        file = repository / ".git/hooks" / hook
        file.write_text(f"#!/bin/sh\ntouch '{ran}'\n")
        file.chmod(0o755)
    git(repository, "config", "core.fsmonitor", f"touch '{ran}'; false")
    git(repository, "config", "push.gpgSign", "true")
    git(repository, "config", "gpg.program", f"touch '{ran}'; false")
    task = await daemon.done("echo one > one")
    ran.unlink(missing_ok=True)  # the agent's own git may run hooks
    done = await _propose(daemon, task)
    assert done.hook == repository / ".git/hooks/pre-push"
    assert done.task.pull_request.url
    git(repository, "config", "remote.origin.receivepack", f"touch '{ran}'; false")
    await daemon.core.tasks.send_prompt(task.id, "echo two > one")
    await daemon.until(task.id, State.REVIEW)
    ran.unlink(missing_ok=True)
    with pytest.raises(Untrusted, match="receivepack"):
        await _propose(daemon, task)
    assert not ran.exists()


@pytest.mark.usefixtures("gh")
async def test_content_past_a_filter_that_nobody_trusted_is_not_published(
    daemon, git, repository, remote
):
    task = await daemon.done("echo plaintext > new.secret; echo x > plain.new")
    (task.worktree / ".gitattributes").write_text("*.secret filter=secret\n")
    git(repository, "config", "filter.secret.clean", "tr a-z n-za-m")
    with pytest.raises(Untrusted, match=r"new\.secret"):
        await _propose(daemon, task)
    assert git(remote, "for-each-ref", "refs/heads/agentls") == ""


@pytest.mark.usefixtures("gh")
async def test_what_the_setup_made_is_not_published(daemon, git, repository, remote):
    (repository / ".agentls.toml").write_text('setup = ["echo made > generated"]\n')
    await daemon.trust()
    task = await daemon.done("echo one > one; git add .; git commit -qm all")
    await _propose(daemon, task)
    listed = git(remote, "ls-tree", "--name-only", task.branch).splitlines()
    assert listed == ["one", "plain.txt"]
    assert git(remote, "log", "--format=%s", f"main..{task.branch}") == "all"


@pytest.mark.usefixtures("gh")
async def test_work_upon_uncommitted_changes_is_not_published(
    daemon, git, repository, remote
):
    (repository / "plain.txt").write_text("mine\n")
    task = await daemon.done("echo one > one", base="wip")
    with pytest.raises(InvalidState, match="Nothing was pushed"):
        await _propose(daemon, task)
    assert git(remote, "for-each-ref", "refs/heads/agentls") == ""


@pytest.mark.usefixtures("repository")
async def test_a_repository_without_a_remote_is_told_so(daemon):
    task = await daemon.done("echo one > one")
    with pytest.raises(InvalidParams, match="no remote"):
        await _propose(daemon, task)


@pytest.mark.usefixtures("gh")
async def test_a_remote_that_is_gone_changes_nothing(daemon, remote):
    task = await daemon.done("echo one > one")
    remote.rename(remote.with_name("moved"))
    with pytest.raises(GitFailed, match="Nothing was pushed"):
        await _propose(daemon, task)
    assert daemon.core.book.get(task.id).pull_request is None


@pytest.mark.usefixtures("git", "remote", "gh")
async def test_an_agent_that_works_is_not_stopped_unasked(daemon, tmp_path):
    for name in ("ready", "gate"):
        os.mkfifo(tmp_path / name)
    script = f"echo one > one; echo > '{tmp_path}/ready'; cat '{tmp_path}/gate'"
    task = await daemon.create(script)
    await asyncio.to_thread((tmp_path / "ready").read_text)
    with pytest.raises(InvalidState):
        await _propose(daemon, task)
    done = await _propose(daemon, task, stop=True)
    assert done.task.state is State.REVIEW
