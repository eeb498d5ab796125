import json

import pytest

from agentls.agents.events import read_event, read_records
from agentls.agents.status import Status


def record(payload, *, event="", time=1.5):
    data = json.dumps({"time": time, "event": event, "payload": payload})
    (found,) = read_records(data.encode() + b"\n")
    return found


@pytest.mark.parametrize(
    ("payload", "status", "reason"),
    [
        ({"hook_event_name": "UserPromptSubmit"}, Status.WORKING, ""),
        (
            {
                "hook_event_name": "PermissionRequest",
                "tool_name": "Bash",
                "tool_input": {"command": "rm -rf\n  build"},
            },
            Status.WAITING,
            "It wants to run: rm -rf build",
        ),
        (
            {
                "hook_event_name": "PermissionRequest",
                "tool_name": "Edit",
                "tool_input": {"file_path": "/a"},
            },
            Status.WAITING,
            "It wants to use Edit: /a",
        ),
        (
            {"hook_event_name": "PermissionRequest", "tool_name": "WebSearch"},
            Status.WAITING,
            "It wants to use WebSearch",
        ),
        (
            {
                "hook_event_name": "PreToolUse",
                "tool_name": "AskUserQuestion",
                "tool_input": {"questions": [{"question": "Which one?"}]},
            },
            Status.WAITING,
            "It asks: Which one?",
        ),
        ({"hook_event_name": "PostToolUse"}, Status.WORKING, ""),
        ({"hook_event_name": "Stop", "background_tasks": []}, Status.DONE, ""),
        ({"hook_event_name": "Stop"}, Status.DONE, ""),
        (
            {"hook_event_name": "Stop", "background_tasks": [{"type": "subagent"}]},
            Status.WORKING,
            "Its sub-agents work.",
        ),
        (
            {"hook_event_name": "Stop", "background_tasks": [{"type": "shell"}]},
            Status.DONE,
            "",
        ),
        (
            {"hook_event_name": "StopFailure", "error": "rate_limit"},
            Status.WAITING,
            "The model's service refused: rate_limit",
        ),
    ],
)
def test_claudes_events_have_a_status_and_a_reason(agents, payload, status, reason):
    event = read_event(agents().get("claude"), record(payload))
    assert event is not None
    assert (event.status, event.reason) == (status, reason)


@pytest.mark.parametrize(
    "payload",
    [
        {"hook_event_name": "SessionStart"},
        {"hook_event_name": "Notification", "notification_type": "idle_prompt"},
        {"hook_event_name": "Notification", "notification_type": "permission_prompt"},
        {"hook_event_name": "SubagentStop"},
        {},
        {"hook_event_name": None},
        {"hook_event_name": ["Stop"]},
    ],
)
def test_other_events_mean_nothing(agents, payload):
    assert read_event(agents().get("claude"), record(payload)) is None


def test_an_event_tells_the_conversation_and_the_last_message(agents):
    event = read_event(
        agents().get("claude"),
        record(
            {
                "hook_event_name": "Stop",
                "session_id": "abc",
                "last_assistant_message": "All done.",
            }
        ),
    )
    assert event is not None
    assert event.conversation == "abc"
    assert event.last_message == "All done."
    assert event.time.timestamp() == 1.5


def codex_turn(prompt, thread):
    return record(
        {
            "type": "agent-turn-complete",
            "thread-id": thread,
            "input-messages": [prompt],
            "last-assistant-message": "ok",
        }
    )


def test_codexs_conversation_is_learned_from_its_first_turn(agents):
    event = read_event(agents().get("codex"), codex_turn("do it", "thread-1"))
    assert event is not None
    assert event.status is Status.DONE
    assert event.conversation == "thread-1"


def test_codexs_side_thread_that_makes_titles_is_passed_over(agents):
    title = "Generate a concise, single-line task title of at most 36 characters…"
    codex = agents().get("codex")
    assert read_event(codex, codex_turn(title, "thread-2")) is None
    about_it = f"Why does codex send {title!r}?"
    assert read_event(codex, codex_turn(about_it, "thread-1")) is not None


def test_an_agent_without_rules_tells_nothing(agents):
    assert read_event(agents().get("shell"), record({"type": "x"})) is None


def test_the_first_rule_that_fits_decides(agents):
    mine = agents("""
        [agents.mine]
        command = ["x"]
        payload = { session = "a.0.id" }
        [[agents.mine.events]]
        when = { "a.0.n" = "1", flag = "true" }
        status = "waiting"
        reason = "n is {a.0.n}, {a.9.n}{nowhere}"
        [[agents.mine.events]]
        status = "working"
        """).get("mine")
    first = read_event(mine, record({"a": [{"n": 1, "id": "i"}], "flag": True}))
    assert first is not None
    assert (first.status, first.reason, first.conversation) == (
        Status.WAITING,
        "n is 1,",
        "i",
    )
    second = read_event(mine, record({"a": []}))
    assert second is not None
    assert second.status is Status.WORKING


def test_a_long_reason_is_cut(agents):
    payload = {
        "hook_event_name": "PermissionRequest",
        "tool_name": "Bash",
        "tool_input": {"command": "x" * 1000},
    }
    event = read_event(agents().get("claude"), record(payload))
    assert event is not None
    assert len(event.reason) == 300
    assert event.reason.endswith("…")


def test_lines_that_are_no_records_are_passed_over():
    good = json.dumps({"time": 1, "event": "e", "payload": {}}).encode()
    bad = (
        b"",
        b"not json",
        b'{"time": 1, "event": "e", "payl',
        b"[]",
        b"3",
        b"{}",
        b'{"time": "x", "event": "e", "payload": {}}',
        b'{"time": 1e400, "event": "e", "payload": {}}',
        b'{"time": NaN, "event": "e", "payload": {}}',
        b'{"time": 1, "event": "e", "payload": 7}',
        b"[" * 100_000,
        b"\xff\xfe",
    )
    data = b"\n".join((*bad, good, *bad, good))
    assert len(read_records(data)) == 2
