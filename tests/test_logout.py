"""What a logout would do: told from control groups, with stand-ins for systemd.

No machine with systemd runs these tests; the control groups below are those that
systemd 252 to 257 makes, by its documentation.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentls.logout import Host, LogoutRisk, find_logout_risk

USER_SCOPE = "/user.slice/user-1000.slice/user@1000.service/app.slice/run-r1f.scope"
LOGIN = "/user.slice/user-1000.slice/session-3.scope"


@pytest.fixture
def examine(tmp_path: Path) -> Callable[..., Any]:
    """Look on a machine whose control group and programs are the given ones."""

    async def look(
        group: str, *, programs: dict[str, str] | None = None, manager: bool = False
    ) -> LogoutRisk | None:
        (tmp_path / "bin").mkdir()
        for name, script in (programs or {}).items():
            (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / "bin" / name).chmod(0o755)
        (tmp_path / "cgroup").write_text(group)
        (tmp_path / "booted").mkdir()
        (tmp_path / "systemd").mkdir()
        if manager:
            (tmp_path / "systemd" / "private").touch()
        return await find_logout_risk(
            {"PATH": str(tmp_path / "bin"), "XDG_RUNTIME_DIR": str(tmp_path)},
            Host(booted=tmp_path / "booted", control_group=tmp_path / "cgroup"),
        )

    return look


async def test_without_systemd_there_is_nothing_to_say(tmp_path: Path):
    assert await find_logout_risk({}, Host(booted=tmp_path / "none")) is None


async def test_lingering_that_is_off_is_told_with_what_to_type(examine: Any):
    found = await examine(
        f"0::{USER_SCOPE}\n",
        programs={
            "loginctl": f'[ "$*" = "show-user {os.getuid()} --property=Linger" ]'
            " && echo Linger=no"
        },
    )
    assert found.ends_agents
    assert "lingering is off" in found.message
    assert "`loginctl enable-linger`" in found.hint


async def test_with_lingering_agents_outlive_the_logout(examine: Any):
    found = await examine(
        f"0::{USER_SCOPE}\n", programs={"loginctl": "echo Linger=yes"}
    )
    assert not found.ends_agents
    assert found.hint == ""


@pytest.mark.parametrize("script", ["exit 1", "echo nonsense", None])
async def test_a_loginctl_that_does_not_answer_is_no_alarm(examine: Any, script):
    programs = {"loginctl": script} if script else {}
    found = await examine(f"0::{USER_SCOPE}\n", programs=programs)
    assert not found.ends_agents
    assert "can't be told" in found.message


async def test_a_daemon_in_the_logins_group_is_told_to_leave_it(examine: Any):
    found = await examine(
        f"0::{LOGIN}\n", programs={"systemd-run": "exit 0"}, manager=True
    )
    assert found.ends_agents
    assert "session-3.scope" in found.message
    assert found.hint.startswith("`agentls daemon stop`.")
    assert "a scope of its own" in found.hint


async def test_where_systemd_gives_no_scope_it_says_so(examine: Any):
    found = await examine(f"0::{LOGIN}\n")
    assert found.ends_agents
    assert "no user manager" in found.hint


async def test_a_daemon_in_a_service_ends_with_that(examine: Any):
    found = await examine("0::/system.slice/cron.service\n")
    assert found.ends_agents
    assert "cron.service" in found.message


async def test_the_older_hierarchy_is_understood(examine: Any):
    found = await examine(
        f"12:pids:/user.slice\n1:name=systemd:{LOGIN}\n0::/somewhere/else\n"
    )
    assert "session-3.scope" in found.message


@pytest.mark.parametrize("text", ["0::/\n", "", "nonsense\n"])
async def test_no_group_of_a_login_is_no_alarm(examine: Any, text: str):
    assert not (await examine(text)).ends_agents
