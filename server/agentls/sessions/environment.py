"""The environment of an agent: the user's own, as in a new terminal.

The user's shell is run as a login and interactive shell on a terminal of its
own, so that every rc file takes part. What it prints there is thrown away: the
variables come through a private file, to which `env -0` appends between two
random markers. A terminal would turn newlines into CR LF, and a file that rc
files and programs don't know can't be mixed with what they print.
"""

import asyncio
import json
import os
import secrets
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import attrs

from agentls.sessions.processes import members_of
from agentls.sessions.program import Terminal, reset_signals
from agentls.threads import in_thread

__all__ = ["UserEnvironment", "agent_environment", "user_environment"]

_FROM_CLIENT = ("SSH_AUTH_SOCK", "DISPLAY", "WAYLAND_DISPLAY", "LANG")

_OF_THE_SHELL = ("_", "SHLVL", "PWD", "OLDPWD", "AGENTLS_RESOLVING_ENVIRONMENT")
"""What belongs to the shell that was asked, not to the user."""

_RC_FILES = {
    "bash": (
        *("/etc/profile", "/etc/bash.bashrc", "/etc/bashrc"),
        *("~/.bash_profile", "~/.bash_login", "~/.profile", "~/.bashrc"),
    ),
    "zsh": (
        *("/etc/zshenv", "/etc/zprofile", "/etc/zshrc", "/etc/zlogin"),
        *("/etc/zsh/zshenv", "/etc/zsh/zprofile", "/etc/zsh/zshrc", "/etc/zsh/zlogin"),
        *("~/.zshenv", "~/.zprofile", "~/.zshrc", "~/.zlogin"),
    ),
    "fish": (
        *("/etc/fish/config.fish", "/etc/fish/conf.d"),
        *("~/.config/fish/config.fish", "~/.config/fish/conf.d"),
        "~/.config/fish/fish_variables",
    ),
}
_OTHER_RC_FILES = (
    *("/etc/profile", "~/.profile", "~/.login", "~/.cshrc", "~/.tcshrc"),
    *("~/.kshrc", "~/.mkshrc"),
)


@attrs.frozen(kw_only=True)
class UserEnvironment:
    """What a new terminal of the user's would have."""

    values: Mapping[str, str]
    problem: str | None = None
    """Why these are older values, or only the basic ones; None when all is well."""


async def user_environment(
    *,
    shell: str,
    home: Path,
    base_env: Mapping[str, str],
    cache: Path,
    timeout: float = 10.0,  # noqa: ASYNC109 - a limit for the shell, not the caller
    patience: float = 60.0,
) -> UserEnvironment:
    """Give the user's environment, asking the shell only when its rc files changed.

    `base_env` is what a login would begin with: HOME, USER, a PATH. When the shell
    hangs or fails, it is ended with all that it started, and the last good answer
    is given, or else `base_env`; `problem` says so then. It isn't asked again for
    `patience` seconds then, unless its rc files change: nobody waits twice for a
    shell that hangs.
    """
    stamps = await in_thread(_stamps, shell, home=home)
    known = await in_thread(_read_cache, cache)
    if known is not None and known.shell == shell and known.stamps == stamps:
        age = time.time() - known.failed
        if known.problem is None or 0 <= age < patience:
            return UserEnvironment(values=known.values, problem=known.problem)
    base = {**base_env, "HOME": str(home), "SHELL": shell}
    try:
        values = await _ask_shell(
            shell, env=base, folder=cache.parent, home=home, limit=timeout
        )
    except _NoAnswerError as error:
        answer = _without_answer(
            error, known=known, shell=shell, stamps=stamps, base=base
        )
    else:
        answer = _Answer(shell=shell, stamps=stamps, values=values)
    await in_thread(_write_cache, cache, answer=answer)
    return UserEnvironment(values=answer.values, problem=answer.problem)


def agent_environment(
    user: UserEnvironment,
    *,
    client_env: Mapping[str, str],
    config_env: Mapping[str, str],
    own: Mapping[str, str],
) -> dict[str, str]:
    """Put an agent's environment together; what comes later wins.

    The user's own; of the asking client what its terminal alone knows; the
    terminal that agentls is; what the config names; the AGENTLS_* of the task.
    Nothing of the daemon's, which carries some editor's variables.
    """
    asked = {name: client_env[name] for name in _FROM_CLIENT if name in client_env}
    terminal = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    return {**user.values, **asked, **terminal, **config_env, **own}


class _NoAnswerError(Exception):
    """The shell didn't give its variables; the text says why."""


@attrs.frozen(kw_only=True)
class _Answer:
    shell: str
    stamps: Mapping[str, int | None]
    """When each rc file was changed, None for one that isn't there."""
    values: Mapping[str, str]
    problem: str | None = None
    """Why the shell gave no values; these are others then."""
    basic: bool = False
    """Nothing of the user's shell is in them."""
    failed: float = 0.0
    """When it gave none, in seconds since the epoch."""


def _without_answer(
    error: _NoAnswerError,
    *,
    known: _Answer | None,
    shell: str,
    stamps: Mapping[str, int | None],
    base: Mapping[str, str],
) -> _Answer:
    """Make do with the last good answer, or with the basic variables."""
    good = known is not None and known.shell == shell and not known.basic
    kept = "The variables of the last time" if good else "Only the basic variables"
    return _Answer(
        shell=shell,
        stamps=stamps,
        values=known.values if good and known else base,
        problem=f"{error} {kept} are used.",
        basic=not good,
        failed=time.time(),
    )


async def _ask_shell(
    shell: str, *, env: Mapping[str, str], folder: Path, home: Path, limit: float
) -> dict[str, str]:
    begin, end = secrets.token_bytes(16).hex(), secrets.token_bytes(16).hex()
    file = await in_thread(_make_file, folder, begin=begin)
    try:
        await _run_shell(
            shell, command=_command(file, end=end), env=env, home=home, limit=limit
        )
        data = await in_thread(file.read_bytes)
    finally:
        await in_thread(file.unlink, missing_ok=True)
    body = data.removeprefix(begin.encode() + b"\0")
    if body == data or not body.endswith(b"\0" + end.encode()):
        raise _NoAnswerError(f"{shell} ended without giving its variables.")
    values: dict[str, str] = {}
    for record in body[: -len(end) - 1].split(b"\0"):
        name, equals, value = os.fsdecode(record).partition("=")
        if equals and name and name not in _OF_THE_SHELL:
            values[name] = value
    return values


def _command(file: Path, *, end: str) -> str:
    # In the common words of sh, zsh, fish and csh. Full paths, since an interactive
    # shell may have aliases; `>>`, since noclobber forbids `>` on a file that exists.
    quoted = "'" + str(file).replace("'", "'\\''") + "'"
    return f"/usr/bin/env -0 >> {quoted}; /usr/bin/env printf %s {end} >> {quoted}"


async def _run_shell(
    shell: str, *, command: str, env: Mapping[str, str], home: Path, limit: float
) -> None:
    """Run it to its end on a terminal whose output is thrown away."""
    begun: list[Terminal] = []

    def begin() -> None:
        begun.append(_spawn([shell, "-ilc", command], env=env, home=home))

    try:
        await in_thread(begin)
    except OSError as error:
        said = str(error).rstrip(".")
        raise _NoAnswerError(f"{shell} can't be run: {said}.") from error
    except asyncio.CancelledError:
        for terminal in begun:  # it has begun all the same
            await in_thread(_end, terminal)
        raise
    [terminal] = begun
    fd = terminal.fd
    loop = asyncio.get_running_loop()
    try:
        os.set_blocking(fd, False)
        loop.add_reader(fd, _throw_away, loop, fd)
        async with asyncio.TaskGroup() as group:
            ended = group.create_task(in_thread(os.waitpid, terminal.pid, 0))
            try:
                done, _ = await asyncio.wait([ended], timeout=limit)
            finally:
                if not ended.done():
                    await in_thread(_kill_session, terminal.pid)
    finally:
        loop.remove_reader(fd)
        os.close(fd)
    if not done:
        raise _NoAnswerError(f"{shell} didn't finish its rc files in {limit:g} s.")


def _spawn(argv: list[str], *, env: Mapping[str, str], home: Path) -> Terminal:
    asked = {**env, "TERM": "xterm-256color", "AGENTLS_RESOLVING_ENVIRONMENT": "1"}
    return Terminal.spawn(  # pyright: ignore[reportUnknownMemberType] - no types
        argv, cwd=str(home), env=asked, preexec_fn=reset_signals
    )


def _throw_away(loop: asyncio.AbstractEventLoop, fd: int) -> None:
    try:
        gone = not os.read(fd, 1 << 16)
    except BlockingIOError:
        return
    except OSError:
        gone = True
    if gone:
        loop.remove_reader(fd)


def _end(terminal: Terminal) -> None:
    _kill_session(terminal.pid)
    os.waitpid(terminal.pid, 0)
    os.close(terminal.fd)


def _kill_session(leader: int) -> None:
    """Kill a shell with all that it started; it isn't reaped before that."""
    doomed: dict[int, bytes] = {}
    while found := members_of(leader, also=doomed):
        doomed.update(found)
        # The leader last: by its pid the others are found.
        for pid in sorted(found, key=lambda pid: pid == leader):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if found.keys() <= {leader}:
            return
    try:
        os.killpg(leader, signal.SIGKILL)  # without /proc
    except ProcessLookupError:
        return


def _make_file(folder: Path, *, begin: str) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"environment-{secrets.token_hex(16)}"
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as opened:
        opened.write(begin.encode() + b"\0")
    return file


def _stamps(shell: str, *, home: Path) -> dict[str, int | None]:
    stamps: dict[str, int | None] = {}
    for name in _RC_FILES.get(Path(shell).name, _OTHER_RC_FILES):
        path = home / name[2:] if name.startswith("~/") else Path(name)
        try:
            stamps[str(path)] = path.stat().st_mtime_ns
        except OSError:
            stamps[str(path)] = None
    return stamps


def _read_cache(cache: Path) -> _Answer | None:
    """Give the last answer; None when there is none, or the file is torn."""
    try:
        data = json.loads(cache.read_text("utf-8"))
        return _Answer(
            shell=str(data["shell"]),
            stamps={str(path): time for path, time in data["stamps"].items()},
            values={str(name): str(value) for name, value in data["values"].items()},
            problem=None if data["problem"] is None else str(data["problem"]),
            basic=bool(data["basic"]),
            failed=float(data["failed"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write_cache(cache: Path, *, answer: _Answer) -> None:
    # ASCII with escapes: values of any bytes come back as they were.
    text = json.dumps(attrs.asdict(answer))
    aside = cache.with_name(f"{cache.name}.{secrets.token_hex(8)}")
    try:
        aside.touch(mode=0o600, exist_ok=False)
        aside.write_text(text, "ascii")
        aside.replace(cache)
    except OSError:  # no cache: the shell is asked again the next time
        aside.unlink(missing_ok=True)
