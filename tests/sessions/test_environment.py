import asyncio
import os
import stat
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agentls.sessions import environment
from agentls.sessions.environment import (
    UserEnvironment,
    agent_environment,
    user_environment,
)

SHELLS = [
    pytest.param(shell, marks=pytest.mark.needs(shell))
    for shell in ("bash", "zsh", "fish")
]
RC = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"}


@pytest.fixture
def home(tmp_path: Path):
    folder = tmp_path / "home"
    (folder / ".config" / "fish").mkdir(parents=True)
    # As distributions do: a login shell reads .bashrc through the profile.
    (folder / ".bash_profile").write_text(". ~/.bashrc\n")
    return folder


@pytest.fixture
def ask(home: Path, tmp_path: Path, mark: str):
    async def run(
        shell: str = "bash", *, limit: float = 20.0, patience: float = 60.0
    ) -> UserEnvironment:
        return await user_environment(  # noqa: S604 - the user's, by its path
            shell=f"/usr/bin/{shell}",
            home=home,
            base_env={"PATH": "/usr/bin:/bin", "LD_AGENTLS_TEST": mark},
            cache=tmp_path / "state" / "environment.json",
            timeout=limit,
            patience=patience,
        )

    return run


@pytest.mark.parametrize("shell", SHELLS)
async def test_an_rc_files_variables_are_there(
    ask: Callable[..., Awaitable[UserEnvironment]], home: Path, shell: str
):
    set_it = "set -gx MINE 'my value'" if shell == "fish" else "export MINE='my value'"
    (home / RC[shell]).write_text(set_it + "\n")
    found = await ask(shell)

    assert found.problem is None
    assert found.values["MINE"] == "my value"
    assert found.values["HOME"] == str(home)
    assert "/usr/bin" in found.values["PATH"]
    assert not {"_", "SHLVL", "PWD", "AGENTLS_RESOLVING_ENVIRONMENT"} & set(
        found.values
    )


@pytest.mark.parametrize("shell", SHELLS)
async def test_without_any_rc_file_it_works_too(
    ask: Callable[..., Awaitable[UserEnvironment]], shell: str
):
    assert (await ask(shell)).problem is None


@pytest.mark.parametrize("shell", SHELLS)
async def test_what_rc_files_print_does_not_matter(
    ask: Callable[..., Awaitable[UserEnvironment]], home: Path, shell: str
):
    loop = "for i in (seq 3000); echo noise=$i; end"
    if shell != "fish":
        loop = "for i in $(seq 3000); do echo noise=$i; done"
    (home / RC[shell]).write_text(
        loop + "\nprintf 'A=b\\0\\r\\n\\033[c' ; echo oops >&2\n"
    )
    found = await ask(shell)

    assert found.problem is None
    assert "noise" not in found.values
    assert "A" not in found.values


@pytest.mark.parametrize("shell", SHELLS)
async def test_values_of_any_bytes_come_as_they_are(
    ask: Callable[..., Awaitable[UserEnvironment]], home: Path, shell: str
):
    value = b"a\nb\r\n\tc = \xff\xc3\xbc \\ $x"
    (home / "value").write_bytes(value + b".")
    script = {
        "bash": 'MULTI="$(cat ~/value)"; export MULTI="${MULTI%.}"',
        "zsh": 'MULTI="$(cat ~/value)"; export MULTI="${MULTI%.}"',
        "fish": r"set -gx MULTI (printf 'a\nb\r\n\tc = \xff\xc3\xbc \\ $x' |"
        " string collect)",
    }[shell]
    (home / RC[shell]).write_text(script + "\n")
    found = await ask(shell)

    assert os.fsencode(found.values["MULTI"]) == value


@pytest.mark.parametrize("shell", SHELLS)
async def test_an_rc_file_that_hangs_is_ended_with_all_it_started(
    ask: Callable[..., Awaitable[UserEnvironment]],
    home: Path,
    shell: str,
    marked: Callable[[], dict[int, str]],
):
    (home / RC[shell]).write_text("sleep 1000 &\nsh -c 'trap \"\" TERM; sleep 1000'\n")
    found = await ask(shell, limit=0.5)

    assert "didn't finish" in found.problem
    assert found.values["PATH"] == "/usr/bin:/bin"
    assert not any("sleep" in words for words in marked().values())


async def test_an_rc_file_that_fails_is_told(
    ask: Callable[..., Awaitable[UserEnvironment]], home: Path
):
    (home / ".bashrc").write_text("exit 3\n")
    found = await ask()

    assert "without giving its variables" in found.problem
    assert found.values["HOME"] == str(home)


async def test_a_shell_that_is_not_there_is_told(
    ask: Callable[..., Awaitable[UserEnvironment]],
):
    assert "can't be run" in (await ask("no-such-shell")).problem


async def test_the_last_good_answer_is_used_when_the_shell_fails(
    ask: Callable[..., Awaitable[UserEnvironment]], home: Path
):
    (home / ".bashrc").write_text("export MINE=before\n")
    await ask()
    (home / ".bashrc").write_text("export MINE=after; exit 1\n")
    found = await ask()

    assert found.values["MINE"] == "before"
    assert "of the last time" in found.problem


async def test_the_shell_is_asked_again_only_when_its_files_changed(
    ask: Callable[..., Awaitable[UserEnvironment]], home: Path
):
    (home / ".bashrc").write_text("echo . >> ~/asked; export MINE=one\n")
    first, second = await ask(), await ask()
    assert first == second
    assert (home / "asked").read_text() == ".\n"
    (home / ".bashrc").write_text("export MINE=two\n")

    assert (await ask()).values["MINE"] == "two"


@pytest.mark.needs("zsh")
async def test_another_shell_has_another_answer(
    ask: Callable[..., Awaitable[UserEnvironment]], home: Path
):
    (home / ".bashrc").write_text("export MINE=bash\n")
    (home / ".zshrc").write_text("export MINE=zsh\n")

    assert (await ask("bash")).values["MINE"] == "bash"
    assert (await ask("zsh")).values["MINE"] == "zsh"


async def test_aliases_functions_and_noclobber_are_no_hindrance(
    ask: Callable[..., Awaitable[UserEnvironment]], home: Path
):
    (home / ".bashrc").write_text(
        "alias env='echo no'; printf() { echo no; }; set -o noclobber; export A=b\n"
        "export -f printf\n"
    )
    found = await ask()

    assert found.problem is None
    assert found.values["A"] == "b"


async def test_the_cache_is_private_and_a_torn_one_is_no_cache(
    ask: Callable[..., Awaitable[UserEnvironment]], tmp_path: Path
):
    await ask()
    cache = tmp_path / "state" / "environment.json"
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600
    cache.write_text(cache.read_text()[:20])

    assert (await ask()).problem is None
    assert [path.name for path in cache.parent.iterdir()] == ["environment.json"]


async def test_a_cancelled_question_leaves_nothing(
    ask: Callable[..., Awaitable[UserEnvironment]],
    home: Path,
    tmp_path: Path,
    eventually: Callable[[Callable[[], object]], Awaitable[None]],
):
    (home / ".bashrc").write_text("touch ~/begun; sleep 1000\n")
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(ask())
        await eventually((home / "begun").exists)
        asking.cancel()

    assert asking.cancelled()
    assert list((tmp_path / "state").iterdir()) == []


async def test_a_question_cancelled_while_it_begins_leaves_nothing(
    ask: Callable[..., Awaitable[UserEnvironment]],
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    begun, cancelled = asyncio.Event(), threading.Event()
    loop, spawn = asyncio.get_running_loop(), environment._spawn

    def spawn_slowly(*args: Any, **kwargs: Any) -> Any:
        terminal = spawn(*args, **kwargs)
        loop.call_soon_threadsafe(begun.set)
        assert cancelled.wait(20)
        return terminal

    monkeypatch.setattr(environment, "_spawn", spawn_slowly)
    (home / ".bashrc").write_text("sleep 1000\n")
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(ask())
        await begun.wait()
        asking.cancel()
        loop.call_soon(cancelled.set)

    assert asking.cancelled()
    assert list((tmp_path / "state").iterdir()) == []


def test_later_sources_win_and_the_clients_own_stay_out():
    found = agent_environment(
        UserEnvironment(values={"A": "user", "LANG": "C", "TERM": "dumb", "B": "user"}),
        client_env={"LANG": "de_DE.UTF-8", "DISPLAY": ":1", "VSCODE_PID": "1"},
        config_env={"A": "config", "AGENTLS_TASK": "forged"},
        own={"AGENTLS_TASK": "t1"},
    )

    assert found == {
        "A": "config",
        "B": "user",
        "LANG": "de_DE.UTF-8",
        "DISPLAY": ":1",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "AGENTLS_TASK": "t1",
    }


async def test_a_shell_that_fails_is_not_asked_at_once_again(
    ask: Callable[..., Awaitable[UserEnvironment]], home: Path
):
    asked = home / "asked"
    rc = home / ".bashrc"
    rc.write_text(f"echo x >> {asked}; exit 1\n")
    first = await ask()
    assert first.problem is not None
    assert await ask() == first
    assert asked.read_text().count("x") == 1
    assert (await ask(patience=0.0)).problem == first.problem
    assert asked.read_text().count("x") == 2
    rc.write_text("export MENDED=yes\n")
    found = await ask()
    assert found.problem is None
    assert found.values["MENDED"] == "yes"
