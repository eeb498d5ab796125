"""`make bench`: agentls beside its peers, in one run on one machine.

Agentls and its peers take turns, and the median of the rounds counts. The table
goes to docs/performance.md with `--write`. A missed target is printed as missed.
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import attrs

import terminals

ROOT = Path(__file__).parent.parent
PEERS = ROOT / ".bench"
PAGE = ROOT / "docs" / "performance.md"


@attrs.frozen(kw_only=True)
class Line:
    """One line of the table: what was measured beside what."""

    name: str
    agentls: float
    """Milliseconds, as the peer."""
    peer_name: str
    peer: float
    target: str
    met: bool


def medians(
    works: Mapping[str, Callable[[], float]], *, rounds: int
) -> dict[str, float]:
    """Let the works take turns; give each one's median in milliseconds.

    Each runs once before, to warm up.
    """
    times: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            took = work()
            if number:
                times[name].append(took * 1000)
    return {name: statistics.median(found) for name, found in times.items()}


def timed(argv: Sequence[str], *, env: Mapping[str, str]) -> Callable[[], float]:
    """Measure a command from its start to its end."""

    def once() -> float:
        began = time.perf_counter()
        subprocess.run(argv, env=env, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began

    return once


def initialized(argv: Sequence[str], *, env: Mapping[str, str]) -> Callable[[], float]:
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


@contextlib.contextmanager
def fresh_home() -> Generator[dict[str, str]]:
    """Give the environment of a fresh home, and end its daemon after."""
    with tempfile.TemporaryDirectory(prefix="agentls-bench-") as home:
        env = {
            "HOME": home,
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "SHELL": "/bin/sh",
            "AGENTLS_RUNTIME_DIR": f"{home}/run",
        }
        try:
            yield env
        finally:
            agentls("daemon", "stop", env=env)


def agentls(*args: str, env: Mapping[str, str]) -> None:
    """Run a command of agentls."""
    subprocess.run(
        [ROOT / ".venv/bin/agentls", *args],
        env=env,
        check=False,
        capture_output=True,
    )


def install_pylsp() -> str:
    """Install the peer pylsp into a folder of its own and give its path."""
    program = PEERS / "bin" / "pylsp"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
        subprocess.run(
            [PEERS / "bin/python", "-m", "pip", "install", "-q", "python-lsp-server"],
            check=True,
        )
    return str(program)


def bridge(rounds: int) -> list[Line]:
    """`agentls lsp` start to the answer of initialize, daemon warm and cold."""
    lsp = [str(ROOT / ".venv/bin/agentls"), "lsp"]
    with fresh_home() as env:
        warm_ones = medians(
            {
                "agentls": initialized(lsp, env=env),
                "bare": timed([sys.executable, "-c", "pass"], env=env),
                "ruff": initialized([str(ROOT / ".venv/bin/ruff"), "server"], env=env),
                "pylsp": initialized([install_pylsp()], env=env),
            },
            rounds=rounds,
        )
        warm, bare = warm_ones["agentls"], warm_ones["bare"]
        ruff, pylsp = warm_ones["ruff"], warm_ones["pylsp"]

        def cold() -> float:
            agentls("daemon", "stop", env=env)
            return initialized(lsp, env=env)()

        cold_start = medians({"agentls": cold}, rounds=rounds)["agentls"]
    limit = 150.0
    return [
        Line(
            name="bridge, warm",
            agentls=warm,
            peer_name="python -c pass",
            peer=bare,
            target="≤ 150 ms",
            met=warm <= limit,
        ),
        Line(
            name="bridge, warm",
            agentls=warm,
            peer_name="ruff server",
            peer=ruff,
            target="told only",
            met=True,
        ),
        Line(
            name="bridge, warm",
            agentls=warm,
            peer_name="pylsp",
            peer=pylsp,
            target="< 1/3 of pylsp",
            met=warm < pylsp / 3,
        ),
        Line(
            name="bridge, cold",
            agentls=cold_start,
            peer_name="python -c pass",
            peer=bare,
            target="≤ 1 s",
            met=cold_start <= 1000,  # noqa: PLR2004 - as told
        ),
    ]


def cli(rounds: int) -> list[Line]:
    """`agentls ls` with a warm daemon, and `agentls hook`."""
    program = str(ROOT / ".venv/bin/agentls")
    with fresh_home() as env:
        agentls("ls", env=env)
        events = env | {
            "AGENTLS_SESSION": "b2c3-1",
            "AGENTLS_EVENTS": f"{env['HOME']}/events",
        }
        found = medians(
            {
                "bare": timed([sys.executable, "-c", "pass"], env=env),
                "ls": timed([program, "ls"], env=env),
                "hook": timed([program, "hook", "Stop", "{}"], env=events),
            },
            rounds=rounds,
        )
    bare, listing, hook = found["bare"], found["ls"], found["hook"]
    return [
        Line(
            name="ls",
            agentls=listing,
            peer_name="python -c pass",
            peer=bare,
            target="≤ 100 ms over it",
            met=listing - bare <= 100,  # noqa: PLR2004 - as told
        ),
        Line(
            name="hook",
            agentls=hook,
            peer_name="python -c pass",
            peer=bare,
            target="≤ 60 ms over it",
            met=hook - bare <= 60,  # noqa: PLR2004 - as told
        ),
    ]


def terminal_lines(rounds: int, *, megabytes: int) -> list[Line]:
    """Output and echo, agentls and its peers taking turns."""
    names = ("agentls", "bare pty", "tmux -C", "tmux attach")
    output: dict[str, list[float]] = {name: [] for name in names}
    echo: dict[str, list[float]] = {"agentls": [], "tmux attach": []}
    with fresh_home() as env:
        folder = Path(env["HOME"])
        text, gate = folder / "text", folder / "gate"
        terminals.coloured(text, megabytes=megabytes)
        wanted = terminals.as_printed(text)
        command = f"cat '{text}'"
        editor = terminals.Editor(env, root=terminals.repository(folder))
        for _ in range(rounds):
            output["agentls"].append(
                terminals.output_through_agentls(
                    editor, command, gate=gate, wanted=wanted
                )
            )
            output["bare pty"].append(
                terminals.output_through_pty(command, wanted=wanted)
            )
            output["tmux -C"].append(
                terminals.output_through_control_mode(
                    command, folder=folder, gate=gate, wanted=wanted
                )
            )
            output["tmux attach"].append(
                terminals.output_through_attach(command, folder=folder, gate=gate)
            )
            echo["agentls"] += terminals.echo_through_agentls(editor)
            echo["tmux attach"] += terminals.echo_through_tmux(folder)
        editor.close()
    took = {name: statistics.median(times) * 1000 for name, times in output.items()}
    ours = took["agentls"]
    lines = [
        Line(
            name=f"output, {megabytes} MB coloured",
            agentls=ours,
            peer_name=peer,
            peer=took[peer],
            target=target,
            met=ours <= took[peer] * limit,
        )
        for peer, target, limit in (
            ("bare pty", "≤ 1.25 × (0.8 of its speed)", 1.25),
            ("tmux -C", "≤ 0.2 × (5 times its speed)", 0.2),
            ("tmux attach", "≤ 0.33 × (3 times its speed)", 1 / 3),
        )
    ]
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        mine = terminals.percentile(echo["agentls"], share)
        theirs = terminals.percentile(echo["tmux attach"], share)
        lines.append(
            Line(
                name=f"echo, quiet, {name}",
                agentls=mine,
                peer_name="tmux attach",
                peer=theirs,
                target="≤ 1.5 ×",
                met=mine <= theirs * 1.5,
            )
        )
    return lines


def figure(milliseconds: float) -> str:
    """Write a figure with as many places as it has meaning."""
    return f"{milliseconds:.0f}" if milliseconds >= 10 else f"{milliseconds:.2f}"  # noqa: PLR2004


def table(lines: Sequence[Line]) -> str:
    """Give the table as Markdown."""
    rows = [
        "| line | agentls, ms | beside | ms | ratio | target | |",
        "| --- | ---: | --- | ---: | ---: | --- | --- |",
    ]
    rows += [
        f"| {line.name} | {figure(line.agentls)} "
        f"| {line.peer_name} | {figure(line.peer)} "
        f"| {line.agentls / line.peer:.2f} | {line.target} "
        f"| {'met' if line.met else '**missed**'} |"
        for line in lines
    ]
    return "\n".join(rows) + "\n"


def page(lines: Sequence[Line], *, rounds: int) -> str:
    """Give docs/performance.md."""
    return (
        "# Performance\n\n"
        "Written by `make bench`: agentls and its peers take turns in one run on one "
        f"machine; each figure is the median of {rounds} rounds. Ratios mean more "
        "than milliseconds: the machine is shared and noisy.\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}.\n\n{table(lines)}"
    )


def main() -> int:
    """Measure and print; with `--write`, keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    lines = [
        *bridge(options.rounds),
        *cli(options.rounds),
        *terminal_lines(min(options.rounds, 5), megabytes=options.megabytes),
    ]
    print(table(lines))
    if options.write:
        PAGE.write_text(page(lines, rounds=options.rounds), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
