"""A process is known by when it began, never by its number alone."""

import signal
import subprocess
from collections.abc import Generator

import pytest

from agentls.sessions import processes
from agentls.sessions.processes import signal_one, start_time


@pytest.fixture
def sleeper() -> Generator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


@pytest.fixture(params=["pidfd", "portable"])
def way(request, monkeypatch) -> None:
    if request.param == "portable":
        monkeypatch.delattr(processes.os, "pidfd_open")


@pytest.mark.usefixtures("way")
def test_the_process_that_is_meant_gets_the_signal(sleeper):
    start = start_time(sleeper.pid).encode()
    signal_one(sleeper.pid, start, signal.SIGTERM)
    assert sleeper.wait(10) == -signal.SIGTERM
    signal_one(sleeper.pid, start, signal.SIGTERM)  # gone: nothing happens


@pytest.mark.usefixtures("way")
def test_another_one_with_its_number_gets_none(sleeper):
    signal_one(sleeper.pid, b"1", signal.SIGKILL)
    signal_one(sleeper.pid, start_time(sleeper.pid).encode(), signal.SIGTERM)
    assert sleeper.wait(10) == -signal.SIGTERM
