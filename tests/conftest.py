"""What all tests share: a fresh home, real repositories, and nothing left behind."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path

import attrs
import pytest

_DEADLINE = 20.0


def pytest_configure() -> None:
    """Let programs under test be interrupted, also where the suite itself can't be.

    Started in the background or by nohup, it ignores these signals, and so would they.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose program isn't on this machine; where CI runs, it must be."""
    for mark in item.iter_markers("needs"):
        (program,) = mark.args
        if shutil.which(program) is None:
            if os.environ.get("CI"):
                pytest.fail(f"{program} is needed; .ci/run installs it")
            pytest.skip(f"there is no {program} on this machine")


@attrs.frozen(kw_only=True)
class Home:
    """A user's fresh home: every folder of agentls lies in it."""

    path: Path
    environ: Mapping[str, str]

    @property
    def state(self) -> Path:
        return Path(self.environ["AGENTLS_STATE_DIR"])

    def agentls(self, *args: str, **options) -> subprocess.CompletedProcess[str]:
        """Run the command line and give what it printed."""
        return subprocess.run(
            [sys.executable, "-m", "agentls", *args],
            env=self.environ | options.pop("environ", {}),
            capture_output=True,
            check=False,
            text=True,
            timeout=60,
            **options,
        )


@pytest.fixture
def home(tmp_path: Path) -> Generator[Home]:
    """Give a fresh home; end the daemon and everything else that ran in it."""
    path = tmp_path / "home"
    path.mkdir()
    runtime = Path("/tmp") / f"agentls-test-{os.getpid()}-{abs(hash(path)) % 10**8}"
    runtime.mkdir(mode=0o700)
    environ = {
        "HOME": str(path),
        "PATH": os.environ["PATH"],
        "SHELL": "/bin/sh",
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "AGENTLS_STATE_DIR": str(path / "state"),
        "AGENTLS_DATA_DIR": str(path / "data"),
        "AGENTLS_CONFIG_DIR": str(path / "config"),
        "AGENTLS_RUNTIME_DIR": str(runtime),
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    (path / ".gitconfig").write_text(
        "[user]\nname = A Person\nemail = person@example.invalid\n"
        '[init]\ndefaultBranch = main\n[protocol "file"]\nallow = always\n'
    )
    yield Home(path=path, environ=environ)
    _end_all(environ["AGENTLS_STATE_DIR"])
    shutil.rmtree(runtime)


@pytest.fixture
def end_all() -> Callable[[str], None]:
    """Kill what runs with a state folder, and wait until it is gone."""
    return _end_all


@pytest.fixture
def say(record_property) -> Callable[[str], None]:
    """Have the counts that a test ran with printed at the end of the suite."""
    return lambda text: record_property("ran with", text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the counts, whichever worker ran the tests."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == "ran with":
                terminalreporter.write_line(f"{report.nodeid}: {text}")


@pytest.fixture
def git(home: Home) -> Callable[..., str]:
    """Run the user's own git in a folder and give what it printed."""

    def run(folder: Path, *args: str | bytes, stdin: bytes | None = None) -> str:
        done = subprocess.run(
            ["git", *args],
            cwd=folder,
            env=home.environ,
            input=stdin,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"git {args}: {done.stderr.decode()}")
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    return run


@pytest.fixture
def repository(tmp_path: Path, git) -> Path:
    """Make a small repository with nothing odd."""
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q")
    (root / "plain.txt").write_text("plain\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    return root


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_left(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """Fail the suite for a process that outlives it."""
    yield
    base = os.fsencode(tmp_path_factory.getbasetemp())
    left = [pid for pid in _processes() if _belongs(pid, base)]
    assert not left, f"still there: {[_command(pid) for pid in left]}"


def _end_all(state: str) -> None:
    """Kill what was started in a test's home, and wait until it is gone.

    A shim and a zygote have no such variable: one works in the session's folder, the
    other is the daemon's child.
    """
    base = os.fsencode(Path(state).parent)
    while found := [pid for pid in _processes() if _belongs(pid, base)]:
        for pid in (*found, *(pid for pid in _processes() if _parent(pid) in found)):
            with contextlib.suppress(ProcessLookupError):
                process = os.pidfd_open(pid)
                signal.pidfd_send_signal(process, signal.SIGKILL)
                select.select([process], [], [], _DEADLINE)
                os.close(process)


def _parent(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return 0
    return int(text[text.rindex(")") + 2 :].split()[1])


def _processes() -> Iterator[int]:
    me = os.getpid()
    return (
        int(folder.name)
        for folder in Path("/proc").iterdir()
        if folder.name.isdigit() and int(folder.name) != me
    )


def _environ(pid: int) -> tuple[bytes, ...]:
    """Give a process's variables; none of one that ends or is somebody else's."""
    try:
        return tuple(Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    except OSError:
        return ()


def _command(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return f"{pid}, gone"
    return f"{pid} {text.replace(bytes(1), b' ').decode('utf-8', 'replace')}"


def _belongs(pid: int, base: bytes) -> bool:
    """Tell whether a process runs in the tests' folder or was started for it."""
    try:
        if os.fsencode(Path(f"/proc/{pid}/cwd").readlink()).startswith(base + b"/"):
            return True
    except OSError:
        return False
    return any(b"=" + base + b"/" in variable for variable in _environ(pid))
