"""What a logout would do to the daemon and to the agents in its control group.

systemd ends a login session's processes with the login where its KillUserProcesses
says so, and a user's own services and scopes with their last login, unless the user
lingers. A shim is in the control group of the daemon that started it.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import attrs

from agentls.spawn import scope_command
from agentls.threads import in_thread

__all__ = ["Host", "LogoutRisk", "find_logout_risk"]

_TOOL_SECONDS = 5.0


@attrs.frozen(kw_only=True)
class Host:
    """Where to look; a test has its own."""

    booted: Path = Path("/run/systemd/system")
    """It is there when systemd runs the machine."""
    control_group: Path = Path("/proc/self/cgroup")


@attrs.frozen(kw_only=True)
class LogoutRisk:
    """What a logout would do."""

    ends_agents: bool
    message: str
    hint: str = ""


async def find_logout_risk(
    environ: Mapping[str, str], host: Host | None = None
) -> LogoutRisk | None:
    """Say what a logout would do; None where systemd doesn't run the machine."""
    return await in_thread(_find, environ, host or Host())


def _find(environ: Mapping[str, str], host: Host) -> LogoutRisk | None:
    if not host.booted.is_dir():
        return None
    group = _control_group(host.control_group)
    units = group.split("/")
    if any(unit.startswith("user@") for unit in units):
        return _of_lingering(environ)
    unit = units[-1] or group or "an unknown control group"
    how = (
        "Then the next command starts the daemon in a scope of its own; agents that"
        " run now stay where they are until they end."
        if scope_command(environ)
        else "systemd can give it no scope of its own from here: there is no"
        " systemd-run, or no user manager at XDG_RUNTIME_DIR. Start it from a login"
        " that has one."
    )
    if any(one.startswith("session-") for one in units):
        return LogoutRisk(
            ends_agents=True,
            message=f"the daemon runs in the login's control group ({unit}): a logout"
            " may end it and the agents",
            hint=f"`agentls daemon stop`. {how}",
        )
    if unit.endswith((".service", ".scope")):
        return LogoutRisk(
            ends_agents=True,
            message=f"the daemon runs in {unit}, and it and the agents end with that",
            hint=f"`agentls daemon stop`. {how}",
        )
    return LogoutRisk(
        ends_agents=False,
        message=f"the daemon belongs to no login (its control group is {group})",
    )


def _of_lingering(environ: Mapping[str, str]) -> LogoutRisk:
    uid = os.getuid()
    said = _tool(
        ("loginctl", "show-user", str(uid), "--property=Linger"), environ=environ
    )
    if said == "Linger=yes":
        return LogoutRisk(ends_agents=False, message="agents outlive your logout")
    if said == "Linger=no":
        return LogoutRisk(
            ends_agents=True,
            message="lingering is off: the daemon and the agents end with your last"
            " logout",
            hint="`loginctl enable-linger` lets them live on.",
        )
    return LogoutRisk(
        ends_agents=False,
        message="whether agents outlive your logout can't be told: loginctl doesn't"
        " answer",
        hint=f"`loginctl show-user {uid} --property=Linger` should say yes;"
        " `loginctl enable-linger` makes it so.",
    )


def _control_group(file: Path) -> str:
    """Give the path of our control group in the hierarchy that systemd keeps."""
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    found = ""
    for line in lines:
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers == "name=systemd":  # version 1, or both at once
            return path
        if not controllers:
            found = path
    return found


def _tool(command: tuple[str, ...], *, environ: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            timeout=_TOOL_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
