"""A command that lasts goes on with the next daemon."""

from typing import Any

import pytest

from agentls.cli.link import Link, connected
from agentls.cli.statuses import DaemonUnreachable
from agentls.client import Client


@pytest.fixture
def here(user: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the user, whose environment is this process's too."""
    for name, value in user.environment.items():
        monkeypatch.setenv(name, value)
    return user


@pytest.mark.full
def test_a_step_is_done_again_after_the_daemons_death(here: Any):
    told: list[Client] = []
    link = Link(told.append)
    try:
        for deaths in range(1, 4):
            here.kill_daemon()
            assert link.persist(lambda c: c.execute("agentls.listTasks"))["tasks"] == []
            assert len(told) == deaths
            assert told[-1] is link.client
    finally:
        link.close()


@pytest.mark.usefixtures("here")
def test_an_error_of_the_step_is_its_own():
    link = Link(lambda _: None)
    try:
        with pytest.raises(ZeroDivisionError):
            link.persist(lambda _: 1 // 0)
    finally:
        link.close()


def test_no_daemon_to_be_had_is_told_as_that(here: Any):
    state = here.folder / "state"
    state.rmdir()
    state.write_text("a file, where the folder should be")
    with pytest.raises(DaemonUnreachable):
        connected()
    state.unlink()
