"""`daemon.json` and the daemon's lock: which daemon it is, and where it listens.

The lock decides whether there is a daemon, the file which one. Clients read the
socket's address here and never compute it: a desktop, an ssh login, a container
and cron differ in their folders for sockets. Standard library only.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple, cast

from agentls.host import ProcessIdentity, boot_id, host_name, pid_namespace
from agentls.paths import Paths

__all__ = [
    "DaemonRecord",
    "daemon_lock_is_free",
    "is_older",
    "read_record",
    "try_lock",
    "write_record",
]


class DaemonRecord(NamedTuple):
    """What a daemon writes about itself."""

    address: str
    """The path of its unix socket; empty while it starts."""
    host: str
    pid_namespace: str
    process: ProcessIdentity
    version: str

    @property
    def on_this_machine(self) -> bool:
        """Whether its process can be seen and signalled from here.

        The boot id tells, not the name: machines change names with the network.
        """
        return (
            self.process.boot_id == boot_id() and self.pid_namespace == pid_namespace()
        )

    @property
    def place(self) -> str:
        """Where it runs, for a person."""
        if self.process.boot_id == boot_id() and self.host == host_name():
            return f"in another container on {self.host}"
        return f"on {self.host}"


def read_record(paths: Paths) -> DaemonRecord | None:
    """Read the record; None when there is none, or none that can be understood."""
    try:
        found: Any = json.loads(paths.daemon_json.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict):
        return None
    given = cast("dict[str, Any]", found)
    texts = [
        given.get(key)
        for key in (
            "address",
            "host",
            "pidNamespace",
            "bootId",
            "startTime",
            "version",
        )
    ]
    pid = given.get("pid")
    if not all(isinstance(text, str) for text in texts) or type(pid) is not int:
        return None
    address, host, namespace, boot, start, version = cast("list[str]", texts)
    return DaemonRecord(
        address=address,
        host=host,
        pid_namespace=namespace,
        process=ProcessIdentity(boot, pid, start),
        version=version,
    )


def write_record(paths: Paths, record: DaemonRecord) -> None:
    """Write the record so that a reader finds the old one or the new one, whole."""
    aside = paths.daemon_json.with_suffix(".new")
    content = {
        "address": record.address,
        "host": record.host,
        "pidNamespace": record.pid_namespace,
        "bootId": record.process.boot_id,
        "pid": record.process.pid,
        "startTime": record.process.start_time,
        "version": record.version,
    }
    with aside.open("wb") as file:
        file.write(json.dumps(content, indent=2).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(paths.daemon_json)


def is_older(version: str, *, than: str) -> bool:
    """Compare the leading numbers alone: a development version equals its release.

    What can't be read is never older: nobody ends a daemon that they don't
    understand.
    """
    first, second = _numbers(version), _numbers(than)
    return bool(first) and bool(second) and first < second


@contextlib.contextmanager
def try_lock(path: Path, *, operation: int = fcntl.LOCK_EX) -> Generator[bool]:
    """Take the file's lock if nobody has it, and hold it in the context.

    The lock goes with its process, however that ends; the file stays.
    """
    # The descriptor isn't inherited, or a child would hold the lock on.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            # A lock on a file that was removed meanwhile is nobody's lock.
            yield _is_at(descriptor, path)
    finally:
        os.close(descriptor)


def daemon_lock_is_free(paths: Paths) -> bool:
    """Tell whether no daemon runs; a daemon that starts now waits for this look."""
    # Shared, so that two looks at a time don't take each other for a daemon.
    with try_lock(paths.daemon_lock, operation=fcntl.LOCK_SH) as free:
        return free


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _numbers(version: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
        if digits != part:
            break
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
