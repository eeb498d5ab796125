"""Echo: a key typed into `cat`, to its echo at the reader.

The key goes the whole way: a client on `agentls lsp`, bridge, daemon, shim, terminal,
and back. Beside it `tmux attach` on a terminal of ours, and, told only, `agentls
attach` on such a terminal. Between two keys lies a pause of up to 10 ms, chosen at
random, as nobody types in step with anybody's timers; one key is measured after the
echo of the one before.

The load is the same on both sides, and only one side has it at a time: 100 sessions
(or windows) that do nothing; or 8 that print coloured lines without an end, alone
or with a second client that is given all they print: on our side another process on
`agentls lsp`, on tmux' side a control client.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from pathlib import Path

import attrs

from figures import Line, percentile
from peers import Terminal, Tmux, until
from stage import PROGRAM, Editor, fresh_home, open_editor, repository

__all__ = ["measure"]

_KEYS = b"~{}|`"
"""In no escape sequence that tmux draws with."""

_PAUSE = 0.01
_SETTLE = 1.0
_FLOODS = 8
_WATCHER = Path(__file__).with_name("watcher.py")


@attrs.frozen(kw_only=True)
class _Case:
    """One load, and what our times may be beside tmux'."""

    name: str
    p50: float
    p99: float = 1.5


_CASES = (
    _Case(name="quiet", p50=1.5),
    _Case(name="{} idle", p50=1.0),
    _Case(name="8 floods", p50=1.0),
    _Case(name="8 floods watched", p50=1.0),
)


def measure(rounds: int, *, keys: int, sessions: int) -> list[Line]:
    """Give the lines of echo."""
    lines: list[Line] = []
    for case in _CASES:
        times = _times(case, rounds=rounds, keys=keys, sessions=sessions)
        title = case.name.format(sessions)
        tmux = times.pop("tmux attach")
        for share, name, limit in ((0.5, "p50", case.p50), (0.99, "p99", case.p99)):
            theirs = percentile(tmux, share)
            ours = percentile(times["agentls"], share)
            lines.append(
                Line(
                    name=f"echo, {title}, {name}",
                    agentls=ours,
                    peer_name="tmux attach",
                    peer=theirs,
                    target=f"≤ {limit} ×",
                    met=ours <= theirs * limit,
                )
            )
            if "attach" in times:
                lines.append(
                    Line(
                        name=f"echo of `agentls attach`, {title}, {name}",
                        agentls=percentile(times["attach"], share),
                        peer_name="tmux attach",
                        peer=theirs,
                    )
                )
    return lines


def _times(
    case: _Case, *, rounds: int, keys: int, sessions: int
) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    with (
        fresh_home() as env,
        open_editor(env, root=repository(Path(env["HOME"]))) as editor,
        Tmux(Path(env["HOME"]), env=env, name="tmux") as tmux,
    ):
        task, session = editor.begin("exec cat")
        editor.execute("attach", session=session, control=True)
        tmux.session("echo", "exec cat")
        terminal = tmux.attach("echo")
        ours = _Load(case, env=env, name="agentls", sessions=sessions)
        theirs = _Load(case, env=env, name="tmux", sessions=sessions)
        flooding = ours.begin_with(lambda script: editor.begin(script)[1])
        theirs.begin_with(lambda script: tmux.window("load", script), tmux)
        terminal.until_quiet(_SETTLE)
        warm_up = rounds > 1
        for number in range(rounds + warm_up):
            found: dict[str, list[float]] = {}
            with ours.running(lambda: _watched(env, sessions=flooding)):
                found["agentls"] = _through_agentls(editor, session, keys=keys)
                if case.name == "quiet":
                    found["attach"] = _through_attach(env, task, keys=keys)
                    editor.attach_at_end(session, control=True)
            with theirs.running(lambda: _tmux_watched(tmux)):
                found["tmux attach"] = _echoes(terminal.write, terminal.read, keys=keys)
            if number or not warm_up:
                for name, more in found.items():
                    times.setdefault(name, []).extend(more)
        terminal.close()
        ours.end()
        theirs.end()
    return times


def _through_agentls(editor: Editor, session: str, *, keys: int) -> list[float]:
    pieces = editor.output_of(session)
    return _echoes(
        lambda key: editor.tell(
            "agentls/input", {"session": session, "text": key.decode()}
        ),
        lambda: next(pieces).encode(),
        keys=keys,
    )


def _through_attach(env: Mapping[str, str], task: str, *, keys: int) -> list[float]:
    terminal = Terminal([PROGRAM, "attach", task], env=env)
    terminal.until_quiet(_SETTLE)
    times = _echoes(terminal.write, terminal.read, keys=keys)
    terminal.close()
    return times


def _echoes(
    type_key: Callable[[bytes], None], read: Callable[[], bytes], *, keys: int
) -> list[float]:
    """Measure keys from typed to echoed, one after another, in milliseconds."""
    chance = random.Random(keys)  # noqa: S311 - pauses, no secrets
    times: list[float] = []
    for number in range(keys):
        time.sleep(chance.uniform(0, _PAUSE))
        key = _KEYS[number % len(_KEYS) :][:1]
        began = time.perf_counter()
        type_key(key)
        while key not in read():
            pass
        times.append((time.perf_counter() - began) * 1000)
    return times


class _Load:
    """What runs beside on one side; it stands still while it's the other's turn."""

    def __init__(
        self, case: _Case, *, env: Mapping[str, str], name: str, sessions: int
    ) -> None:
        self._floods = "floods" in case.name
        self._idle = sessions if "idle" in case.name else 0
        self._watched = "watched" in case.name
        self._folder = Path(env["HOME"]) / f"load-{name}"
        self._folder.mkdir()

    def begin_with(
        self, begin: Callable[[str], str | None], tmux: Tmux | None = None
    ) -> list[str]:
        """Start the programs, standing still; give what names them."""
        if tmux is not None and (self._floods or self._idle):
            tmux.session("load", "exec sleep 1000000")
        if self._idle:
            return [begin("exec sleep 1000000") or "" for _ in range(self._idle)]
        if not self._floods:
            return []
        # tmux lets its children go on when they are stopped: stop a grandchild.
        line = r"\033[32mok\033[0m   tests/test_00001.py \033[2m12 ms\033[0m passed"
        names: list[str] = []
        for number in range(_FLOODS):
            note = self._folder / str(number)
            script = (
                f"yes \"$(printf '{line}')\" & echo $! > '{note}.new'\n"
                f"mv '{note}.new' '{note}'; wait"
            )
            names.append(begin(script) or "")
            until(note.exists)
            self._signal(signal.SIGSTOP, [note])
        return names

    @contextlib.contextmanager
    def running(
        self, watched: Callable[[], contextlib.AbstractContextManager[None]]
    ) -> Generator[None]:
        """Let the load go for the time of the context."""
        with watched() if self._watched else contextlib.nullcontext():
            self._signal(signal.SIGCONT, self._folder.iterdir())
            if self._floods:
                time.sleep(_SETTLE)
            yield
            self._signal(signal.SIGSTOP, self._folder.iterdir())
        if self._floods:
            time.sleep(_SETTLE)  # what is on its way arrives

    def end(self) -> None:
        """End the floods."""
        self._signal(signal.SIGKILL, self._folder.iterdir())

    def _signal(self, number: signal.Signals, notes: Iterable[Path]) -> None:
        for note in notes:
            os.kill(int(note.read_text()), number)


@contextlib.contextmanager
def _watched(env: Mapping[str, str], *, sessions: list[str]) -> Generator[None]:
    """Have another client watch sessions and acknowledge what comes."""
    argv = [sys.executable, str(_WATCHER), *sessions]
    with subprocess.Popen(
        argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as watcher:
        assert watcher.stdout is not None
        assert watcher.stdin is not None
        assert watcher.stdout.readline() == b"watching\n"
        yield
        watcher.stdin.close()


@contextlib.contextmanager
def _tmux_watched(tmux: Tmux) -> Generator[None]:
    """Have a control client be given what the load's windows print."""
    with subprocess.Popen(
        tmux.argv("-C", "attach", "-t", "load"),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    ) as client:
        yield
        client.kill()
