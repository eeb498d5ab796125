"""Where agentls keeps its files.

The folders are those that platformdirs names for "agentls" (a test compares
them), worked out here because the bridge starts with the standard library
only. Each can be set: `AGENTLS_STATE_DIR`, `AGENTLS_DATA_DIR`,
`AGENTLS_CONFIG_DIR`, `AGENTLS_RUNTIME_DIR`.
"""

import contextlib
import hashlib
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from agentls.errors import AgentlsError

__all__ = ["SOCKET_PATH_MAX", "Paths"]

SOCKET_PATH_MAX = 100
"""Bytes that a socket's path may have: sun_path holds 104 on macOS, 108 on Linux."""

_SOCKET_NAME_ROOM = len("/agentls-12345678/") + 24


class Paths:
    """The folders of one user: state, data, config, and the candidates for sockets."""

    def __init__(
        self, *, state: Path, data: Path, config: Path, runtime: tuple[Path, ...]
    ) -> None:
        self.state = state
        self.data = data
        self.config = config
        self._runtime = runtime

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], *, uid: int) -> "Paths":
        """Work the folders out from a client's or the daemon's environment."""
        home = Path(environ.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111
        if sys.platform == "darwin":
            support = home / "Library" / "Application Support"
            state = data = config = support
        else:
            state = _xdg(environ, "XDG_STATE_HOME", home / ".local" / "state")
            data = _xdg(environ, "XDG_DATA_HOME", home / ".local" / "share")
            config = _xdg(environ, "XDG_CONFIG_HOME", home / ".config")
        # An absolute TMPDIR first, /tmp last: it is short, so a long one never blocks.
        temporary = (Path(environ.get("TMPDIR") or "/tmp"), Path("/tmp"))  # noqa: S108
        candidates = [path / f"agentls-{uid}" for path in temporary]
        if xdg_runtime := environ.get("XDG_RUNTIME_DIR"):
            candidates.insert(0, Path(xdg_runtime) / "agentls")
        if chosen := environ.get("AGENTLS_RUNTIME_DIR"):
            candidates.insert(0, Path(chosen))
        return cls(
            state=Path(environ.get("AGENTLS_STATE_DIR") or state / "agentls"),
            data=Path(environ.get("AGENTLS_DATA_DIR") or data / "agentls"),
            config=Path(environ.get("AGENTLS_CONFIG_DIR") or config / "agentls"),
            runtime=tuple(path for path in candidates if path.is_absolute()),
        )

    @classmethod
    def of_this_process(cls) -> "Paths":
        """Work the folders out from this process's environment."""
        return cls.from_environ(os.environ, uid=os.getuid())

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.state / "agentls.db"

    @property
    def daemon_lock(self) -> Path:
        """The file whose lock the one daemon holds as long as it lives."""
        return self.state / "daemon.lock"

    @property
    def start_lock(self) -> Path:
        """The file whose lock a client holds while it starts the daemon."""
        return self.state / "start.lock"

    @property
    def daemon_json(self) -> Path:
        """The file that says which daemon it is and where it listens."""
        return self.state / "daemon.json"

    @property
    def daemon_log(self) -> Path:
        """The daemon's log."""
        return self.state / "daemon.log"

    @property
    def sessions(self) -> Path:
        """The folder with one folder a session."""
        return self.state / "sessions"

    @property
    def worktrees(self) -> Path:
        """The folder of all worktrees, one folder a repository."""
        return self.data / "worktrees"

    @property
    def trash(self) -> Path:
        """Where discarded worktrees stay for some days."""
        return self.data / "trash"

    @property
    def aside(self) -> Path:
        """Where a rewind moves what was in its way, one folder a task."""
        return self.state / "aside"

    @property
    def user_config(self) -> Path:
        """The user's own configuration."""
        return self.config / "config.toml"

    def make_private(self) -> None:
        """Create state and data folder, readable by the user alone."""
        for folder in (self.state, self.data, self.sessions):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def make_socket_dir(self) -> Path:
        """Create and give the first usable folder for sockets: short and private.

        Its name is made from the state folder, so that two state folders never
        share a socket. Raises `AgentlsError` when no candidate can be used.
        """
        digest = hashlib.sha256(os.fsencode(self.state)).hexdigest()[:8]
        reasons: list[str] = []
        for parent in self._runtime:
            folder = parent / digest
            if len(os.fsencode(parent)) + _SOCKET_NAME_ROOM > SOCKET_PATH_MAX:
                reasons.append(f"{parent} is too long for a socket")
                continue
            try:
                _make_private_dir(parent)
                _make_private_dir(folder)
            except OSError as error:
                reasons.append(str(error))
                continue
            return folder
        raise AgentlsError(
            "No folder for the daemon's socket can be made: " + "; ".join(reasons),
            hint="Set AGENTLS_RUNTIME_DIR to a short path that only you can write.",
        )


def _xdg(environ: Mapping[str, str], name: str, default: Path) -> Path:
    value = environ.get(name, "")  # the XDG standard: a relative path is ignored
    return Path(value) if value.startswith("/") else default


def _make_private_dir(path: Path) -> None:
    """Create a folder as 0700; refuse one that is a link or somebody else's."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{path} isn't a folder of this user")
    if stat.S_IMODE(found.st_mode) != 0o700:  # noqa: PLR2004
        path.chmod(0o700)
