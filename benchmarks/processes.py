"""What processes cost: their share of memory, and the processor time they took."""

import contextlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = [
    "children",
    "cpu_seconds",
    "cpu_seconds_of_ended",
    "helpers_of",
    "megabytes",
    "shims_of",
]


def megabytes(pids: Iterable[int]) -> float:
    """Give the proportional share of memory (PSS) of some processes."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


def cpu_seconds(pids: Iterable[int]) -> float:
    """Give the processor time that some processes took so far, all threads counted."""
    total = 0
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                total += int(thread.read_text().split()[0])
    return total / 1e9


def cpu_seconds_of_ended(pids: Iterable[int]) -> float:
    """Give the processor time of those that some processes started and that ended."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            # After the name, which may hold anything, in parentheses.
            _, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
            fields = rest.split()
            total += int(fields[13]) + int(fields[14])
    return total / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Give a process's children and theirs."""
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, listed.read_text().split()):
                found += [child, *children(child)]
    return found


def helpers_of(env: Mapping[str, str]) -> dict[str, list[int]]:
    """Give the daemon, the zygote and every other child that the daemon has."""
    record = json.loads(Path(env["AGENTLS_STATE_DIR"], "daemon.json").read_text())
    found: dict[str, list[int]] = {"daemon": [record["pid"]]}
    for pid in children(record["pid"]):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            name = "zygote" if b"zygote" in words else "other"
            found.setdefault(name, []).append(pid)
    return found


def shims_of(env: Mapping[str, str]) -> list[int]:
    """Give the shims of all sessions, from what they wrote about themselves."""
    pids: list[int] = []
    for meta in Path(env["AGENTLS_STATE_DIR"], "sessions").glob("*/meta"):
        for line in meta.read_text().splitlines():
            name, _, rest = line.partition(" ")
            if name == "shim":
                pids.append(int(rest.split()[0]))
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]
