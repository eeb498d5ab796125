"""Idle: memory and processor time of 100 sessions whose programs do nothing.

Memory is PSS: a page that several processes share counts once, divided among them.
Ours are the daemon, the zygote, whatever else the daemon has started, and the shims;
the programs (`sleep`) don't count, here or beside. No client is connected. The peers
are one tmux server with 100 windows, 100 masters of dtach, and 100 Python processes
that each hold a terminal and copy it to a file. Each side is there alone, so that no
interpreter shares its pages with a peer's. Processor time is the scheduler's own sum
over all threads, over ten seconds and after the sessions have come to rest.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import attrs

from figures import Line
from peers import Tmux, until
from processes import cpu_seconds, helpers_of, megabytes, shims_of
from stage import fresh_home, open_editor, repository

__all__ = ["at_rest", "measure"]

_SAMPLES = 5
_REST = 0.002
"""Seconds of processor time in half a second that count as rest."""

_SESSION_LIMIT = 1.2
_DAEMON_LIMIT = 80.0
_CPU_LIMIT = 1.0
_SLEEP = "exec sleep 1000000"
_HOLDER = """
import os, pty, sys
pid, fd = pty.fork()
if not pid:
    os.execv("/bin/sh", ["/bin/sh", "-c", sys.argv[1]])
with open(sys.argv[2], "wb", buffering=0) as log:
    open(sys.argv[2] + ".ready", "w").close()
    while data := os.read(fd, 65536):
        log.write(data)
"""

Groups = Mapping[str, list[int]]
"""Processes by what they are."""


@attrs.frozen(kw_only=True)
class _Cost:
    """What some processes cost."""

    megabytes: Mapping[str, float]
    percent: float
    """Of one core."""
    each: float
    """Megabytes of everything, by session."""


def measure(*, sessions: int, seconds: float) -> list[Line]:
    """Give the lines of idle sessions."""
    ours = _cost(_agentls, sessions=sessions, seconds=seconds)
    lines: list[Line] = []
    for name, stage in {
        "tmux": _tmux,
        "dtach": _dtach,
        "Python process each": _bare,
    }.items():
        peer = _cost(stage, sessions=sessions, seconds=seconds)
        lines.append(
            Line(
                name="idle, all a session",
                agentls=ours.each,
                peer_name=name,
                peer=peer.each,
                unit="MB",
            )
        )
        lines.append(
            Line(
                name="idle, CPU of a core",
                agentls=ours.percent,
                peer_name=name,
                peer=peer.percent,
                target="≤ 1 %",
                met=ours.percent <= _CPU_LIMIT,
                unit="%",
            )
        )
        last = peer
    per_shim = ours.megabytes["shims"] / sessions
    memory = ours.megabytes
    helpers = {name: size for name, size in memory.items() if name != "shims"}
    lines.append(
        Line(
            name="idle, shim",
            agentls=per_shim,
            peer_name="Python process each",
            peer=last.each,
            target=f"≤ {_SESSION_LIMIT} MB",
            met=per_shim <= _SESSION_LIMIT,
            unit="MB",
        )
    )
    lines.append(
        Line(
            name="idle, " + " + ".join(helpers),
            agentls=sum(helpers.values()),
            peer_name="Python process each, all",
            peer=last.each * sessions,
            target=f"≤ {_DAEMON_LIMIT:.0f} MB",
            met=sum(helpers.values()) <= _DAEMON_LIMIT,
            unit="MB",
        )
    )
    lines += [
        Line(
            name=f"idle, {name} alone",
            agentls=size,
            peer_name="Python process each, all",
            peer=last.each * sessions,
            unit="MB",
        )
        for name, size in helpers.items()
    ]
    return lines


def at_rest(pids: Callable[[], list[int]]) -> None:
    """Wait until some processes take no more processor time."""

    def resting() -> bool:
        before = cpu_seconds(pids())
        time.sleep(0.5)
        return cpu_seconds(pids()) - before < _REST

    until(resting)


def _cost(
    stage: Callable[[int], AbstractContextManager[Groups]],
    *,
    sessions: int,
    seconds: float,
) -> _Cost:
    with stage(sessions) as groups:
        everybody = [pid for pids in groups.values() for pid in pids]
        at_rest(lambda: everybody)
        sizes: dict[str, list[float]] = {name: [] for name in groups}
        shares: list[float] = []
        for _ in range(_SAMPLES):
            before, began = cpu_seconds(everybody), time.perf_counter()
            time.sleep(seconds / _SAMPLES)
            took = time.perf_counter() - began
            shares.append((cpu_seconds(everybody) - before) / took * 100)
            for name, pids in groups.items():
                sizes[name].append(megabytes(pids))
    memory = {name: statistics.median(found) for name, found in sizes.items()}
    return _Cost(
        megabytes=memory,
        percent=statistics.mean(shares),
        each=sum(memory.values()) / sessions,
    )


@contextmanager
def _agentls(count: int) -> Generator[Groups]:
    with fresh_home() as env:
        root = repository(Path(env["HOME"]))
        with open_editor(env, root=root) as editor:
            tasks = [editor.begin(_SLEEP)[0] for _ in range(count)]
            editor.leave_tasks()
        groups = helpers_of(env) | {"shims": shims_of(env)}
        assert len(groups["shims"]) == count
        yield groups
        with open_editor(env, root=root) as editor:
            for task in tasks:
                editor.execute("discardTask", task=task)


@contextmanager
def _tmux(count: int) -> Generator[Groups]:
    with fresh_home() as env, Tmux(Path(env["HOME"]), env=env, name="tmux") as tmux:
        tmux.session("idle", _SLEEP)
        for _ in range(count - 1):
            tmux.window("idle", _SLEEP)
        yield {"server": [int(tmux.run("display", "-p", "#{pid}"))]}


@contextmanager
def _dtach(count: int) -> Generator[Groups]:
    with fresh_home() as env:
        masters: list[subprocess.Popen[bytes]] = []
        for number in range(count):
            argv = ["dtach", "-N", f"{env['HOME']}/{number}", "/bin/sh", "-c", _SLEEP]
            masters.append(_spawn(argv, env=env))
        for number in range(count):
            until(Path(env["HOME"], str(number)).exists)
        yield {"masters": [master.pid for master in masters]}
        _end(masters)


@contextmanager
def _bare(count: int) -> Generator[Groups]:
    with fresh_home() as env:
        holders: list[subprocess.Popen[bytes]] = []
        for number in range(count):
            log = f"{env['HOME']}/{number}"
            holders.append(_spawn([sys.executable, "-c", _HOLDER, _SLEEP, log], env))
        for number in range(count):
            until(Path(env["HOME"], f"{number}.ready").exists)
        yield {"holders": [holder.pid for holder in holders]}
        _end(holders)


def _spawn(argv: list[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(argv, env=env, stdin=quiet, stdout=quiet, stderr=quiet)


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    """End them; their programs get the hang-up of a closed terminal."""
    for process in processes:
        process.kill()
        process.wait()
