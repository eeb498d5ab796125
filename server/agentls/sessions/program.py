"""The program of a session: what is asked for, and how it is started on a terminal."""

# ruff: noqa: PTH109, PTH113, PTH118, SIM105
# pathlib and contextlib would cost every session memory.

import errno
import os
import signal

from ptyprocess import PtyProcess

__all__ = [
    "Refused",
    "Spec",
    "Terminal",
    "find_program",
    "kind_of",
    "reset_signals",
    "spawn",
]

_NOT_A_PROGRAM = (errno.ENOENT, errno.EACCES, errno.ENOEXEC, errno.ENOTDIR)


class Refused(Exception):
    """The session can't begin: a kind for the daemon and a sentence."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Terminal(PtyProcess):
    """A program on a terminal, without the streams that ptyprocess would open."""

    def __init__(self, pid: int, fd: int) -> None:
        # No call of the base: it opens the streams, and ends the program later.
        self.pid = pid
        self.fd = fd
        self.closed = True


class Spec:
    """What is asked for: `name=value` records, separated by NUL."""

    def __init__(self, data: bytes) -> None:
        values: dict[bytes, bytes] = {}
        self.argv: list[bytes] = []
        self.environment: dict[bytes, bytes] = {}
        for record in data.split(b"\0"):
            name, _, value = record.partition(b"=")
            if name == b"arg":
                self.argv.append(value)
            elif name == b"env":
                variable, _, text = value.partition(b"=")
                self.environment[variable] = text
            else:
                values[name] = value
        self.folder = values[b"folder"]
        self.cwd = values[b"cwd"]
        self.rows = int(values[b"rows"])
        self.cols = int(values[b"cols"])
        self.segment_bytes = int(values[b"segment_bytes"])
        self.keep_bytes = int(values[b"keep_bytes"])
        self.stall = float(values[b"stall"])


def find_program(spec: Spec) -> bytes:
    """Find the program as the agent's environment and folder would."""
    _enter_cwd(spec)
    os.chdir(spec.folder)
    name = spec.argv[0]
    if b"/" in name:
        candidates = [os.path.join(spec.cwd, name)]
    else:
        folders = spec.environment.get(b"PATH", b"").split(b":")
        candidates = [os.path.join(folder, name) for folder in folders if folder]
    for candidate in candidates:
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    raise Refused("missing", f"{os.fsdecode(name)} wasn't found, or isn't executable.")


def spawn(program: bytes, spec: Spec) -> Terminal:
    """Start the program in its folder; raises `Refused` when it can't be."""
    argv = [os.fsdecode(arg) for arg in (program, *spec.argv[1:])]
    environment = {os.fsdecode(k): os.fsdecode(v) for k, v in spec.environment.items()}
    _enter_cwd(spec)
    try:
        return Terminal.spawn(  # pyright: ignore[reportUnknownMemberType] - no types
            argv,
            env=environment,
            preexec_fn=reset_signals,
            dimensions=(spec.rows, spec.cols),
        )
    except OSError as error:
        kind = "missing" if error.errno in (None, *_NOT_A_PROGRAM) else kind_of(error)
        raise Refused(kind, f"{argv[0]} didn't start: {error}") from error
    finally:
        os.chdir(spec.folder)  # nothing of a session's may land in the worktree


def _enter_cwd(spec: Spec) -> None:
    """Enter the program's folder; refuse one that is gone or a way to another one."""
    # Invariant: no worktree, no start. tests/sessions/test_shim.py
    wanted = os.fsdecode(spec.cwd)
    try:
        os.chdir(spec.cwd)
        here = os.getcwdb()
    except OSError as error:
        raise Refused("cwd", f"The folder can't be entered: {error}") from error
    if here != spec.cwd:
        os.chdir(spec.folder)
        raise Refused("cwd", f"The folder {wanted} is really {os.fsdecode(here)}.")


def reset_signals() -> None:
    """Give the program the signals of a new terminal: Python and we ignored some."""
    signal.set_wakeup_fd(-1)
    for signum in range(1, signal.NSIG):
        if signum not in (signal.SIGKILL, signal.SIGSTOP):
            try:
                signal.signal(signum, signal.SIG_DFL)
            except (OSError, ValueError):  # the C library keeps a few for itself
                pass
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def kind_of(error: OSError) -> str:
    """Say which kind of refusal a system's error is."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "full"
    return "arguments" if error.errno == errno.E2BIG else "internal"
