"""Where the demo plays: a temporary folder with everything of its own."""

import contextlib
import json
import os
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from pathlib import Path

import attrs

from agentls.cli import traces
from agentls.cli.demo_work import git
from agentls.errors import GitFailed, Internal, NotARepository
from agentls.host import ProcessIdentity

__all__ = ["Stage", "find_source", "left_over", "stage", "stop_daemon"]

_STOP_TIMEOUT = 30.0
_GONE_TIMEOUT = 10.0

_INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "USER", "LOGNAME", "TERM", "TMPDIR")
"""What the demo takes of the user's environment; HOME isn't among it."""


@attrs.frozen(kw_only=True)
class Stage:
    """The demo's folder, what is in it, and the environment that leads there."""

    folder: Path
    repository: Path
    environment: Mapping[str, str]
    program: tuple[str, ...]
    """How to start agentls from here."""

    @property
    def daemon_pid(self) -> int:
        """The pid of the demo's daemon, as it says itself."""
        return int(
            json.loads((self.folder / "state" / "daemon.json").read_text())["pid"]
        )

    @property
    def gate(self) -> Path:
        """The file for which the agents wait before they work."""
        return self.folder / "go"


def find_source(given: str | None) -> Path:
    """Find the repository to clone: the one given, else agentls' own, else here.

    Raises `NotARepository` when there is none with a commit.
    """
    places = [Path(given)] if given is not None else [Path(__file__).parent, Path.cwd()]
    for place in places:
        with contextlib.suppress(GitFailed):
            root = Path(git(place, "rev-parse", "--show-toplevel"))
            git(root, "rev-parse", "--verify", "HEAD^{commit}")
            return root
    where = " or ".join(str(place) for place in places)
    raise NotARepository(
        f"The demo clones a git repository with a commit, and found none at {where}.",
        hint="Name one: agentls demo --repo PATH. It is only read.",
    )


@contextlib.contextmanager
def stage(source: Path, *, keep: bool) -> Generator[Stage]:
    """Make the folder and a clone of the source in it; leave nothing behind.

    At the end every process that belongs to the folder is gone, and the folder
    too, unless it is to be kept. An error kills what is left first.
    """
    folder = Path(tempfile.mkdtemp(prefix="agentls-demo-")).resolve()
    try:
        yield _set_up(folder, source)
    finally:
        traces.end_all(left := traces.processes_of(folder))
        traces.all_gone(left, within=_GONE_TIMEOUT)
        if not keep:
            shutil.rmtree(folder)


def stop_daemon(stage: Stage) -> None:
    """End the demo's daemon as a user would."""
    done = subprocess.run(
        [*stage.program, "daemon", "stop"],
        env=stage.environment,
        capture_output=True,
        timeout=_STOP_TIMEOUT,
        check=False,
    )
    if done.returncode:
        raise Internal(f"`agentls daemon stop` failed: {done.stderr.decode()}")


def left_over(
    stage: Stage, *, known: tuple[ProcessIdentity, ...]
) -> tuple[ProcessIdentity, ...]:
    """Give the processes of the demo that still live when all should be gone.

    `known` are processes that were seen while it played.
    """
    traces.all_gone(known, within=_GONE_TIMEOUT)
    return traces.processes_of(stage.folder)


def _set_up(folder: Path, source: Path) -> Stage:
    for name in ("home", "state", "data", "config", "run", "temporary"):
        (folder / name).mkdir(mode=0o700)
    environment = {
        name: os.environ[name] for name in _INHERITED if name in os.environ
    } | {
        "HOME": str(folder / "home"),
        "SHELL": "/bin/sh",
        "AGENTLS_STATE_DIR": str(folder / "state"),
        "AGENTLS_DATA_DIR": str(folder / "data"),
        "AGENTLS_CONFIG_DIR": str(folder / "config"),
        "AGENTLS_RUNTIME_DIR": str(folder / "run"),
        # An agentls that was installed with `pip install --user` is found there.
        "PYTHONUSERBASE": site.getuserbase(),
    }
    repository = folder / source.name
    # Copied, not linked: nothing here shares a file with the source. No hook runs.
    git(
        folder,
        *("-c", "core.hooksPath=/dev/null", "clone", "--quiet", "--no-hardlinks"),
        *("--template=", str(source), str(repository)),
        environment=dict(os.environ) | {"GIT_LFS_SKIP_SMUDGE": "1"},
    )
    # The source's HEAD may be detached, as in CI.
    git(repository, "switch", "--quiet", "-C", "main", environment=environment)
    git(repository, "config", "user.name", "Demo")
    git(repository, "config", "user.email", "demo@example.invalid")
    return Stage(
        folder=folder,
        repository=repository,
        environment=environment,
        program=(sys.executable, "-m", "agentls"),
    )
