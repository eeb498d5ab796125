"""The main job, driven by a plain LSP client on `agentls lsp`."""

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

EDIT = """\
printf 'edited\\n' > 'with space.txt'
printf 'edited\\n' > 'grün-日本.txt'
printf 'edited\\n' > "$(printf 'new\\nline.txt')"
printf 'edited\\n' > ./-leading
printf 'edited\\n' > "$(printf 'not-utf8-\\377.txt')"
printf 'trusted too\\n' > word.rot
chmod +x plain.txt
chmod -x tool.sh
printf '\\000\\001' > image.bin
ln -sfn tool.sh link
printf 'new\\n' > created.txt
echo "in $(cat module/lib.txt)"
"""


async def _done(editor, prompt: str) -> str:
    """Create a task, and wait until its agent is done."""
    created = await editor.execute("createTask", prompt=prompt, agent="shell")
    task = created.task.id
    await editor.until_state(task, "review", "failed")
    assert editor.tasks[task].state == "review", editor.tasks[task].why
    return task


async def test_a_task_goes_from_prompt_to_merged(
    open_editor, odd_repository: Path, git
):
    root = odd_repository
    editor = await open_editor(root)
    refusal = await editor.refused("createTask", prompt=EDIT, agent="shell")
    assert refusal["kind"] == "untrusted"
    assert "rot" in refusal["message"]
    shown = await editor.execute("trust")
    by_name = {item.name: item for item in shown.items}
    assert set(by_name) == {"rot", "secret"}
    await editor.execute("trust", decision="allow", digests=[by_name["rot"].digest])
    await editor.execute("trust", decision="deny", digests=[by_name["secret"].digest])

    task = await _done(editor, EDIT)
    session = editor.tasks[task].sessions[-1].id
    attached = await editor.attach(task=task)
    assert attached.session == session
    await editor.until(lambda: session in editor.ends, "the session's end")
    assert b"in library" in editor.output[session]

    changes = await editor.execute("changes", task=task)
    files = {file.path: file for file in changes.files}
    assert set(files) == {
        "with space.txt",
        "grün-日本.txt",
        "new\nline.txt",
        "-leading",
        os.fsdecode(b"not-utf8-\xff.txt"),
        "word.rot",
        "plain.txt",
        "tool.sh",
        "image.bin",
        "link",
        "created.txt",
    }
    assert files["created.txt"].status == "added"
    assert files["image.bin"].binary
    assert files["plain.txt"].new_mode == "100755"
    assert files["link"].new_mode == "120000"

    base = await editor.client.workspace_text_document_content_async(
        types.TextDocumentContentParams(uri=files["with space.txt"].old_uri)
    )
    assert base.text == "odd\n"
    briefing = await editor.client.workspace_text_document_content_async(
        types.TextDocumentContentParams(uri=f"agentls:/{task}/briefing.md")
    )
    assert "## Change: 11 files" in briefing.text

    await editor.execute("discardTask", task=task)
    await editor.execute("restoreTask", task=task)
    again = await editor.execute("changes", task=task)
    assert {file.path for file in again.files} == set(files)

    head = git(root, "rev-parse", "HEAD")
    merged = await editor.execute("mergeTask", task=task)
    assert merged.task.state == "merged"
    assert git(root, "rev-parse", "HEAD") == merged.commit
    assert git(root, "rev-parse", "HEAD^") == head
    assert git(root, "status", "--porcelain") == ""
    assert (root / "created.txt").read_text() == "new\n"
    assert (root / os.fsdecode(b"not-utf8-\xff.txt")).read_bytes() == b"edited\n"
    assert os.access(root / "plain.txt", os.X_OK)
    assert (root / "link").readlink() == Path("tool.sh")
    # The trusted filter ran: what is on the branch is the encrypted word.
    assert (root / "word.rot").read_text() == "trusted too\n"
    assert git(root, "show", "HEAD:word.rot") == "gehfgrq gbb"


async def test_plaintext_of_an_untrusted_filter_never_stands_on_a_branch(
    open_editor, odd_repository: Path, git
):
    root = odd_repository
    editor = await open_editor(root)
    shown = await editor.execute("trust")
    for item in shown.items:
        decision = "deny" if item.name == "secret" else "allow"
        await editor.execute("trust", decision=decision, digests=[item.digest])
    task = await _done(editor, "echo PLAINTEXT > word.secret")
    head = git(root, "rev-parse", "HEAD")
    refusal = await editor.refused("mergeTask", task=task)
    assert refusal["kind"] == "untrusted"
    assert "secret" in refusal["message"]
    assert git(root, "rev-parse", "HEAD") == head
    for branch in git(root, "for-each-ref", "--format=%(refname)").splitlines():
        if branch.startswith("refs/heads/"):
            assert "PLAINTEXT" not in git(root, "show", f"{branch}:word.secret")


async def test_a_conflict_and_a_dirty_checkout_are_refused_and_nothing_changes(
    open_editor, repository: Path, git
):
    root = repository
    editor = await open_editor(root)
    first = await _done(editor, "echo one > plain.txt")
    second = await _done(editor, "echo two > plain.txt")

    (root / "plain.txt").write_text("the user's own edit\n")
    refusal = await editor.refused("mergeTask", task=first)
    assert refusal["kind"] == "dirtyCheckout"
    assert "plain.txt" in refusal["message"]
    assert (root / "plain.txt").read_text() == "the user's own edit\n"
    git(root, "checkout", "-q", "plain.txt")

    await editor.execute("mergeTask", task=first)
    before = git(root, "rev-parse", "HEAD"), git(root, "status", "--porcelain")
    refusal = await editor.refused("mergeTask", task=second)
    assert refusal["kind"] == "conflict"
    assert "plain.txt" in refusal["message"]
    assert refusal["hint"]
    assert (
        git(root, "rev-parse", "HEAD"),
        git(root, "status", "--porcelain"),
    ) == before
    assert editor.tasks[second].state == "review"


async def test_a_discarded_task_comes_back_with_every_file(
    open_editor, repository: Path, git
):
    root = repository
    (root / ".gitignore").write_text("ignored\n")
    git(root, "add", ".gitignore")
    git(root, "commit", "-qm", "ignore")
    editor = await open_editor(root)
    task = await _done(
        editor,
        "echo c > committed; git add committed; git commit -qm work;"
        "echo s > staged; git add staged; echo u > untracked; echo i > ignored",
    )
    info = editor.tasks[task]
    worktree = Path(info.worktree.removeprefix("file://"))
    before = _contents(worktree), git(worktree, "status", "--porcelain")
    discarded = await editor.execute("discardTask", task=task)
    assert discarded.task.state == "discarded"
    assert not worktree.exists()
    assert info.branch not in git(root, "branch", "--list")
    assert [t.id for t in (await editor.execute("listTasks")).tasks] == []
    git(root, "gc", "-q", "--prune=now")
    restored = await editor.execute("restoreTask", task=task)
    assert restored.task.state == "review"
    assert (_contents(worktree), git(worktree, "status", "--porcelain")) == before
    git(root, "fsck", "--strict")


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".git"
    }


async def test_output_and_editor_survive_daemons_that_are_killed(
    open_editor, repository: Path, home
):
    editor = await open_editor(repository)
    script = "i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo line $i; done; cat gate"
    os.mkfifo(home.path / "gate")
    created = await editor.execute(
        "createTask",
        prompt=script.replace("cat gate", f"cat '{home.path}/gate'"),
        agent="shell",
    )
    task = created.task.id
    session = created.task.sessions[-1].id
    await editor.attach(task=task)
    for generation in range(1, 4):
        os.kill(json.loads((home.state / "daemon.json").read_text())["pid"], 9)
        await editor.until(
            lambda wanted=generation: editor.reconnected == wanted, "reconnected"
        )
        listed = await editor.execute("listTasks")
        assert [t.id for t in listed.tasks] == [task]
        have = len(editor.output.get(session, b""))
        await editor.attach(session=session, offset=have)
    (home.path / "gate").write_text("the end\n")
    await editor.until(lambda: session in editor.ends, "the session's end")
    lines = editor.output[session].decode().splitlines()
    assert lines == [f"line {n}" for n in range(1, 2001)] + ["the end"]
    await editor.until_state(task, "review")


async def test_two_editors_see_the_same_and_one_may_leave(
    open_editor, repository: Path
):
    one = await open_editor(repository)
    two = await open_editor(repository)
    task = await _done(one, "echo x > x")
    await two.until_state(task, "review")
    assert two.tasks[task].rev == one.tasks[task].rev
    await one.leave()
    assert [t.id for t in (await two.execute("listTasks")).tasks] == [task]


async def test_tasks_wait_for_a_place_and_begin_in_order(
    open_editor, repository: Path, home
):
    (home.path / "config").mkdir()
    (home.path / "config" / "config.toml").write_text("[limits]\nmax_parallel = 1\n")
    os.mkfifo(home.path / "gate")
    editor = await open_editor(repository)
    wait = f"cat '{home.path}/gate'"
    first = (await editor.execute("createTask", prompt=wait, agent="shell")).task
    second = (await editor.execute("createTask", prompt="true", agent="shell")).task
    third = (await editor.execute("createTask", prompt="true", agent="shell")).task
    assert [t.state for t in (first, second, third)] == ["working", "queued", "queued"]
    os.kill(json.loads((home.state / "daemon.json").read_text())["pid"], signal.SIGKILL)
    await editor.until(lambda: editor.reconnected == 1, "reconnected")
    states = [t.state for t in (await editor.execute("listTasks")).tasks]
    assert states == ["working", "queued", "queued"]
    (home.path / "gate").write_text("")
    await editor.until_state(third.id, "review")
    assert editor.tasks[second.id].state == "review"
    assert editor.tasks[second.id].sessions[0].started < (
        editor.tasks[third.id].sessions[0].started
    )


async def test_cancelling_a_create_undoes_it(open_editor, repository: Path, git, home):
    (repository / ".agentls.toml").write_text(f'setup = ["cat {home.path}/never"]\n')
    os.mkfifo(home.path / "never")
    editor = await open_editor(repository)
    await editor.execute("trust", decision="allow")
    request = asyncio.gather(editor.execute("createTask", prompt="true", agent="shell"))
    await editor.until(
        lambda: any(t.sessions for t in editor.tasks.values()), "the setup's session"
    )
    (task,) = editor.tasks
    request_id = next(
        key
        for key, future in editor.client.protocol._request_futures.items()
        if not future.done()
    )
    editor.client.protocol.notify(
        types.CANCEL_REQUEST, types.CancelParams(id=request_id)
    )
    await editor.until(lambda: task in editor.removed, "the task's removal")
    with pytest.raises(JsonRpcException, match="Cancelled"):
        await request
    assert git(repository, "branch", "--list", "agentls/*") == ""
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert (await editor.execute("listTasks", discarded=True)).tasks == []
