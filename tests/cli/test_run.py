"""`agentls run`: tasks begin, prompts are never lost, exits tell what happened."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def kept_prompts(user: Any) -> list[str]:
    return [p.read_text() for p in (user.folder / "state" / "prompts").glob("*")]


def write_editor(user: Any, text: str, *, status: int = 0) -> str:
    script = user.folder / "editor"
    script.write_text(f"#!/bin/sh\nprintf '%s' '{text}' > \"$1\"\nexit {status}\n")
    script.chmod(0o755)
    return str(script)


def test_a_task_begins_and_its_id_and_next_steps_are_told(user: Any):
    said = user.call("run", "--agent", "shell", "echo hello > hello.txt")
    task = said.split()[0]
    assert f"agentls attach {task}" in said
    assert user.call("show", task).startswith(f"Task:       {task}")


def test_wait_ends_with_0_when_the_work_can_be_reviewed(user: Any):
    said = user.call("run", "--wait", "--agent", "shell", "echo hello > hello.txt")
    task = said.split()[0]
    assert f"{task} is ready for review." in said
    assert f"agentls merge {task}" in said


def test_wait_ends_with_8_when_the_agent_fails(user: Any):
    said = user.call("run", "--wait", "--agent", "shell", "exit 3", status=8)
    assert "failed" in said
    assert "hint: `agentls show" in said


def test_wait_goes_on_over_the_daemons_death(user: Any):
    gate = user.folder / "gate"
    waiting = user.popen(
        "run",
        "--wait",
        "--agent",
        "shell",
        f"until [ -e {gate} ]; do sleep 0.02; done; echo x > x",
    )
    assert waiting.stdout.readline()  # the task is there
    user.kill_daemon()
    gate.touch()
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, err
    assert b"is ready for review" in out


def test_the_prompt_can_come_from_standard_input(user: Any):
    user.call("run", "--agent", "shell", "--wait", "-", given="echo a\necho b\n")
    (task,) = user.json("ls")["tasks"]
    assert user.json("show", task["id"])["prompt"] == "echo a\necho b\n"
    assert kept_prompts(user) == []


def test_a_prompt_from_a_pipe_is_kept_when_the_creation_is_refused(user: Any):
    done = user.raw("run", "--agent", "nobody", "-", given="precious words")
    assert done.returncode == 5
    assert kept_prompts(user) == ["precious words"]
    (file,) = (user.folder / "state" / "prompts").iterdir()
    assert str(file) in done.stderr.decode()
    assert file.stat().st_mode & 0o077 == 0


def test_without_a_prompt_the_editor_opens(user: Any):
    editor = write_editor(user, "echo from the editor")
    terminal = user.terminal("run", "--agent", "shell", "--wait", EDITOR=editor)
    terminal.see(r"is ready for review")
    assert terminal.end() == 0
    (task,) = user.json("ls")["tasks"]
    assert task["title"] == "echo from the editor"
    assert kept_prompts(user) == []


def test_what_was_written_in_the_editor_is_kept_when_it_is_refused(user: Any):
    editor = write_editor(user, "precious words")
    terminal = user.terminal("run", "--agent", "nobody", EDITOR=editor)
    terminal.see(r"The prompt is kept: \S+/prompts/prompt-")
    assert terminal.end() == 5
    assert kept_prompts(user) == ["precious words"]


def test_an_editor_that_fails_keeps_the_text_and_creates_nothing(user: Any):
    editor = write_editor(user, "half a thought", status=1)
    terminal = user.terminal("run", EDITOR=editor)
    terminal.see(r"nothing was created\. Your text is in")
    assert terminal.end() == 1
    assert kept_prompts(user) == ["half a thought"]


def test_an_empty_text_creates_nothing_and_leaves_nothing(user: Any):
    terminal = user.terminal("run", EDITOR="true")
    terminal.see(r"The prompt is empty; nothing was created")
    assert terminal.end() == 1
    assert kept_prompts(user) == []


def test_no_prompt_and_no_terminal_is_refused(user: Any):
    assert "No prompt was given" in user.call("run", status=1)


def test_outside_a_repository_it_says_so(user: Any):
    assert "repository" in user.call("run", "x", status=1, cwd=user.folder)


def test_base_branch_target_and_title_are_passed_on(user: Any):
    user.git("branch", "release")
    task = user.task(
        "echo x > x",
        *("--base", "release", "--branch", "mine", "--target", "release"),
        *("--title", "A title"),
    )
    told = user.json("show", task)["task"]
    assert told["branch"] == "mine"
    assert told["target"] == "release"
    assert told["base"]["name"] == "release"
    assert told["title"] == "A title"


@pytest.mark.full
def test_another_repository_can_be_named(user: Any):
    other = user.make_repository("other")
    user.call("run", "--agent", "shell", "--repo", str(other), "true", cwd=user.folder)
    (task,) = user.json("ls")["tasks"]
    assert Path(task["repository"].removeprefix("file://")) == other


def test_an_error_is_json_when_json_was_asked_for(user: Any):
    done = user.raw("run", "--json", "--agent", "nobody", "x")
    assert done.stdout == b""
    error = json.loads(done.stderr)["error"]
    assert error["kind"] == "unknownAgent"
    assert error["message"]


def test_attach_and_wait_exclude_each_other(user: Any):
    assert "--attach" in user.call("run", "--attach", "--wait", "x", status=2)


def test_without_a_terminal_to_attach_nothing_is_created(user: Any):
    said = user.call("run", "--agent", "shell", "--attach", "true", status=1)
    assert "needs a terminal" in said
    assert user.json("ls")["tasks"] == []


def test_without_any_agent_it_says_how_to_try(user: Any):
    assert "run --agent shell" in user.call("run", "Do it", status=5)


@pytest.mark.full
def test_a_task_that_must_wait_for_a_place_is_told_so(
    user: Any, wait_until: Callable[[Callable[[], bool]], None]
):
    (user.folder / "config" / "config.toml").write_text("[limits]\nmax_parallel = 1\n")
    first = user.begin("while :; do sleep 0.05; done")
    said = user.call("run", "--agent", "shell", "true")
    assert "is queued" in said
    assert "Waits for a place" in said
    user.call("stop", first)
    wait_until(lambda: user.state(said.split()[0]) == "review")


@pytest.mark.full
def test_a_failed_task_is_told_in_plain_words(user: Any):
    done = user.raw("run", "--agent", "shell", "--wait", "exit 3")
    assert " failed. Its agent ended with exit status 3." in done.stderr.decode()


def test_where_no_file_can_be_made_the_prompt_is_shown(user: Any):
    state = user.folder / "state"
    state.rmdir()
    state.write_text("a file, where the folder should be")
    said = user.call("run", "-", given="precious words", status=7)
    assert "precious words" in said
    assert "Traceback" not in said
    state.unlink()


def test_where_no_file_can_be_made_the_editor_is_not_opened(user: Any):
    state = user.folder / "state"
    state.rmdir()
    state.write_text("a file, where the folder should be")
    terminal = user.terminal("run", EDITOR="false")
    terminal.see("Nothing was created")
    assert terminal.end() == 1
    state.unlink()
