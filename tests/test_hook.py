import json
import os
import pty
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

import agentls
from agentls.agents.events import read_records
from agentls.hook import PAYLOAD_MAX


@attrs.frozen(kw_only=True)
class Hook:
    events: Path
    state: Path

    def command(self) -> list[str]:
        return [sys.executable, "-m", "agentls.hook"]

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "AGENTLS_SESSION": "t1-1",
            "AGENTLS_EVENTS": str(self.events),
            "AGENTLS_STATE_DIR": str(self.state),
        }

    def __call__(self, *args: str, stdin: bytes = b"", **environ: str) -> None:
        """Run it as an agent would; it must be silent and end well."""
        done = subprocess.run(
            [*self.command(), *args],
            input=stdin,
            env=self.environ | environ,
            capture_output=True,
            check=False,
            timeout=30,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")

    def records(self) -> list[dict[str, Any]]:
        """Give what was recorded, as the daemon reads it."""
        found = read_records(self.events.read_bytes())
        return [attrs.asdict(record) for record in found]


@pytest.fixture
def hook(tmp_path: Path) -> Hook:
    state = tmp_path / "state"
    state.mkdir()
    return Hook(events=tmp_path / "events.jsonl", state=state)


def test_an_event_from_standard_input_is_recorded(hook):
    hook("Stop", stdin=b'{"hook_event_name": "Stop", "n": [1, "\xc3\xbc"]}')
    (record,) = hook.records()
    assert record["event"] == "Stop"
    assert record["payload"] == {"hook_event_name": "Stop", "n": [1, "ü"]}
    assert datetime.now(UTC) - record["time"] < timedelta(minutes=5)
    assert hook.events.stat().st_mode & 0o777 == 0o600


def test_an_event_from_the_last_argument_is_recorded(hook):
    hook('{"type": "agent-turn-complete"}', stdin=b"not this")
    hook("notify", '{"type": "x"}')
    assert [one["payload"] for one in hook.records()] == [
        {"type": "agent-turn-complete"},
        {"type": "x"},
    ]


def test_events_are_appended_in_their_order(hook):
    for number in range(5):
        hook("e", stdin=b'{"n": %d}' % number)
    assert [one["payload"]["n"] for one in hook.records()] == [0, 1, 2, 3, 4]


def test_events_at_the_same_time_do_not_mix(hook):
    running = [
        subprocess.Popen(
            [*hook.command(), "e", json.dumps({"n": number, "x": "y" * 20_000})],
            env=hook.environ,
        )
        for number in range(12)
    ]
    assert [one.wait(timeout=60) for one in running] == [0] * 12
    assert sorted(one["payload"]["n"] for one in hook.records()) == list(range(12))


@pytest.mark.parametrize("stdin", [b"not json", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_payload_is_an_event_all_the_same(hook, stdin):
    hook("Stop", stdin=stdin)
    (record,) = hook.records()
    assert record["event"] == "Stop"
    assert record["payload"]["hook_event_name"] == "Stop"


def test_no_payload_is_an_event_too(hook):
    hook("Stop")
    assert hook.records()[0]["payload"] == {}


@pytest.mark.parametrize(
    "payload",
    [
        {"tool_response": {"stdout": "x" * 500_000}},
        {"tool_response": ["x" * 100] * 10_000},
        {"tool_response": {f"key{n}": "x" * 50 for n in range(10_000)}},
        {"a": {"b": [{"c": "🦀" * 100_000}]}},
    ],
)
def test_a_large_payload_is_shortened_and_stays_json(hook, payload):
    hook("PostToolUse", stdin=json.dumps({"session_id": "abc", **payload}).encode())
    assert hook.events.stat().st_size <= PAYLOAD_MAX + 1000
    (record,) = hook.records()
    assert record["payload"]["session_id"] == "abc"


def test_a_line_that_a_full_disk_cut_harms_only_itself(hook):
    hook.events.write_bytes(b'{"time": 1, "eve')
    hook("Stop", stdin=b'{"n": 1}')
    cut, whole = hook.events.read_bytes().splitlines()
    assert cut == b'{"time": 1, "eve'
    (record,) = read_records(whole)
    assert record.payload == {"n": 1}


def test_it_never_waits_for_a_person(hook):
    leader, follower = pty.openpty()
    try:
        done = subprocess.run(
            [*hook.command(), "Stop"],
            stdin=follower,
            env=hook.environ,
            check=False,
            timeout=30,
        )
    finally:
        os.close(leader)
        os.close(follower)
    assert done.returncode == 0
    assert hook.records()[0]["event"] == "Stop"


@pytest.mark.full
def test_an_input_that_is_never_closed_is_not_waited_for_for_ever(hook):
    reader, writer = os.pipe()
    try:
        os.write(writer, b'{"n": 1}')
        done = subprocess.run(
            [*hook.command(), "Stop"],
            stdin=reader,
            env=hook.environ,
            check=False,
            timeout=30,
        )
    finally:
        os.close(reader)
        os.close(writer)
    assert done.returncode == 0
    assert hook.records()[0]["payload"] == {"n": 1}


def test_outside_of_a_session_it_does_nothing(hook):
    hook("Stop", stdin=b"{}", AGENTLS_EVENTS="")
    assert not hook.events.exists()


def test_a_folder_that_is_gone_fails_nobody(hook):
    hook("Stop", stdin=b"{}", AGENTLS_EVENTS="/nowhere/at/all")


def test_a_link_in_place_of_the_file_is_not_followed(hook, tmp_path):
    hook.events.symlink_to(tmp_path / "elsewhere")
    hook("Stop", stdin=b"{}")
    assert not (tmp_path / "elsewhere").exists()


def test_the_daemon_is_poked_when_the_event_is_on_disk(hook, tmp_path):
    address = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(address))
        daemon.listen()
        daemon.settimeout(20)
        (hook.state / "daemon.json").write_text(json.dumps({"address": str(address)}))
        running = subprocess.Popen(
            [*hook.command(), "Stop", '{"n": 1}'], env=hook.environ
        )
        connection, _ = daemon.accept()
        with connection:
            connection.settimeout(20)
            data = b""
            while piece := connection.recv(4096):
                data += piece
            assert hook.records()[0]["payload"] == {"n": 1}
        assert running.wait(timeout=20) == 0
    head, _, body = data.partition(b"\r\n\r\n")
    assert head == b"Content-Length: %d" % len(body)
    assert json.loads(body) == {
        "jsonrpc": "2.0",
        "method": "agentls/hookEvent",
        "params": {"session": "t1-1"},
    }


@pytest.mark.parametrize(
    "record",
    [
        "",
        "not json",
        "[]",
        "3",
        '{"address": 3}',
        '{"address": ""}',
        '{"address": "/nowhere/s"}',
        '{"address": "/tmp"}',
    ],
)
def test_a_daemon_that_is_gone_fails_nobody_and_none_is_started(hook, record):
    (hook.state / "daemon.json").write_text(record)
    hook("Stop", stdin=b"{}")
    assert len(hook.records()) == 1
    assert [one.name for one in hook.state.iterdir()] == ["daemon.json"]


def test_it_imports_little():
    """It runs after every tool of every agent."""
    server = str(Path(agentls.__file__).parent.parent)
    loaded = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            (
                f"import os, sys, time; sys.path.append({server!r});"
                "before = set(sys.modules); import agentls.hook;"
                "print(*sorted(set(sys.modules) - before))"
            ),
        ],
        capture_output=True,
        check=True,
        text=True,
        timeout=30,
    ).stdout.split()
    few = {"agentls", "agentls.hook", "_json", "select"}
    assert set(loaded) <= few
