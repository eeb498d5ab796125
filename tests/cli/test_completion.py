"""Completion: scripts that real shells take, ids of a daemon that runs already."""

import subprocess
from typing import Any

import pytest

_USE = {
    "bash": 'eval "$({agentls} completion bash)"; complete -p agentls',
    "zsh": 'autoload -U compinit; compinit -D; eval "$({agentls} completion zsh)";'
    " print -r -- $_comps[agentls]",
    "fish": "{agentls} completion fish | source; complete -c agentls",
}


def complete(user: Any, *words: str) -> list[str]:
    """Ask as bash does for what the last word may become."""
    line = " ".join(["agentls", *words])
    done = user.raw(
        _AGENTLS_COMPLETE="bash_complete",
        COMP_WORDS=line,
        COMP_CWORD=str(len(words)),
    )
    assert done.returncode == 0, done
    return [entry.partition(",")[2] for entry in done.stdout.decode().split()]


@pytest.mark.parametrize(
    "shell", [pytest.param(shell, marks=pytest.mark.needs(shell)) for shell in _USE]
)
def test_the_shell_takes_its_script(user: Any, shell: str):
    text = _USE[shell].format(agentls=" ".join(user.argv()))
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    done = subprocess.run(
        [shell, *options, "-c", text],
        cwd=user.folder,
        env=user.environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == b""
    assert b"agentls_completion" in done.stdout or b"_agentls" in done.stdout


def test_commands_are_completed(user: Any):
    assert complete(user, "dis") == ["discard"]


def test_ids_come_from_the_daemon(user: Any):
    first, second = user.task("true"), user.task("true")
    assert set(complete(user, "show", "")) == {first, second}
    assert complete(user, "show", first[:3]) == [first]
    assert complete(user, "stop", first, "") == [second]


def test_no_daemon_is_started_by_it(user: Any):
    assert complete(user, "show", "") == []
    assert not user.daemon_runs
