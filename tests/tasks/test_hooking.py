"""The user's hooks and signatures in a merge: as by git, or nothing is merged."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from agentls.errors import GitFailed, InvalidState, Untrusted
from agentls.git import hooks
from agentls.git.repository import find_repository
from agentls.model import State, Strategy
from agentls.tasks.parts import Part


@pytest.fixture
def hook(repository: Path):
    """Write a hook of the repository."""

    def write(name: str, script: str, *, folder: Path | None = None) -> Path:
        path = (folder or repository / ".git/hooks") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def merge(daemon: Any):
    async def merge(task: Any, **wish: Any) -> Any:
        return await daemon.core.merging.merge(
            task.id,
            **{"message": None, "stop": False, "progress": lambda _: None} | wish,
        )

    return merge


@pytest.fixture
def main(git, repository: Path):
    return lambda: git(repository, "rev-parse", "main")


async def test_a_hook_that_nobody_trusts_stops_the_merge_and_does_not_run(
    daemon, merge, hook, main, tmp_path
):
    ran = tmp_path / "ran"
    hook("pre-commit", f"touch '{ran}'")
    task = await daemon.done("echo x > x")
    before = main()
    with pytest.raises(Untrusted, match=r"pre-commit(.|\n)*touch") as caught:
        await merge(task)
    assert "--skip-hooks" in caught.value.hint
    assert main() == before
    await merge(task, skip_hooks=True)
    assert not ran.exists()


async def test_an_agent_is_not_stopped_for_a_merge_that_is_refused(daemon, merge, hook):
    hook("pre-commit", "true")
    task = await daemon.create("echo x > x; cat")
    await daemon.until(task.id, State.WORKING)
    with pytest.raises(Untrusted):
        await merge(task, stop=True)
    assert daemon.core.book.get(task.id).state is State.WORKING


async def test_trust_is_for_the_exact_text_and_what_is_denied_is_left_out(
    daemon, merge, hook, tmp_path
):
    ran = tmp_path / "ran"
    hook("pre-commit", f"touch '{ran}'")
    await daemon.trust()
    first = await daemon.done("echo x > x")
    await merge(first)
    assert ran.exists()
    hook("pre-commit", f"touch '{ran}2'")
    second = await daemon.done("echo y > y")
    with pytest.raises(Untrusted):
        await merge(second)
    await daemon.core.trusting.decide(
        await find_repository(daemon.root), "denied", digests=None
    )
    await merge(second)
    assert not (tmp_path / "ran2").exists()


async def test_it_sees_the_merge_as_what_is_staged_on_the_target(
    daemon, merge, hook, git, tmp_path
):
    told = tmp_path / "told"
    hook(
        "pre-commit",
        f"exec > '{told}'; git symbolic-ref HEAD; git diff --cached --name-status;"
        f" git show :plain.txt; git diff --name-only; pwd; echo $AGENTLS_TASK",
    )
    await daemon.trust()
    task = await daemon.done(
        "echo x > x; git add x; git commit -qm X; echo more >> plain.txt"
    )
    (daemon.root / "mine").write_text("mine\n")
    git(daemon.root, "add", "mine")
    git(daemon.root, "commit", "-qnm", "Mine")
    index = (daemon.root / ".git/worktrees").glob("*/index")
    before = [path.read_bytes() for path in index]
    await merge(task)
    assert told.read_text().splitlines() == [
        "refs/heads/main",
        *("M\tplain.txt", "A\tx"),
        *("plain", "more"),
        "mine",  # the worktree lacks what the target has got since
        str(task.worktree),
        task.id,
    ]
    index = (daemon.root / ".git/worktrees").glob("*/index")
    assert [path.read_bytes() for path in index] == before


async def test_one_that_fails_stops_the_merge_with_its_output(
    daemon, merge, hook, main
):
    hook("pre-commit", "echo no tabs, please; exit 7")
    await daemon.trust()
    task = await daemon.done("echo x > x")
    before = main()
    with pytest.raises(GitFailed, match=r"status 7(.|\n)*no tabs, please"):
        await merge(task)
    assert main() == before
    assert daemon.core.book.get(task.id).state is State.REVIEW


@pytest.mark.parametrize("status", [0, 1])
async def test_one_that_edits_stops_the_merge_and_its_edits_can_be_merged(
    daemon, merge, hook, main, status
):
    hook("pre-commit", f"grep -q tidy x || {{ echo tidy > x; exit {status}; }}")
    await daemon.trust()
    task = await daemon.done("echo wild > x")
    before = main()
    with pytest.raises((GitFailed, InvalidState), match="changed x"):
        await merge(task)
    assert main() == before
    assert (task.worktree / "x").read_text() == "tidy\n"
    await merge(task)
    assert (daemon.root / "x").read_text() == "tidy\n"


async def test_one_that_stages_something_else_stops_the_merge(
    daemon, merge, hook, main
):
    hook("pre-commit", "git rm -q --cached plain.txt")
    await daemon.trust()
    task = await daemon.done("echo x > x")
    before = main()
    with pytest.raises(InvalidState, match=r"changed plain\.txt"):
        await merge(task)
    assert main() == before


async def test_commit_msg_may_change_the_message_or_refuse_it(daemon, merge, hook, git):
    hook("commit-msg", 'grep -q bad "$1" && exit 1; echo "Signed-off-by: Me" >> "$1"')
    await daemon.trust()
    task = await daemon.done("echo x > x")
    with pytest.raises(GitFailed, match="commit-msg refused"):
        await merge(task, message="bad")
    await merge(task, message="good")
    text = git(daemon.root, "log", "-1", "--format=%B", "main")
    assert text == "good\nSigned-off-by: Me"


async def test_a_merge_commit_asks_pre_merge_commit_and_a_pure_rebase_none(
    daemon, merge, hook, tmp_path
):
    for name in ("pre-commit", "pre-merge-commit", "commit-msg"):
        hook(name, f"echo {name} >> '{tmp_path}/ran'")
    await daemon.trust()
    work = "echo {0} > {0}; git add {0}; git -c core.hooksPath=/x commit -qm {0}"
    await merge(await daemon.done(work.format("a")), strategy=Strategy.REBASE)
    assert not (tmp_path / "ran").exists()
    await merge(await daemon.done(work.format("b")), strategy=Strategy.MERGE)
    assert (tmp_path / "ran").read_text().split() == ["pre-merge-commit", "commit-msg"]


async def test_hooks_are_those_of_the_checkout_and_not_what_the_agent_wrote(
    daemon, merge, hook, git, tmp_path
):
    hook("pre-commit", f"touch '{tmp_path}/ran'", folder=daemon.root / ".hooks")
    git(daemon.root, "add", ".hooks")
    git(daemon.root, "commit", "-qm", "Hooks")
    git(daemon.root, "config", "core.hooksPath", ".hooks")
    await daemon.trust()
    task = await daemon.done(f"echo 'touch {tmp_path}/evil' > .hooks/pre-commit")
    await merge(task)
    assert (tmp_path / "ran").exists()
    assert not (tmp_path / "evil").exists()


async def test_hooks_of_the_users_own_config_need_no_trust(
    daemon, merge, hook, git, tmp_path
):
    hook("pre-commit", f"touch '{tmp_path}/ran'", folder=tmp_path / "own")
    git(daemon.root, "config", "--global", "core.hooksPath", str(tmp_path / "own"))
    await merge(await daemon.done("echo x > x"))
    assert (tmp_path / "ran").exists()


async def test_a_merge_can_be_cancelled_while_a_hook_runs(
    daemon, merge, hook, main, tmp_path
):
    os.mkfifo(tmp_path / "gate")
    hook("pre-commit", f"echo $$ > '{tmp_path}/gate'; exec sleep 1000")
    await daemon.trust()
    task = await daemon.done("echo x > x")
    before = main()
    async with asyncio.TaskGroup() as group:
        merging = group.create_task(merge(task))
        pid = int(await asyncio.to_thread((tmp_path / "gate").read_text))
        merging.cancel()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert main() == before
    assert daemon.core.book.get(task.id).state is State.REVIEW


async def test_one_that_never_ends_is_ended_and_nothing_is_merged(
    daemon, merge, hook, main, monkeypatch
):
    hook("pre-commit", "sleep 1000 & wait")
    await daemon.trust()
    task = await daemon.done("echo x > x")
    before = main()
    monkeypatch.setattr(hooks, "_WITHIN", 0.5)
    with pytest.raises(GitFailed, match=r"took longer than 0\.5 (.*)Nothing was merg"):
        await merge(task)
    assert main() == before
    assert daemon.core.book.get(task.id).state is State.REVIEW
    await merge(task, skip_hooks=True)


async def test_a_part_asks_them_as_a_merge_does(daemon, hook, main, tmp_path):
    hook("pre-commit", f"touch '{tmp_path}/ran'")
    task = await daemon.done("echo x > x; echo y > y")
    before = main()

    async def take(path: bytes, **wish: Any) -> Any:
        return await daemon.core.accepting.take(
            task.id,
            Part(paths=(path,)),
            **{"message": None, "stop": False, "progress": lambda _: None} | wish,
        )

    with pytest.raises(Untrusted, match="pre-commit"):
        await take(b"x")
    assert main() == before
    await take(b"x", skip_hooks=True)
    assert not (tmp_path / "ran").exists()
    await daemon.trust()
    await take(b"y")
    assert (tmp_path / "ran").exists()


async def test_a_preview_names_them_and_runs_none(daemon, hook, tmp_path):
    for name in ("pre-commit", "commit-msg", "pre-merge-commit"):
        hook(name, f"touch '{tmp_path}/ran'")
    task = await daemon.done("echo x > x; git add x; git commit -qnm X")

    async def preview(strategy: Strategy, **wish: Any) -> Any:
        _, found = await daemon.core.merging.preview(
            task.id, message=None, strategy=strategy, **wish
        )
        return found

    (tmp_path / "ran").unlink(missing_ok=True)  # the agent's own commit
    assert "haven't trusted" in (await preview(Strategy.SQUASH)).why_not
    assert (await preview(Strategy.SQUASH, skip_hooks=True)).why_not == ""
    assert (await preview(Strategy.REBASE)).why_not == ""
    await daemon.trust()
    assert (await preview(Strategy.SQUASH)).hooks == ("pre-commit", "commit-msg")
    assert (await preview(Strategy.MERGE)).hooks == ("pre-merge-commit", "commit-msg")
    assert (await preview(Strategy.REBASE)).hooks == ()
    assert not (tmp_path / "ran").exists()


@pytest.fixture
def signer(git, repository: Path, tmp_path: Path):
    """Set the user's git to sign with an ssh key, and to know that key."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("there is no ssh-keygen on this machine")
    key = tmp_path / "key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True
    )
    public = key.with_suffix(".pub").read_text()
    (tmp_path / "signers").write_text(f"person@example.invalid {public}")
    for name, value in {
        "gpg.format": "ssh",
        "user.signingKey": str(key),
        "commit.gpgSign": "true",
        "gpg.ssh.allowedSignersFile": str(tmp_path / "signers"),
    }.items():
        git(repository, "config", "--global", name, value)
    return key


@pytest.mark.full
@pytest.mark.usefixtures("signer")
@pytest.mark.parametrize("strategy", list(Strategy))
async def test_every_commit_that_a_merge_makes_is_signed_as_the_users_git_is_set(
    daemon, merge, git, strategy
):
    task = await daemon.done(
        "echo x > x; git add x; git commit -q --no-gpg-sign -m X; echo y > y"
    )
    merged = await merge(task, strategy=strategy)
    git(daemon.root, "verify-commit", merged.commit)
    if strategy is Strategy.REBASE:
        git(daemon.root, "verify-commit", f"{merged.commit}^")
    if strategy is Strategy.MERGE:
        git(daemon.root, "verify-commit", f"{merged.commit}^2")


async def test_a_commit_that_can_not_be_signed_is_not_merged_unless_asked(
    daemon, merge, signer, main, git
):
    task = await daemon.done("echo x > x")
    before = main()
    signer.unlink()
    with pytest.raises(GitFailed, match="could not be signed"):
        await merge(task)
    assert main() == before
    merged = await merge(task, sign=False)
    assert "gpgsig" not in git(daemon.root, "cat-file", "commit", merged.commit)


@pytest.mark.usefixtures("signer")
async def test_a_signing_program_of_the_repository_needs_trust(
    daemon, merge, git, main, tmp_path
):
    program = tmp_path / "signs"
    program.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\nexec ssh-keygen \"$@\"\n")
    program.chmod(0o755)
    git(daemon.root, "config", "gpg.ssh.program", str(program))
    task = await daemon.done("echo x > x")
    before = main()
    with pytest.raises(Untrusted, match=r"gpg\.ssh\.program"):
        await merge(task)
    assert main() == before
    assert not (tmp_path / "ran").exists()
    await daemon.trust()
    merged = await merge(task)
    assert (tmp_path / "ran").exists()
    git(daemon.root, "verify-commit", merged.commit)


_KEY = "person@example.invalid"


@pytest.fixture
def gpg(git, home, repository: Path):
    """Set the user's git to sign with a key of GnuPG's, which terminals know of."""
    if shutil.which("gpg") is None:
        pytest.skip("there is no gpg on this machine")
    # Its agent's sockets need a short path.
    with tempfile.TemporaryDirectory(prefix="gpg-", dir="/tmp") as folder:
        environ = {"PATH": home.environ["PATH"], "GNUPGHOME": folder}

        def run(*args: str) -> str:
            done = subprocess.run(args, env=environ, check=True, capture_output=True)
            return done.stderr.decode()

        run(
            *("gpg", "--batch", "--passphrase", "", "--quick-generate-key"),
            *(_KEY, "ed25519", "sign", "never"),
        )
        (home.path / ".profile").write_text(f"export GNUPGHOME='{folder}'\n")
        git(repository, "config", "--global", "commit.gpgSign", "true")
        git(repository, "config", "--global", "user.signingKey", _KEY)
        yield run
        run("gpgconf", "--kill", "all")


async def test_a_commit_is_signed_by_gpg_with_what_the_users_terminals_have(
    daemon, merge, gpg
):
    task = await daemon.done('echo x > x; test "$GNUPGHOME"')
    merged = await merge(task)
    said = gpg("git", "-C", str(daemon.root), "verify-commit", merged.commit)
    assert "Good signature" in said
