"""A person's fresh home with one agent set up, a repository, and a model."""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from agentls.paths import Paths
from fakemodel.server import Model

ROOT = Path(__file__).parents[2]
_PROGRAMS = (ROOT / ".cache/agents/bin", ROOT / ".cache/node")
_PATH = ":".join([*map(str, _PROGRAMS), "/usr/local/bin", "/usr/bin", "/bin"])


@attrs.frozen(kw_only=True)
class Stage:
    """Where one agent is tried."""

    repository: Path
    model: Model
    environ: Mapping[str, str]

    @property
    def paths(self) -> Paths:
        """Where agentls keeps what."""
        return Paths.from_environ(self.environ, uid=os.getuid())

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
        "worktrees": str(home / ".local/share/agentls/worktrees"),
    }
    _write_home(home, _filled(person, known))
    stage = Stage(
        repository=repository, model=model, environ=_environ(home, runtime=folder / "r")
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
    # The system's own profile sets PATH anew.
    variables = {"PATH": _PATH, **person["profile"]}
    profile = "".join(f"export {name}='{one}'\n" for name, one in variables.items())
    texts = {
        ".profile": profile,
        ".gitconfig": "[user]\nname = A Person\nemail = person@example.invalid\n",
        **person.get("text", {}),
        **{name: json.dumps(one) for name, one in person.get("json", {}).items()},
    }
    for name, text in texts.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


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
