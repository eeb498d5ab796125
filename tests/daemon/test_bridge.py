import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from agentls.bridge import _PASSED, Bridge
from agentls.connect import NoDaemon
from agentls.frames import FrameSplitter, encode
from agentls.host import identity_of, wait_gone
from agentls.record import read_record

URI = "file:///a.md"


def kill(pid: int):
    process = identity_of(pid)
    os.kill(pid, signal.SIGKILL)
    assert wait_gone(process, seconds=20)


def test_an_editor_is_greeted_and_ends_with_status_zero(start_editor: Any):
    editor = start_editor(LANG="C.UTF-8", DISPLAY=":9")
    editor.greet()
    state = editor.state()
    options = state["initialize"]["initializationOptions"]
    assert options["environment"] == {"LANG": "C.UTF-8", "DISPLAY": ":9"}
    assert editor.result(editor.ask("shutdown")) is None
    editor.say(method="exit")
    assert editor.process.wait(20) == 0


def test_in_an_agents_session_an_editor_asks_in_that_agents_name(start_editor: Any):
    for given in ({}, {"delegate": {"folder": "/"}, "environment": {}}):
        editor = start_editor(AGENTLS_SESSION="b2c3-1")
        editor.greet(initializationOptions=given)
        options = editor.state()["initialize"]["initializationOptions"]
        assert options["delegate"] == {"session": "b2c3-1"}
        editor.end()


def test_exit_without_shutdown_is_status_one(start_editor: Any):
    editor = start_editor()
    editor.greet()
    editor.say(method="exit")
    assert editor.process.wait(20) == 1


def test_a_closed_stdin_ends_the_bridge_and_leaves_the_daemon(
    start_editor: Any, user: Any
):
    editor = start_editor()
    pid = editor.greet()
    editor.end()
    assert user.pids() == [pid]


def test_a_closed_stdout_ends_the_bridge(start_editor: Any):
    editor = start_editor()
    editor.greet()
    editor.process.stdout.close()
    editor.command("stub.echo")
    assert editor.process.wait(20) == 1


def test_what_is_no_lsp_ends_the_bridge(start_editor: Any):
    editor = start_editor()
    editor.process.stdin.write(b"hello\r\n\r\n")
    editor.process.stdin.flush()
    assert editor.process.wait(20) == 1


@pytest.mark.full
def test_one_editor_survives_twenty_killed_daemons(start_editor: Any):
    editor = start_editor()
    pid = editor.greet()
    editor.open(URI, "text 0")
    editor.open("file:///other.md", "never changed")
    for turn in range(1, 21):
        editor.change(URI, f"text {turn}", version=turn + 1)
        assert editor.state()["documents"][URI]["text"] == f"text {turn}"
        hanging = editor.command("stub.hang", token=f"work {turn}")
        began = editor.notification("$/progress")
        assert began
        editor.wait(
            lambda m, turn=turn: (
                m.get("method") == "$/progress"
                and m["params"]["token"] == f"work {turn}"
            )
        )
        before = len(editor.heard)
        kill(pid)
        error = editor.answer(hanging)["error"]
        assert error["code"] == -32803
        assert error["data"]["kind"] == "daemonRestarted"
        assert error["data"]["hint"]
        ended = editor.notification("$/progress", after=before)
        assert ended["token"] == f"work {turn}"
        assert ended["value"]["kind"] == "end"
        found = editor.notification("agentls/reconnected", after=before)
        assert found == {"generation": turn + 1}
        state = editor.state()
        assert state["pid"] != pid
        assert state["initialized"]
        assert state["documents"][URI]["text"] == f"text {turn}"
        assert state["documents"][URI]["version"] == turn + 1
        assert state["documents"]["file:///other.md"]["text"] == "never changed"
        pid = state["pid"]
    greetings = [m for m in editor.heard if "serverInfo" in str(m.get("result"))]
    assert len(greetings) == 1
    ids = [m["id"] for m in editor.heard if "id" in m]
    assert len(ids) == len(set(ids)), "a request was answered twice"


def test_what_is_said_while_there_is_no_daemon_arrives_in_order(start_editor: Any):
    editor = start_editor()
    pid = editor.greet()
    editor.open(URI, "0")
    editor.state()
    kill(pid)
    asked = []
    for turn in range(1, 30):
        editor.change(URI, str(turn), version=turn)
        asked.append(editor.command("stub.echo", {"turn": turn}))
    answers = [editor.answer(request) for request in asked]
    for turn, answer in enumerate(answers, 1):
        if "error" in answer:  # it went into the socket of the dead one
            assert answer["error"]["data"]["kind"] == "daemonRestarted"
        else:
            assert answer["result"] == {"turn": turn}
    assert "result" in answers[-1]
    state = editor.state()
    assert state["documents"][URI]["text"] == "29"
    changes = [m for m in state["history"] if m == "textDocument/didChange"]
    assert len(changes) <= 29


def test_a_closed_document_and_a_left_folder_stay_so(start_editor: Any):
    editor = start_editor()
    folders = [{"uri": "file:///one", "name": "one"}]
    params = {"capabilities": {}, "workspaceFolders": folders}
    pid = editor.result(editor.ask("initialize", params))["serverInfo"]["pid"]
    editor.say(method="initialized", params={})
    editor.open(URI, "x")
    gone = {"textDocument": {"uri": URI}}
    editor.say(method="textDocument/didClose", params=gone)
    event = {"added": [{"uri": "file:///two", "name": "two"}], "removed": folders}
    editor.say(method="workspace/didChangeWorkspaceFolders", params={"event": event})
    editor.state()
    kill(pid)
    editor.notification("agentls/reconnected")
    state = editor.state()
    assert state["documents"] == {}
    assert state["initialize"]["workspaceFolders"] == event["added"]


def test_a_late_answer_to_a_dead_daemon_is_dropped(start_editor: Any):
    editor = start_editor()
    pid = editor.greet()
    editor.result(editor.command("stub.ask", {"id": 1}))
    asked = editor.wait(lambda m: m.get("method") == "window/showMessageRequest")
    kill(pid)
    cancelled = editor.notification("$/cancelRequest")
    assert cancelled["id"] == asked["id"]
    editor.notification("agentls/reconnected")
    editor.say(id=asked["id"], result={"title": "late"})
    before = len(editor.heard)
    editor.result(editor.command("stub.ask", {"id": 1}))
    again = editor.wait(
        lambda m: m.get("method") == "window/showMessageRequest", after=before
    )
    assert again["id"] != asked["id"]
    editor.say(id=again["id"], result={"title": "in time"})
    answers = editor.state()["answers"]
    assert answers == [{"jsonrpc": "2.0", "id": 1, "result": {"title": "in time"}}]


def test_a_daemon_killed_before_it_answers_the_greeting_is_replaced(
    start_editor: Any, user: Any
):
    editor = start_editor()
    pid = identity_of(int(user_pid(user)))
    os.kill(pid.pid, signal.SIGKILL)
    assert editor.greet() != pid.pid
    assert editor.state()["initialized"]


def user_pid(user: Any):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        record = read_record(user.paths)
        if record and record.address:
            return record.process.pid
    raise AssertionError("no daemon came")


def test_without_a_daemon_every_request_is_answered_with_the_reason(
    start_editor: Any, user: Any
):
    editor = start_editor(AGENTLS_STUB_FAILS="1")
    for _ in range(3):
        error = editor.answer(editor.ask("initialize", {"capabilities": {}}))["error"]
        assert error["message"] == "The disk is full."
        assert error["data"] == {"kind": "internal", "hint": "Make room."}
    # The daemon that another client could start is found by the next try.
    user.connect().close()
    params = {"capabilities": {}}
    tries = (editor.answer(editor.ask("initialize", params)) for _ in itertools.count())
    end = time.monotonic() + 20
    assert any("result" in answer for answer in tries if time.monotonic() < end)
    assert editor.result(editor.ask("shutdown")) is None


def test_shutdown_succeeds_without_a_daemon(start_editor: Any):
    editor = start_editor(AGENTLS_STUB_FAILS="1")
    assert editor.result(editor.ask("shutdown")) is None
    editor.say(method="exit")
    assert editor.process.wait(20) == 0


def test_the_end_of_one_connection_leaves_the_others(start_editor: Any):
    one, two = start_editor(), start_editor()
    assert one.greet() == two.greet()
    one.say(method="exit")
    one.process.wait(20)
    assert two.state()["initialized"]
    two.ask("workspace/executeCommand", {"command": "stub.bug"})
    three = start_editor()
    three.greet()
    assert three.state()["initialized"]


def test_a_flood_of_output_comes_through_whole_and_in_order(start_editor: Any):
    editor = start_editor()
    editor.greet()
    count, text = 5000, "ä\u2028" * 1000
    request = editor.command("stub.flood", {"count": count, "text": text})
    assert editor.result(request) == count
    output = [m["params"] for m in editor.heard if m.get("method") == "agentls/output"]
    assert [params["n"] for params in output] == list(range(count))
    assert all(params["text"] == text for params in output)


@pytest.mark.parametrize(
    "body",
    [
        {"id": 1, "method": "x", "params": {"a": _PASSED[0].decode()}},
        {"params": {"method": "agentls/output", "jsonrpc": "2.0"}, "id": 2},
        {"id": 3, "result": {"method": "agentls/output", "jsonrpc": "2.0"}},
    ],
)
def test_only_an_outer_method_is_taken_for_output(body: Any):
    assert not json.dumps(body).encode().endswith(_PASSED)


def test_a_bug_in_the_daemons_thread_ends_the_bridge_rather_than_deafen_it():
    code = (
        "import sys; from agentls.bridge import Bridge\n"
        "sys.exit(Bridge(lambda: 1 / 0, environ={}).run())"
    )
    reading, writing = os.pipe()  # open on: an ended editor isn't the reason
    ended = subprocess.run(
        [sys.executable, "-I", "-c", code],
        stdin=reading,
        capture_output=True,
        timeout=20,
        check=False,
    )
    os.close(reading)
    os.close(writing)
    assert ended.returncode == 1
    assert b"ZeroDivisionError" in ended.stderr


def test_a_daemon_that_takes_nothing_more_stops_no_output():
    """The daemon writes while the editor's big message waits to be taken."""
    ours, daemon = socket.socketpair()
    (in_read, in_write), (out_read, out_write) = os.pipe(), os.pipe()
    bridge = Bridge(lambda: ours, environ={}, editor_in=in_read, editor_out=out_write)
    runner = threading.Thread(target=bridge.run, daemon=True)
    runner.start()
    big = encode(json.dumps({"method": "x", "params": "y" * (4 << 20)}).encode())
    feeder = threading.Thread(target=os.write, args=(in_write, big))
    feeder.start()
    daemon.recv(1)  # the main thread writes now, and stays at it
    output = encode(b'{"params": {}, "method": "agentls/output", "jsonrpc": "2.0"}')
    other = encode(b'{"jsonrpc": "2.0", "method": "x/y"}')
    daemon.sendall(output + other)
    heard = b""
    while len(heard) < len(output + other):
        heard += os.read(out_read, 65536)
    assert heard == output + other
    taken = 1
    while taken < len(big):
        taken += len(daemon.recv(1 << 20))
    feeder.join(20)
    os.close(in_write)
    runner.join(20)
    os.close(out_read)
    daemon.close()
    assert not runner.is_alive()
    for descriptor in (in_read, out_write):
        os.close(descriptor)
    assert FrameSplitter().between_frames


def test_a_greeting_that_dies_with_its_daemon_is_asked_of_the_next_one():
    pairs = [socket.socketpair() for _ in range(2)]
    ours = iter(pair[0] for pair in pairs)
    daemons = [pair[1] for pair in pairs]
    (in_read, in_write), (out_read, out_write) = os.pipe(), os.pipe()

    def connect_next():
        if (found := next(ours, None)) is None:
            raise NoDaemon("The test has no more.")
        return found

    bridge = Bridge(connect_next, environ={}, editor_in=in_read, editor_out=out_write)
    runner = threading.Thread(target=bridge.run, daemon=True)
    runner.start()
    greeting = {"jsonrpc": "2.0", "id": 5, "method": "initialize", "params": {}}
    os.write(in_write, encode(json.dumps(greeting).encode()))
    for daemon in daemons:
        daemon.settimeout(20)
    assert b"initialize" in daemons[0].recv(65536)  # it has it, and goes
    daemons[0].close()
    assert b'"id":5' in daemons[1].recv(65536)
    answer = encode(b'{"jsonrpc":"2.0","id":5,"result":{}}')
    daemons[1].sendall(answer)
    assert os.read(out_read, 65536) == answer  # no error before it, no reconnected
    os.close(in_write)
    runner.join(20)
    assert not runner.is_alive()
    daemons[1].close()
    for descriptor in (out_read, in_read):
        os.close(descriptor)
