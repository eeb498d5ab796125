"""A stopped daemon's limits don't run: what came meanwhile is seen first."""

import os
import select
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from agentls.client import Client
from agentls.daemon.clock import PatientLoop
from agentls.host import identity_of, wait_gone

# It waits at most 0.5 s for a line, and says so; other limits are far away or many.
WAITER = """
import asyncio, os, sys
from agentls.daemon.clock import PatientLoop

async def main():
    loop = asyncio.get_running_loop()
    came = asyncio.Event()
    loop.add_reader(0, came.set)
    try:
        async with asyncio.timeout(0.5):
            loop.call_soon(lambda: print("ready", flush=True))  # the limit runs by then
            await came.wait()
    except TimeoutError:
        print("timed out")
    else:
        print("came")

loop = PatientLoop if sys.argv[1] == "patient" else asyncio.SelectorEventLoop
with asyncio.Runner(loop_factory=loop) as runner:
    runner.run(main())
"""


def _let_pass(seconds: float) -> None:
    """Let time pass: it is what the test is about."""
    select.select([], [], [], seconds)


def _waiter(kind: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", WAITER, kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    )
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    return process


@pytest.mark.parametrize(("kind", "says"), [("patient", b"came"), ("plain", b"timed")])
def test_what_came_while_the_process_was_stopped_is_seen_first(kind: str, says: bytes):
    with _waiter(kind) as process:
        os.kill(process.pid, signal.SIGSTOP)
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"x")
        _let_pass(2.5)
        os.kill(process.pid, signal.SIGCONT)
        assert process.stdout.read().startswith(says)


def test_a_limit_ends_what_does_not_come_after_a_stop_too():
    with _waiter("patient") as process:
        os.kill(process.pid, signal.SIGSTOP)
        _let_pass(2)
        os.kill(process.pid, signal.SIGCONT)
        assert process.stdout
        assert process.stdout.read() == b"timed out\n"


def test_time_goes_on_where_every_look_is_late(monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    loop = PatientLoop(stopped=1.0)
    try:
        seen = [loop.time()]
        for _ in range(6):
            now += 5.0
            loop._selector.select(0)
            seen.append(loop.time())
        assert seen == [100.0, 100.0, 105.0, 105.0, 110.0, 110.0, 115.0]
    finally:
        monkeypatch.undo()
        loop.close()


@pytest.mark.full
def test_a_stopped_daemon_that_goes_on_does_not_end_at_once(user: Any):
    user = user.having(AGENTLS_IDLE_EXIT="3")
    client: Client = user.client()
    process = identity_of(client.execute("stub.state")["pid"])
    client.close()
    os.kill(process.pid, signal.SIGSTOP)
    _let_pass(4.5)
    began = time.monotonic()
    os.kill(process.pid, signal.SIGCONT)
    assert wait_gone(process, seconds=20)
    assert time.monotonic() - began > 1.0
    assert "nobody is connected: ending" in user.log()


def test_a_client_whose_time_is_over_reads_the_answer_that_came(
    user: Any, monkeypatch: pytest.MonkeyPatch
):
    with user.client() as client:
        send = client._send

        def send_and_be_stopped(message: Any, **_: float) -> None:
            send(message, until=time.monotonic() + 20)
            assert select.select([client], [], [], 20)[0]

        monkeypatch.setattr(client, "_send", send_and_be_stopped)
        assert client.execute("stub.echo", {"a": 1}, seconds=-1) == {"a": 1}
