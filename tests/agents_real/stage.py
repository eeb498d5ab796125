"""A person's fresh home with one agent set up, a repository, and a model."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from agentls.paths import Paths
from fakemodel.server import Model

ROOT = Path(__file__).parents[2]
_PROGRAMS = (ROOT / ".cache/agents/bin", ROOT / ".cache/node")
_DIES_SECONDS = 0.05
_PATH = ":".join([*map(str, _PROGRAMS), "/usr/local/bin", "/usr/bin", "/bin"])


@attrs.frozen(kw_only=True)
class Stage:
    """Where one agent is tried."""

    repository: Path
    model: Model
    environ: Mapping[str, str]
    known: Mapping[str, str]
    """What is put into the person's settings."""

    @property
    def paths(self) -> Paths:
        """Where agentls keeps what."""
        return Paths.from_environ(self.environ, uid=os.getuid())

    def kill_all(self, also: Collection[int]) -> None:
        """Kill all that has this home, and others, so that none sees another die."""
        mine = f"HOME={self.environ['HOME']}".encode()
        stopped = set(also)
        _signal(stopped, signal.SIGSTOP)
        while new := {*_processes_with(mine)} - stopped:
            _signal(new, signal.SIGSTOP)
            stopped |= new
        _signal(stopped, signal.SIGKILL)
        while any(map(_lives, stopped)):
            time.sleep(_DIES_SECONDS)

    def git(self, folder: Path, *args: str) -> str:
        """Run git as the person would."""
        return subprocess.run(
            ["git", *args],
            cwd=folder,
            env=self.environ,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout


def kept_of(stage: Stage, person: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the settings of the person's that are no longer as `agents.toml` has them.

    Agents add their own to the same files: what they have seen, counters, ids.
    """
    home = Path(stage.environ["HOME"])
    gone: list[str] = []
    for name, was in _settings(_filled(person, stage.known)).items():
        text = (home / name).read_text()
        if name.endswith(".json"):
            gone += _lost(json.loads(was), json.loads(text), at=name)
        elif name.endswith(".toml"):
            gone += _lost(tomllib.loads(was), tomllib.loads(text), at=name)
        elif text != was:
            gone.append(name)
    return tuple(gone)


def merged(one: Mapping[str, Any], more: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put more into settings: what is a text in both goes behind it."""
    both = {**one}
    for name, value in more.items():
        before = one.get(name)
        if isinstance(before, Mapping):
            both[name] = merged(before, value)
        else:
            both[name] = before + value if isinstance(before, str) else value
    return both


def set_up(person: Mapping[str, Any], *, model: Model, within: Path) -> Stage:
    """Make a home below `within` and set the agent up in it, as `agents.toml` says.

    Gemini CLI takes no settings from below a folder that others may write to, as
    /tmp is.
    """
    folder = Path(tempfile.mkdtemp(dir=within))
    home, repository = folder / "home", folder / "repository"
    known = {
        "model": f"http://127.0.0.1:{model.port}",
        "repository": str(repository),
        "agentls": str(ROOT / ".venv/bin/agentls"),
        "worktrees": str(home / ".local/share/agentls/worktrees"),
    }
    _write_home(home, _filled(person, known))
    stage = Stage(
        repository=repository,
        model=model,
        environ=_environ(home, runtime=folder / "r"),
        known=known,
    )
    _make_repository(stage)
    return stage


def _environ(home: Path, *, runtime: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "PATH": _PATH,
        "SHELL": "/bin/sh",
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "AGENTLS_RUNTIME_DIR": str(runtime),
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def _write_home(home: Path, person: Mapping[str, Any]) -> None:
    for name, text in _settings(person).items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _settings(person: Mapping[str, Any]) -> Mapping[str, str]:
    """Give the files of a home that stand in `agents.toml`, by their paths in it."""
    # The system's own profile sets PATH anew.
    variables = {"PATH": _PATH, **person["profile"]}
    profile = "".join(f"export {name}='{one}'\n" for name, one in variables.items())
    return {
        ".profile": profile,
        ".gitconfig": "[user]\nname = A Person\nemail = person@example.invalid\n",
        **person.get("text", {}),
        **{name: json.dumps(one) for name, one in person.get("json", {}).items()},
    }


def _lost(was: Any, now: Any, *, at: str) -> list[str]:
    """Name what of a document's values isn't there any more, or is another one."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        return [
            gone
            for name, value in was.items()
            for gone in _lost(value, now.get(name), at=f"{at}: {name}")
        ]
    return [] if was == now else [at]


def _processes_with(variable: bytes) -> list[int]:
    running = [int(one.name) for one in Path("/proc").iterdir() if one.name.isdecimal()]
    return [pid for pid in running if variable in _environment(pid)]


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def _signal(processes: Iterable[int], number: signal.Signals) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # it is gone, or somebody else's
        return []


def _make_repository(stage: Stage) -> None:
    stage.repository.mkdir()
    stage.git(stage.repository, "init", "-qb", "main")
    (stage.repository / "plain.txt").write_text("plain\n")
    stage.git(stage.repository, "add", ".")
    stage.git(stage.repository, "commit", "-qm", "first")


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in known.items():
            value = value.replace(f"{{{name}}}", text)
        return value
    if isinstance(value, Mapping):
        return {
            _filled(name, known): _filled(one, known) for name, one in value.items()
        }
    return value
