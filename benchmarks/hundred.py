"""Hundred: what agentls takes while a hundred agents work, and how soon it answers.

Each agent is a script in a worktree of its own that writes 2 KB of coloured text a
second, in eight pieces, and once a minute edits a file, says by its hook that it is
done (which takes a checkpoint and looks for conflicts), and that it works again. The
agents begin at different moments of that minute.

Processor time is that of the daemon, its helpers, the shims and every `agentls hook`
together, of one core; that of the git processes that they start stands beside it, and
so does that of the agents. Meanwhile an editor asks one command after the other, as a
person who looks at one task after the other does.
"""

import contextlib
import itertools
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

import agentls
from figures import Line, percentile
from processes import cpu_seconds, cpu_seconds_of_ended, helpers_of, shims_of
from stage import Editor, fill, fresh_home, open_editor, repository

__all__ = ["measure"]

_CPU_LIMIT = 25.0
_ANSWER_LIMIT = 100.0
_FILES = 1_000
_PAUSE = 0.02
"""Seconds between an answer and the next command."""

_CONFIG = """
[agents.worker]
bin = "{python}"
start = ["-I", "{script}", "{prompt}"]
done = "event"
[[agents.worker.events]]
when = {{ type = "busy" }}
status = "working"
[[agents.worker.events]]
when = {{ type = "done" }}
status = "done"
"""
_SCRIPT = """
import subprocess, sys, time

HOOK = [{python!r}, "-I", "-S", {main!r}, "hook", "x"]
number = int(sys.argv[1])
line = f"\\033[32mtask {{number}}\\033[0m works on it, step by step: ".ljust(256, ".")

def tell(kind):
    subprocess.run([*HOOK, '{{"type":"' + kind + '"}}'])

tell("busy")
due = time.monotonic()
for tick in range(number * 7, 1 << 40):
    due += 0.125
    time.sleep(max(0.0, due - time.monotonic()))
    print(line, flush=True)
    if tick % 480 == 0:
        with open(f"d0/f{{number}}.txt", "a") as file:
            print("turn", tick, file=file)
        tell("done")
        tell("busy")
"""


@attrs.frozen(kw_only=True)
class _Spent:
    """Processor seconds so far."""

    agentls: float
    git: float
    agents: float


def measure(*, agents: int, seconds: float) -> list[Line]:
    """Give the lines of so many agents at work for so long."""
    with fresh_home() as env:
        _define(env)
        root = repository(Path(env["HOME"]))
        fill(root, files=_FILES)
        with open_editor(env, root=root) as editor:
            tasks = [
                editor.begin(str(number), agent="worker") for number in range(agents)
            ]
            pids = _agents(env)
            assert len(pids) == agents
            before, began = _spent(env, pids), time.perf_counter()
            answers = _ask_for(editor, [task for task, _ in tasks], seconds=seconds)
            took = time.perf_counter() - began
            after = _spent(env, pids)
    share = {
        name: (getattr(after, name) - getattr(before, name)) / took * 100
        for name in ("agentls", "git", "agents")
    }
    worst = max(answers, key=lambda name: percentile(answers[name], 0.99))
    every = [one for found in answers.values() for one in found]
    p99 = percentile(every, 0.99)
    return [
        Line(
            name=f"hundred, {agents} agents, CPU of a core",
            agentls=share["agentls"],
            peer_name="the agents' own",
            peer=share["agents"],
            target=f"≤ {_CPU_LIMIT:.0f} %",
            met=share["agentls"] <= _CPU_LIMIT,
            unit="%",
        ),
        Line(
            name="hundred, git for them",
            agentls=share["git"],
            peer_name="the agents' own",
            peer=share["agents"],
            unit="%",
        ),
        Line(
            name=f"hundred, a command's answer, p99 of {len(every)}",
            agentls=p99,
            peer_name="its median",
            peer=percentile(every, 0.5),
            target=f"≤ {_ANSWER_LIMIT:.0f} ms",
            met=p99 <= _ANSWER_LIMIT,
        ),
        Line(
            name=f"hundred, the slowest, {worst}, p99",
            agentls=percentile(answers[worst], 0.99),
            peer_name="its median",
            peer=percentile(answers[worst], 0.5),
        ),
    ]


def _define(env: Mapping[str, str]) -> None:
    script = Path(env["HOME"], "worker.py")
    main = Path(agentls.__file__).parent / "__main__.py"
    script.write_text(_SCRIPT.format(python=sys.executable, main=str(main)))
    with Path(env["AGENTLS_CONFIG_DIR"], "config.toml").open("a") as file:
        file.write(
            _CONFIG.format(python=sys.executable, script=script, prompt="{prompt}")
        )


def _ask_for(
    editor: Editor, tasks: list[str], *, seconds: float
) -> dict[str, list[float]]:
    """Ask one command after the other for so long; give the milliseconds of each."""
    answers: dict[str, list[float]] = {}
    until = time.perf_counter() + seconds
    for name, arguments in _questions(tasks):
        began = time.perf_counter()
        if began > until:
            return answers
        editor.execute(name, **arguments)
        answers.setdefault(name, []).append((time.perf_counter() - began) * 1000)
        time.sleep(_PAUSE)
    raise AssertionError("questions never end")


def _questions(tasks: list[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for task in itertools.cycle(tasks):
        yield "listTasks", {}
        yield "getTask", {"task": task}
        yield "peek", {"task": task}
        yield "changes", {"task": task}
        yield "listComments", {"task": task}
        yield "listCheckpoints", {"task": task}
        yield "nextReview", {}


def _spent(env: Mapping[str, str], agents: list[int]) -> _Spent:
    helpers = [pid for pids in helpers_of(env).values() for pid in pids]
    return _Spent(
        # All that an agent starts are our hooks.
        agentls=cpu_seconds(helpers + shims_of(env)) + cpu_seconds_of_ended(agents),
        git=cpu_seconds_of_ended(helpers),
        agents=cpu_seconds(agents),
    )


def _agents(env: Mapping[str, str]) -> list[int]:
    """Give the processes that run the agents' script."""
    script = os.fsencode(Path(env["HOME"], "worker.py"))
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if words[2:3] == [script]:
                found.append(int(folder.name))
    return found
