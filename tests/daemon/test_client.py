import os
import signal
from typing import Any

import pytest

from agentls.client import Client, client_environment
from agentls.connect import NoDaemon
from agentls.errors import DaemonRestarted, Internal, UnknownTask


def test_a_command_gets_its_result(user: Any):
    with user.client() as client:
        assert client.execute("stub.echo", {"a": [1, "ä"]}) == {"a": [1, "ä"]}
        state = client.execute("stub.state")
    assert state["initialize"]["clientInfo"]["name"] == "agentls cli"
    assert state["initialized"]


def test_only_what_agents_need_of_the_environment_is_sent(user: Any):
    given = user.having(SSH_AUTH_SOCK="/s", SECRET="x")  # noqa: S106 - no password
    with given.client() as client:
        options = client.execute("stub.state")["initialize"]["initializationOptions"]
    assert options == {"environment": {"SSH_AUTH_SOCK": "/s"}}
    assert client_environment({"LANG": "C", "PATH": "/bin"}) == {"LANG": "C"}


def test_an_error_is_raised_as_its_class_with_its_hint(user: Any):
    with user.client() as client:
        with pytest.raises(UnknownTask, match="it failed") as caught:
            client.execute("stub.fail", {"kind": "unknownTask"})
        assert caught.value.hint == "do this"
        with pytest.raises(Internal):
            client.execute("stub.fail", {"kind": "of a later version"})
        with pytest.raises(Internal, match="no command"):
            client.execute("stub.unknown")
        assert client.execute("stub.echo", {"still": 1}) == {"still": 1}


def test_a_daemon_that_dies_is_told_as_such(user: Any):
    with user.client() as client, pytest.raises(DaemonRestarted) as caught:
        client.execute("stub.die")
    assert "agentls ls" in caught.value.hint


def test_an_answer_that_does_not_come_is_told_and_later_ones_are_not_mixed_up(
    user: Any,
):
    with user.client() as client:
        with pytest.raises(Internal, match=r"within 0\.1 seconds"):
            client.execute("stub.hang", seconds=0.1)
        assert client.execute("stub.echo", {"a": 2}) == {"a": 2}


def test_progress_is_given_to_the_command_that_asked(user: Any):
    heard = []
    with user.client() as client:
        client.execute("stub.progress", progress=heard.append)
    assert heard == ["t", "t"]


def test_what_the_server_asks_is_answered(user: Any):
    answers = {"window/showMessageRequest": lambda params: {"title": str(params)}}
    with user.client() as client:
        client.execute("stub.ask", {"id": 7})
        error = client.execute("stub.state")["answers"][0]["error"]
        assert error["code"] == -32601
    with user.client(answers=answers) as client:
        client.execute("stub.ask", {"id": 8})
        answered = client.execute("stub.state")["answers"]
    assert answered == [{"jsonrpc": "2.0", "id": 8, "result": {"title": "{}"}}]


def test_notifications_are_kept_until_they_are_wanted(user: Any):
    with user.client() as client:
        client.execute("stub.flood", {"count": 3, "text": "x"})
        found = [note.params["n"] for note in client.notifications(seconds=0)]
    assert found == [0, 1, 2]


def test_notifications_end_with_the_daemon(user: Any):
    with user.client() as client:
        os.kill(client.execute("stub.state")["pid"], signal.SIGKILL)
        with pytest.raises(DaemonRestarted):
            list(client.notifications())


def test_a_client_may_look_without_starting_a_daemon(user: Any):
    with pytest.raises(NoDaemon, match="No agentls daemon runs"):
        Client.open(user.paths, start=False)
    assert not user.pids()


def test_a_stuck_daemon_is_told_in_time(user: Any):
    with user.client() as client:
        pid = client.execute("stub.state")["pid"]
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(Internal, match="didn't answer initialize"):
            user.client(seconds=0.3)
        os.kill(pid, signal.SIGCONT)
        assert client.execute("stub.echo", {}) == {}
