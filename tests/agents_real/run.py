"""Runs the real agents through agentls, offline, and says what was seen of each.

    run.py [--write] [--screens] [--keep] [--course COURSE] [AGENT…]

It starts itself again with no environment, in a network namespace of its own, where
nothing but loopback is. What was seen is compared with the table in docs/agents.md:
what is lost makes it fail; `--write` writes the table. `--screens` prints the dialogs,
`--keep` leaves the homes there, `--course` goes through that one alone and compares
nothing.
"""

import argparse
import fcntl
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "fake_model")]

import day  # noqa: E402 - found by the line above, as what it needs
import delegating  # noqa: E402
import matrix  # noqa: E402
import newcomer  # noqa: E402
import trial  # noqa: E402
from course import Course, Found  # noqa: E402
from person import Person  # noqa: E402

from fakemodel.script import read_script  # noqa: E402
from fakemodel.server import Model  # noqa: E402
from stage import ROOT, merged, set_up  # noqa: E402

ABILITIES = {**day.ABILITIES, **newcomer.ABILITIES, **trial.ABILITIES}
DOCUMENT = ROOT / "docs/agents.md"
_ALONE = "AGENTLS_AGENTS_ALONE"
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
_FAR = ("192.0.2.1", 9)
"""An address that is nobody's (RFC 5737)."""


def main(argv: Sequence[str]) -> int:
    """Run the agents that are named, or all."""
    settings = tomllib.loads((HERE / "agents.toml").read_text("utf-8"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("agents", nargs="*", metavar="AGENT")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--course", choices=("day", "newcomer", "trial", "delegating"))
    parser.add_argument("--screens", action="store_true")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args(argv)
    if _ALONE not in os.environ:
        return _run_alone(argv)
    _bring_loopback_up()
    agents = given.agents or [*settings]
    if given.course:
        for agent in agents:
            _run(agent, settings[agent], screens=given.screens, only=given.course)
        return 0
    begun = time.monotonic()
    document = DOCUMENT.read_text("utf-8")
    known = matrix.read(document)
    found = {
        agent: _run(agent, settings[agent], screens=given.screens) for agent in agents
    }
    # Programs of others', with time limits of their own: what one lost is looked for
    # once more, and both runs are printed.
    for agent in agents:
        if _missed(agent, found, known=known, settings=settings):
            found[agent] = _run(agent, settings[agent], screens=given.screens)
    missed = [
        one
        for agent in agents
        for one in _missed(agent, found, known=known, settings=settings)
    ]
    print(f"\nAll in {time.monotonic() - begun:.0f} s.")
    if given.write:
        versions = _versions(settings)
        whole = {
            title: {
                agent: seen.get(agent, known.get(title, {}).get(agent, False))
                for agent in versions
            }
            for title, seen in _table(found, agents).items()
        }
        DOCUMENT.write_text(matrix.write(document, whole, versions=versions), "utf-8")
        return 0
    if missed:
        print("\nNo longer seen:", *missed, sep="\n  ")
        return 1
    return 0


def _missed(
    agent: str,
    found: Mapping[str, Mapping[str, Found]],
    *,
    known: matrix.Table,
    settings: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    """Name what docs/agents.md says of an agent, or must be, and wasn't seen."""
    needed = _needed(settings[agent]).items()
    return [
        *matrix.lost(known, _table(found, [agent])),
        *(f"{agent}: {title}" for one, title in needed if not found[agent][one].seen),
    ]


def _table(
    found: Mapping[str, Mapping[str, Found]], agents: Sequence[str]
) -> dict[str, dict[str, bool]]:
    """Give what was seen, by ability and agent."""
    return {
        title: {agent: found[agent][ability].seen for agent in agents}
        for ability, title in ABILITIES.items()
    }


def _run(
    agent: str, setting: Mapping[str, Any], *, screens: bool, only: str | None = None
) -> Mapping[str, Found]:
    """Run one agent, and print what was seen."""
    print(f"\n== {agent}", flush=True)
    begun = time.monotonic()
    used = merged(setting, setting.get("trusted", {}))
    hands_out = merged(used, setting.get("delegating", {}))
    seen: dict[str, Found] = {}
    for name, course, home in (
        ("day", day.Day, used),
        ("newcomer", newcomer.Newcomer, setting),
        ("trial", partial(trial.Trial, day=seen), used),
        ("delegating", delegating.Delegating, hands_out),
    ):
        if only in {None, name} and (name != "delegating" or name in setting):
            seen |= _go(course, agent, home, screens=screens)
    missing = Found(seen=False, why="not reached")
    abilities = ABILITIES | _needed(setting)
    found = {ability: seen.get(ability, missing) for ability in abilities}
    for ability, one in found.items():
        print(f"  {'yes' if one.seen else 'NO ':3} {abilities[ability]}", one.why)
    print(f"  {time.monotonic() - begun:.1f} s", flush=True)
    return found


def _needed(setting: Mapping[str, Any]) -> Mapping[str, str]:
    """Give what an agent must be able to that the table doesn't ask of all."""
    return delegating.ABILITIES if "delegating" in setting else {}


def _go(
    course: Callable[..., Course],
    agent: str,
    setting: Mapping[str, Any],
    *,
    screens: bool,
) -> Mapping[str, Found]:
    """Go through a course, in a home and with a model of its own."""
    script = read_script(HERE / "answers.toml")
    within = Path(os.environ[_ALONE])
    with Model(script).serving() as model:
        stage = set_up(setting, model=model, within=within)
        person = Person(stage)
        try:
            found = course(
                agent,
                stage=stage,
                person=person,
                setting=setting,
                say=lambda text: print(text, flush=True),
                show=print if screens else lambda _: None,
            ).run()
        finally:
            person.leave()
        for stray in sorted(set(model.strays)):
            print(f"  asked for what isn't there: {stray}")
    return found


def _run_alone(argv: Sequence[str]) -> int:
    """Run this again in namespaces of its own, with a clean environment.

    Where there can be one of processes too, nothing that an agent leaves outlives it.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home.mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="agentls-agents-", dir=home)
    clean = [f"PATH={os.environ['PATH']}", f"{_ALONE}={folder}", "LANG=C.UTF-8"]
    program = ["env", "-i", *clean, sys.executable, str(HERE / "run.py"), *argv]
    # The shell is the first process there, and takes leave of those without a parent.
    shell = ["sh", "-c", '"$@"; exit $?', "sh", *program]
    processes = ["--pid", "--fork", "--kill-child", "--mount-proc"]
    try:
        for options in (["-n", *processes], ["-rn", *processes], ["-n"], ["-rn"]):
            tried = subprocess.run(
                ["unshare", *options, "true"], check=False, capture_output=True
            )
            if tried.returncode == 0:
                return subprocess.run(
                    ["unshare", *options, "--", *shell], check=False
                ).returncode
    finally:
        if "--keep" in argv:
            print(f"Kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(
        "There are no network namespaces here (`unshare -n` and `unshare -rn` fail:"
        f" {tried.stderr.decode().strip()}); real agents aren't run with a network.",
        file=sys.stderr,
    )
    return 1


def _bring_loopback_up() -> None:
    """Bring it up; nothing else may be there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14s", b"lo", 0, b"")
        answer = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request)
        flags = struct.unpack("16sH14s", answer)[1] | _IFF_UP
        request = struct.pack("16sH14s", b"lo", flags, b"")
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, request)
        try:
            any_socket.connect(_FAR)
        except OSError:
            return
    sys.exit("This namespace reaches other machines; no agent was run.")


def _versions(settings: Mapping[str, Any]) -> dict[str, str]:
    """Give the version of each agent by the locks."""
    packages = json.loads((HERE / "package.json").read_text("utf-8"))["dependencies"]
    versions = {
        re.sub(r".*/|-(code|cli|ai)$", "", package): version
        for package, version in packages.items()
    }
    pinned = re.search(r"==(\S+)", (HERE / "aider.in").read_text("utf-8"))
    assert pinned is not None
    versions["aider"] = pinned[1]
    return {agent: versions[agent] for agent in settings}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
