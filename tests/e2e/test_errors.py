"""What is refused is refused with a kind, what was kept, and what to do next."""

from pathlib import Path

import pytest


async def _refusal(editor, **arguments):
    arguments = {"prompt": "true", "agent": "shell"} | arguments
    refusal = await editor.refused("createTask", **arguments)
    assert refusal["message"]
    assert refusal["hint"], refusal
    assert (await editor.execute("listTasks", discarded=True)).tasks == []
    return refusal


async def test_a_folder_that_is_no_repository(open_editor, tmp_path: Path):
    editor = await open_editor()
    refusal = await _refusal(editor, uri=tmp_path.as_uri())
    assert refusal["kind"] == "notARepository"


async def test_a_path_that_does_not_exist(open_editor, tmp_path: Path):
    editor = await open_editor()
    refusal = await _refusal(editor, uri=(tmp_path / "nowhere").as_uri())
    assert refusal["kind"] == "notARepository"


async def test_a_bare_repository(open_editor, tmp_path: Path, git):
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    editor = await open_editor()
    refusal = await _refusal(editor, uri=(tmp_path / "bare.git").as_uri())
    assert refusal["kind"] == "notARepository"
    assert "bare" in refusal["message"]


async def test_a_repository_without_commits(open_editor, tmp_path: Path, git):
    git(tmp_path, "init", "-q", "empty")
    editor = await open_editor()
    refusal = await _refusal(editor, uri=(tmp_path / "empty").as_uri())
    assert refusal["kind"] == "noCommits"


async def test_a_detached_head_needs_a_target(open_editor, repository: Path, git):
    git(repository, "checkout", "-q", "--detach")
    editor = await open_editor(repository)
    refusal = await _refusal(editor)
    assert refusal["kind"] == "invalidParams"
    assert "detached" in refusal["message"]
    created = await editor.execute(
        "createTask", prompt="true", agent="shell", target="main"
    )
    assert created.task.target == "main"


async def test_a_branch_that_is_there_already(open_editor, repository: Path, git):
    git(repository, "branch", "taken")
    editor = await open_editor(repository)
    refusal = await _refusal(editor, branch="taken")
    assert refusal["kind"] == "branchExists"


async def test_a_branch_that_is_checked_out(open_editor, repository: Path):
    editor = await open_editor(repository)
    refusal = await _refusal(editor, base="branch:main")
    assert refusal["kind"] == "branchExists"
    assert str(repository) in refusal["message"]


async def test_a_branch_name_that_git_refuses(open_editor, repository: Path):
    editor = await open_editor(repository)
    for name in ("-x", "a..b", "a b", "", "a~1", "x.lock", "@{-1}"):
        refusal = await _refusal(editor, branch=name)
        assert refusal["kind"] == "invalidParams", name


async def test_an_agent_that_nobody_knows(open_editor, repository: Path):
    editor = await open_editor(repository)
    refusal = await _refusal(editor, agent="nobody")
    assert refusal["kind"] == "unknownAgent"


async def test_an_agent_that_is_not_installed(open_editor, repository: Path, home):
    (home.path / "config").mkdir()
    (home.path / "config" / "config.toml").write_text(
        '[agents.mine]\ncommand = ["no-such-program", "{prompt}"]\n'
    )
    editor = await open_editor(repository)
    refusal = await _refusal(editor, agent="mine")
    assert refusal["kind"] == "agentMissing"
    assert "no-such-program" in refusal["message"]


async def test_wrong_parameters_are_named(open_editor, repository: Path):
    editor = await open_editor(repository)
    for arguments, said in (
        ({"prompt": 5}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"branches": "x"}, "branches"),
        ({"base": 1}, "base"),
        ({"base": "no-such-ref"}, "no-such-ref"),
        ({"base": "--output=/tmp/x"}, "--output"),
        ({"base": "pr:x"}, "pr:x"),
        ({"base": "pr:7"}, "no remote"),
        ({"target": "no-such-branch"}, "no-such-branch"),
        ({"uri": "https://example.invalid/x"}, "example.invalid"),
        ({"uri": "relative/path"}, "relative/path"),
        ({"uri": "file:///tmp/a%00b"}, "NUL"),
    ):
        refusal = await _refusal(editor, **arguments)
        assert refusal["kind"] == "invalidParams", arguments
        assert said in refusal["message"]


@pytest.mark.parametrize(
    ("prompt", "said"), [("a\0b", "NUL"), ("x" * (1 << 20), "bytes"), ("  ", "empty")]
)
async def test_a_prompt_that_no_agent_could_take(
    open_editor, repository: Path, prompt, said
):
    editor = await open_editor(repository)
    refusal = await _refusal(editor, prompt=prompt)
    assert refusal["kind"] == "invalidParams"
    assert said in refusal["message"]


async def test_no_root_and_no_uri(open_editor):
    editor = await open_editor()
    refusal = await _refusal(editor)
    assert refusal["kind"] == "invalidParams"
    assert "uri" in refusal["hint"]


async def test_a_task_that_is_not_there(open_editor):
    editor = await open_editor()
    for name in ("getTask", "stopTask", "mergeTask", "discardTask"):
        refusal = await editor.refused(name, task="zzzz")
        assert refusal["kind"] == "unknownTask", name
        assert refusal["hint"]


async def test_an_operation_that_the_state_does_not_allow(
    open_editor, repository: Path
):
    editor = await open_editor(repository)
    created = await editor.execute("createTask", prompt="true", agent="shell")
    await editor.until_state(created.task.id, "review")
    for name in ("restoreTask", "stopTask", "retryTask"):
        refusal = await editor.refused(name, task=created.task.id)
        assert refusal["kind"] == "invalidState", name
        assert refusal["hint"], name
    refusal = await editor.refused("mergeTask", task=created.task.id)
    assert "nothing to merge" in refusal["message"]


async def test_a_config_that_is_wrong_names_file_line_and_key(
    open_editor, repository: Path
):
    (repository / ".agentls.toml").write_text("# comment\n\ntargte = 'main'\n")
    editor = await open_editor(repository)
    refusal = await _refusal(editor)
    assert refusal["kind"] == "invalidParams"
    assert ".agentls.toml:3" in refusal["message"]
    assert "targte" in refusal["message"]


async def test_a_command_that_is_not_there(open_editor):
    editor = await open_editor()
    refusal = await editor.refused("noSuchCommand")
    assert refusal["kind"] == "invalidParams"


async def test_a_failing_agent_a_failing_setup_and_a_retry(
    open_editor, repository: Path, home
):
    (repository / ".agentls.toml").write_text(
        f'setup = ["echo preparing", "test -e \'{home.path}/ready\'"]\n'
    )
    editor = await open_editor(repository)
    await editor.execute("trust", decision="allow")
    created = await editor.execute("createTask", prompt="exit 3", agent="shell")
    task = created.task
    assert task.state == "failed"
    assert "exit status 1" in task.why
    (setup,) = task.sessions
    assert setup.kind == "setup"
    await editor.attach(session=setup.id)
    await editor.until(lambda: setup.id in editor.ends, "the setup's end")
    assert b"preparing" in editor.output[setup.id]

    (home.path / "ready").touch()
    await editor.execute("retryTask", task=task.id)
    failed = await editor.until_state(task.id, "failed")
    assert failed.why == "Its agent ended with exit status 3."
    again = await editor.execute("sendPrompt", task=task.id, text="echo more > more")
    assert again.task.state in {"working", "review"}
    await editor.until_state(task.id, "review")
