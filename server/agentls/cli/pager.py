"""Long text for a person: through the pager that git would use."""

import os
import shutil
import subprocess
import sys

__all__ = ["page"]

_GIT_TIMEOUT = 5.0
_DEFAULTS = {"LESS": "FRX", "LV": "-c"}  # git's own: colours, no pager for a short text


def page(data: bytes, *, colour: bool) -> None:
    """Write bytes to standard output, through a pager when that is a terminal.

    Without `colour` there are no escape sequences in the text to pass on.
    """
    command = _pager() if sys.stdout.isatty() else ""
    if not command or command == "cat":
        _write(data)
        return
    environment = _DEFAULTS | dict(os.environ)
    if not colour:
        environment["LESS"] = environment["LESS"].replace("R", "")
    sys.stdout.flush()
    # A person reads: there is no time limit, and leaving early is no error.
    with subprocess.Popen(
        ["/bin/sh", "-c", command], stdin=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdin is not None  # noqa: S101 - asked for above
        try:
            process.stdin.write(data)
            process.stdin.close()
        except BrokenPipeError:
            pass
        while True:
            try:
                process.wait()
                break
            except KeyboardInterrupt:  # belongs to the pager
                continue


def _write(data: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _pager() -> str:
    """Name the pager: git's choice, asked outside any repository's configuration."""
    if chosen := os.environ.get("AGENTLS_PAGER"):
        return chosen
    clean = {name: value for name, value in os.environ.items() if name != "GIT_DIR"}
    try:
        found = subprocess.run(
            ["git", "var", "GIT_PAGER"],
            cwd="/",
            env=clean,
            capture_output=True,
            timeout=_GIT_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return os.environ.get("PAGER") or (shutil.which("less") or "")
    command = found.stdout.decode(errors="replace").strip()
    # Git names `less` even where there is none.
    return command if command != "less" or shutil.which("less") else ""
