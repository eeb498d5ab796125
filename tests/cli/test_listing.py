"""`agentls ls` and `show`: what there is, and what can be done next."""

from datetime import UTC, datetime
from typing import Any

import pytest

from agentls.cli.listing import ago

_NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-01-02T12:00:00+00:00", "now"),
        ("2026-01-02T11:59:18+00:00", "42s"),
        ("2026-01-02T11:01:00+00:00", "59m"),
        ("2026-01-02T01:00:00+00:00", "11h"),
        ("2025-12-30T11:00:00+00:00", "3d"),
        ("2026-01-02T12:00:05+00:00", "now"),
    ],
)
def test_a_moment_is_told_in_one_unit(moment: str, said: str):
    assert ago(moment, now=_NOW) == said


def test_no_task_is_said_with_what_to_do(user: Any):
    done = user.raw("ls")
    assert done.stdout == b""
    assert b"agentls run" in done.stderr


def test_each_task_has_a_line(user: Any):
    first = user.task("true", "--title", "The first")
    second = user.task("exit 1", "--title", "The second", state="failed")
    head, *lines = user.call("ls").splitlines()
    assert head.split() == ["TASK", "STATE", "SINCE", "AGENT", "CHANGE", "TITLE"]
    assert lines[0].split()[:2] == [first, "review"]
    assert "The first" in lines[0]
    assert lines[1].split()[:2] == [second, "failed"]


@pytest.mark.full
def test_merged_and_discarded_tasks_are_shown_on_request(user: Any):
    merged, discarded = user.task("echo x > x"), user.task("true")
    user.call("merge", merged)
    user.call("discard", discarded)
    assert user.json("ls")["tasks"] == []
    assert b"1 merged" in user.raw("ls").stderr
    listed = user.call("ls", "--all")
    assert merged in listed
    assert discarded in listed


@pytest.mark.full
def test_all_repositories_are_listed_and_one_on_request(user: Any):
    here = user.task("true", "--title", "Here")
    other = user.make_repository("other")
    there = user.task("true", "--repo", str(other), "--title", "There")
    listed = user.call("ls", cwd=user.folder)
    assert "REPOSITORY" in listed
    assert here in listed
    assert there in listed
    only = user.call("ls", "--repo", str(other))
    assert there in only
    assert here not in only


@pytest.mark.full
def test_a_title_cannot_drive_the_terminal(user: Any):
    user.task("true", "--title", "evil \x1b]0;title\x07")
    assert "\x1b" not in user.call("ls")
    assert "evil \\x1b]0;title\\x07" in user.call("ls")


def test_on_a_terminal_lines_fit(user: Any):
    user.task("true", "--title", "long " * 40)
    terminal = user.terminal("ls")
    found = terminal.see(r"review\S*\s+.*long[^\n]*\r\n")
    assert "…" in found[0]
    assert terminal.end() == 0


def test_show_tells_where_it_lives_and_what_comes_next(user: Any):
    task = user.task("echo x > x", "--title", "The title")
    said = user.call("show", task[:3] or task)
    assert "The title" in said
    assert str(user.worktree(task)) in said
    assert "exit status 0" in said
    assert "echo x > x" in said
    assert f"agentls merge {task}" in said


def test_an_unknown_task_has_its_exit_status(user: Any):
    assert "nope" in user.call("show", "nope", status=6)


def test_why_a_task_failed_is_seen_beside_a_long_title(user: Any):
    user.task("exit 9", "--title", "long " * 40, state="failed")
    terminal = user.terminal("ls")
    found = terminal.see(r"failed\S*\s+.*long[^\n]*\r\n")
    assert "… (Its agent" in found[0]
    assert terminal.end() == 0
    assert "long " * 39 in user.call("ls")


def test_a_moment_ago_reads_as_a_sentence(user: Any):
    task = user.task("true")
    assert "for now" not in user.call("show", task)


def test_what_to_type_to_get_an_agent_is_never_cut(user: Any):
    terminal = user.terminal("agents")
    terminal.see(r"npm install -g @anthropic-ai/claude-code`")
    assert terminal.end() == 0


def test_the_next_steps_of_a_review_can_be_typed_as_they_are(user: Any):
    task = user.task("true")
    assert f'agentls send {task} "…"' in user.call("show", task)


def test_the_size_of_a_change_and_what_it_would_conflict_with_are_told(user: Any):
    one = user.task("sed -i 's/two/TWO/' README.md; echo a > a")
    other = user.task("sed -i 's/two/ZWEI/' README.md")
    user.call("forecast")
    lines = user.call("ls").splitlines()
    assert lines[1].split()[4:6] == ["+2", "-1"]
    assert f"(conflicts with {other})" in lines[1]
    said = user.call("show", one)
    assert "Change:     +2 -1 in 2 files" in said
    assert f"Forecast:   conflicts with {other}" in said
