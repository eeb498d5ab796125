"""One git process: started, fed, bounded in time and size, and ended for sure."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from agentls.errors import GitFailed

__all__ = ["OUTPUT_MAX", "Finished", "TooMuchOutput", "TookTooLong", "run_process"]

OUTPUT_MAX = 512 * 1024 * 1024
"""Bytes of output after which a call is given up."""

_STDERR_KEPT = 64 * 1024
_CHUNK = 256 * 1024
_TERM_GRACE = 2.0


class TooMuchOutput(GitFailed):
    """Git wrote more than the caller wants to hold; it was ended."""


class TookTooLong(GitFailed):
    """It was ended when its time was over."""


@attrs.frozen(kw_only=True)
class Finished:
    """What a process left behind."""

    status: int
    """The exit status; negative for a signal."""
    stdout: bytes
    stderr: bytes
    """The last part of it."""


async def run_process(
    argv: Sequence[str | bytes],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    stdin: bytes | None = None,
    within: float,
    output_max: int = OUTPUT_MAX,
    inherit: tuple[int, ...] = (),
    name: str = "Git",
) -> Finished:
    """Run a program in a process group of its own and give what it left.

    After `within` seconds, on cancellation or too much output the whole group
    is ended before this returns. `inherit` names descriptors that the process keeps
    open, such as a lock that must last as long as the process does; `name` is what
    an error calls it.
    """
    process = await _start(
        argv, cwd=cwd, environ=environ, fed=stdin is not None, inherit=inherit
    )
    try:
        return await _talk(
            process, stdin=stdin, within=within, output_max=output_max, name=name
        )
    finally:
        if process.returncode is None:
            await _end(process)


async def _start(
    argv: Sequence[str | bytes],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    fed: bool,
    inherit: tuple[int, ...],
) -> asyncio.subprocess.Process:
    """Start the process; a cancellation meanwhile ends it as soon as it is there.

    asyncio's own way out of a cancelled start may wait for ever, and leaves the
    process's children running.
    """

    async def begin() -> asyncio.subprocess.Process | OSError:
        try:
            return await asyncio.create_subprocess_exec(
                *argv,
                cwd=cwd,
                env=environ,
                stdin=asyncio.subprocess.PIPE if fed else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                pass_fds=inherit,
            )
        except OSError as error:
            return error

    async with asyncio.TaskGroup() as group:
        starting = group.create_task(begin())
        try:
            await asyncio.wait([starting])
        except asyncio.CancelledError:
            await asyncio.wait([starting])
            begun = starting.result()
            if not isinstance(begun, OSError):
                await _end(begun)
            raise
    begun = starting.result()
    if isinstance(begun, FileNotFoundError):
        raise await _not_started(cwd) from begun
    if isinstance(begun, OSError):
        raise GitFailed(f"Git can't be started: {begun.strerror}.") from begun
    return begun


async def _not_started(cwd: Path) -> GitFailed:
    if os.path.isdir(cwd):  # noqa: ASYNC240, PTH112 - one stat, on the way out
        return GitFailed(
            "There is no git on the PATH.",
            hint="Install git 2.38 or newer, or start agentls where it is found.",
        )
    return GitFailed(f"The folder {cwd} is gone.", hint="Was it moved or deleted?")


async def _talk(
    process: asyncio.subprocess.Process,
    *,
    stdin: bytes | None,
    within: float,
    output_max: int,
    name: str,
) -> Finished:
    assert process.stdout is not None  # noqa: S101 - for the type checker
    assert process.stderr is not None  # noqa: S101 - for the type checker
    try:
        async with asyncio.timeout(within), asyncio.TaskGroup() as group:
            output = group.create_task(_read(process, process.stdout, output_max))
            errors = group.create_task(_read_end(process.stderr))
            if stdin is not None:
                group.create_task(_feed(process, stdin))
            status = await process.wait()
    except TimeoutError as error:
        raise TookTooLong(
            f"{name} took longer than {within:g} seconds and was ended.",
            hint="Try again; if it stays so, look whether the disk or network hangs.",
        ) from error
    if len(output.result()) > output_max:
        raise TooMuchOutput(f"{name} wrote more than {output_max} bytes; it was ended.")
    return Finished(status=status, stdout=output.result(), stderr=errors.result())


async def _read(
    process: asyncio.subprocess.Process, stream: asyncio.StreamReader, at_most: int
) -> bytes:
    """Read to the end; a process that writes more than that is ended."""
    chunks: list[bytes] = []
    size = 0
    while chunk := await stream.read(_CHUNK):
        size += len(chunk)
        if size - len(chunk) <= at_most:
            chunks.append(chunk)
        if size > at_most:
            _signal(process.pid, signal.SIGKILL)
    return b"".join(chunks)


async def _read_end(stream: asyncio.StreamReader) -> bytes:
    kept = b""
    while chunk := await stream.read(_CHUNK):
        kept = (kept + chunk)[-_STDERR_KEPT:]
    return kept


async def _feed(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - for the type checker
    try:
        process.stdin.write(data)
        await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        return  # it ended before reading all; its exit status says why


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the group: politely first, since git then removes its lock files."""
    if process.stdin is not None:
        process.stdin.close()
    for signum, grace in ((signal.SIGTERM, _TERM_GRACE), (signal.SIGKILL, 10.0)):
        _signal(process.pid, signum)
        try:
            async with asyncio.timeout(grace):
                await _drain(process)
                await process.wait()
        except TimeoutError:
            continue
        break
    _signal(process.pid, signal.SIGKILL)  # what it left in its group: a filter


async def _drain(process: asyncio.subprocess.Process) -> None:
    """Read to the end of both pipes; only then asyncio calls a process ended."""
    for stream in (process.stdout, process.stderr):
        while stream is not None and await stream.read(_CHUNK):
            pass


def _signal(group: int, signum: signal.Signals) -> None:
    # PermissionError is macOS' word for a group of which only zombies are left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signum)
