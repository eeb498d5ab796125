"""Starts: `agentls lsp` to its first answer, `agentls ls`, `agentls hook`.

Each is a process from its start to its answer or its end, beside an interpreter that
does nothing and beside other language servers. Cold: the daemon was stopped before.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from figures import Line, medians
from peers import ROOT, install_pylsp
from stage import PROGRAM, agentls, fresh_home

__all__ = ["measure_bridge", "measure_cli"]

_WARM_LIMIT = 150.0
_COLD_LIMIT = 1000.0
_LS_LIMIT = 100.0
_HOOK_LIMIT = 60.0


def measure_bridge(rounds: int) -> list[Line]:
    """`agentls lsp` start to the answer of initialize, daemon warm and cold."""
    lsp = [PROGRAM, "lsp"]
    with fresh_home() as env:

        def cold() -> float:
            agentls("daemon", "stop", env=env)
            return _initialized(lsp, env=env)()

        found = medians(
            {
                "agentls": _initialized(lsp, env=env),
                "bare": _timed([sys.executable, "-c", "pass"], env=env),
                "ruff": _initialized([str(ROOT / ".venv/bin/ruff"), "server"], env=env),
                "pylsp": _initialized([install_pylsp()], env=env),
            },
            rounds=rounds,
        )
        cold_start = medians({"cold": cold}, rounds=rounds)["cold"]
    warm, bare, pylsp = found["agentls"], found["bare"], found["pylsp"]
    return [
        Line(
            name="bridge, warm",
            agentls=warm,
            peer_name="python -c pass",
            peer=bare,
            target="≤ 150 ms",
            met=warm <= _WARM_LIMIT,
        ),
        Line(
            name="bridge, warm",
            agentls=warm,
            peer_name="pylsp",
            peer=pylsp,
            target="< 1/3 ×",
            met=warm < pylsp / 3,
        ),
        Line(
            name="bridge, warm",
            agentls=warm,
            peer_name="ruff server",
            peer=found["ruff"],
        ),
        Line(
            name="bridge, cold",
            agentls=cold_start,
            peer_name="python -c pass",
            peer=bare,
            target="≤ 1 s",
            met=cold_start <= _COLD_LIMIT,
        ),
    ]


def measure_cli(rounds: int) -> list[Line]:
    """`agentls ls` with a warm daemon, and `agentls hook`."""
    with fresh_home() as env:
        agentls("ls", env=env)
        events = env | {
            "AGENTLS_SESSION": "b2c3-1",
            "AGENTLS_EVENTS": f"{env['HOME']}/events",
        }
        found = medians(
            {
                "bare": _timed([sys.executable, "-c", "pass"], env=env),
                "ls": _timed([PROGRAM, "ls"], env=env),
                "hook": _timed([PROGRAM, "hook", "Stop", "{}"], env=events),
            },
            rounds=rounds,
        )
    limits = {"ls": _LS_LIMIT, "hook": _HOOK_LIMIT}
    return [
        Line(
            name=f"cli, {name}",
            agentls=found[name],
            peer_name="python -c pass",
            peer=found["bare"],
            target=f"≤ {limit:.0f} ms over it",
            met=found[name] - found["bare"] <= limit,
        )
        for name, limit in limits.items()
    ]


def _timed(argv: Sequence[str], *, env: Mapping[str, str]) -> Callable[[], float]:
    """Measure a command from its start to its end."""

    def once() -> float:
        began = time.perf_counter()
        subprocess.run(argv, env=env, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began

    return once


def _initialized(argv: Sequence[str], *, env: Mapping[str, str]) -> Callable[[], float]:
    """Measure a language server from its start to its answer to `initialize`."""
    body = json.dumps(
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {"processId": None, "rootUri": None, "capabilities": {}},
        }
    ).encode()
    request = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)

    def once() -> float:
        began = time.perf_counter()
        with subprocess.Popen(
            argv,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as server:
            assert server.stdin is not None
            assert server.stdout is not None
            server.stdin.write(request)
            server.stdin.flush()
            answered = server.stdout.readline().startswith(b"Content-Length")
            took = time.perf_counter() - began
            assert answered, argv
            server.kill()
        return took

    return once
