"""Starting the daemon: detached from whoever starts it, with a clean environment.

The daemon says over an inherited pipe that it is ready, or why it can't be, in
one line of JSON (`Word`). Standard library only.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from agentls.errors import AgentlsError, Internal
from agentls.paths import Paths

__all__ = [
    "READY",
    "TAKEN",
    "EndedSilently",
    "daemon_command",
    "daemon_environment",
    "last_lines",
    "refusal",
    "scope_command",
    "start_daemon",
]

READY = b'{"ready": true}\n'
"""The word of a daemon that listens."""

TAKEN = b'{"taken": true}\n'
"""The word of one that found another daemon before it."""

_KEPT = {
    *("HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "LANGUAGE", "TMPDIR", "TZ"),
    *("DBUS_SESSION_BUS_ADDRESS",),  # for the scope that systemd makes
}
_KEPT_BEGINNINGS = ("LC_", "XDG_", "AGENTLS_")
_OF_A_SESSION = ("AGENTLS_TASK", "AGENTLS_WORKTREE", "AGENTLS_SESSION", "AGENTLS_PORT")

_WORD_MAX = 65536


class EndedSilently(Internal):
    """The daemon was killed, or broke before it could say why."""


def start_daemon(
    paths: Paths,
    *,
    seconds: float,
    environ: Mapping[str, str],
    command: Sequence[str] | None = None,
) -> None:
    """Start the daemon and wait until it is ready or has found another before it.

    Raises what the daemon says kept it from starting.
    """
    end = time.monotonic() + seconds
    own = list(command or daemon_command())
    if scope := scope_command(environ):
        # It may be there and fail all the same, as without a session bus.
        with contextlib.suppress(EndedSilently):
            _start([*scope, *own], paths=paths, until=end, environ=environ)
            return
    _start(own, paths=paths, until=end, environ=environ)


def daemon_command() -> list[str]:
    """Give the daemon's command by absolute paths: an editor may remove ours."""
    # The file rather than `-m agentls`: a bundled copy isn't on an isolated
    # Python's path, and `__main__` puts itself there.
    here = Path(__file__).resolve().parent / "__main__.py"
    return [sys.executable, "-I", str(here), "daemon", "run", "--detach"]


def daemon_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave out what belongs to an editor or to an agent's session."""
    return {
        name: value
        for name, value in environ.items()
        if (name in _KEPT or name.startswith(_KEPT_BEGINNINGS))
        and not name.startswith(_OF_A_SESSION)
    }


def refusal(error: AgentlsError) -> bytes:
    """Put an error into the word of a daemon that can't start."""
    return json.dumps({"error": error.message, "hint": error.hint}).encode() + b"\n"


def last_lines(path: Path, *, count: int) -> str:
    """Give the end of a log, empty when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 16384))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-count:])


def _start(
    command: list[str], *, paths: Paths, until: float, environ: Mapping[str, str]
) -> None:
    import subprocess  # noqa: PLC0415 - 11 ms, and only when no daemon runs

    reading, writing = os.pipe()
    try:
        with paths.daemon_log.open("ab") as log:
            try:
                child = subprocess.Popen(
                    [*command, "--ready-fd", str(writing)],
                    cwd="/",
                    env=daemon_environment(environ),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    pass_fds=[writing],
                    start_new_session=True,
                )
            finally:
                os.close(writing)
        try:
            word = _read_word(reading, until=until)
        finally:
            _reap(child, until=until)
    finally:
        os.close(reading)
    _judge(word, paths)


def scope_command(environ: Mapping[str, str]) -> list[str]:
    """Give what leaves the login's control group, whose processes end with it.

    Empty where systemd can give no scope.
    """
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    program = shutil.which("systemd-run", path=environ.get("PATH", os.defpath))
    # The user's manager answers there; without it systemd-run would only fail.
    if not program or not runtime or not (Path(runtime) / "systemd/private").exists():
        return []
    return [program, "--user", "--scope", "--quiet", "--collect", "--"]


def _read_word(descriptor: int, *, until: float) -> bytes | None:
    """Read the daemon's line; empty when it ended without one, None when late."""
    word = b""
    while not word.endswith(b"\n") and len(word) < _WORD_MAX:
        # With no time left too: a process that was stopped must see what came.
        left = max(0.0, until - time.monotonic())
        if not select.select([descriptor], [], [], left)[0]:
            return None
        piece = os.read(descriptor, _WORD_MAX)
        if not piece:
            break
        word += piece
    return word


def _reap(child: Any, *, until: float) -> None:
    """Let no zombie stay: the child forks the daemon and ends at once."""
    import subprocess  # noqa: PLC0415 - loaded by the caller

    try:
        child.wait(max(0.1, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        # It never came as far as to fork, so nothing but the child itself ends.
        child.send_signal(signal.SIGKILL)
        child.wait()


def _judge(word: bytes | None, paths: Paths) -> None:
    if word in {READY, TAKEN}:
        return
    if word is None:
        raise Internal(
            "The agentls daemon was started but isn't ready yet.",
            hint="Wait and try again; `agentls daemon logs` shows what it does.",
        )
    try:
        said: Any = json.loads(word)
    except ValueError:
        said = None
    if isinstance(said, dict) and "error" in said:
        given = cast("dict[str, Any]", said)
        raise Internal(str(given["error"]), hint=str(given.get("hint", "")))
    raise EndedSilently(
        "The agentls daemon ended while it started. Its last words: "
        + (last_lines(paths.daemon_log, count=5) or "none"),
        hint="`agentls daemon logs` shows all of them.",
    )
