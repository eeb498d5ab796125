"""Attach: the first right screen for a viewer that comes late.

A session has printed 200 MB of coloured lines (or 2 MB, to see whether it grows with
the log) and has come to rest: its program waits, and neither daemon nor helpers take
processor time. Then one viewer attaches, and the clock stops when what it was given
ends with the last screen, every line of it compared.

- The editor's attach is the command `agentls.attach` with `repaint`, from the request
  to the answer, on a connection that is there already, as in an editor.
- `agentls attach` and `tmux attach` run on a terminal of ours, from their start on.

"First" is the first viewer that the session ever had; "again" a later one. Each round
has sessions of its own, so every first attach is one.
"""

import re
import statistics
import time
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

from figures import Line
from idle import at_rest
from output import coloured
from peers import Terminal, Tmux, until
from processes import helpers_of
from stage import PROGRAM, Editor, fresh_home, open_editor, repository

__all__ = ["measure"]

_SMALL = 2
_END = "THE" + "END"
_ESCAPE = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()].|.)")
_GROWTH = 1.25
_NOISE = 10.0
"""Milliseconds by which two medians may differ on this kind of machine."""


def measure(rounds: int, *, megabytes: int) -> list[Line]:
    """Give the lines of attaching late."""
    found: dict[tuple[int, str], list[float]] = {}
    with (
        fresh_home() as env,
        open_editor(env, root=repository(Path(env["HOME"]))) as editor,
    ):
        for _ in range(rounds):
            for size in (_SMALL, megabytes):
                for name, took in _Round(env, editor, megabytes=size).times():
                    found.setdefault((size, name), []).append(took * 1000)
    medians = {key: statistics.median(times) for key, times in found.items()}
    tmux = medians[megabytes, "tmux attach"]
    lines = [
        Line(
            name=f"attach, {megabytes} MB, {name}",
            agentls=medians[megabytes, name],
            peer_name="tmux attach",
            peer=tmux,
            target="≤ 1.5 ×",
            met=medians[megabytes, name] <= tmux * 1.5,
        )
        for name in ("editor, first", "editor, again", "CLI, first", "CLI, again")
    ]
    for name in ("editor, first", "CLI, first", "tmux attach"):
        large, small = medians[megabytes, name], medians[_SMALL, name]
        ours = name != "tmux attach"
        lines.append(
            Line(
                name=f"attach, {megabytes} MB, {name}",
                agentls=large,
                peer_name=f"the same, {_SMALL} MB",
                peer=small,
                target="not growing" if ours else "told only",
                met=large <= small * _GROWTH + _NOISE if ours else None,
            )
        )
    return lines


class _Round:
    """Two sessions and a tmux that have printed so much, and viewers that come."""

    def __init__(
        self, env: Mapping[str, str], editor: Editor, *, megabytes: int
    ) -> None:
        self._env = env
        self._editor = editor
        self._folder = Path(env["HOME"])
        self._text = self._folder / "text"
        coloured(self._text, megabytes=megabytes)
        printed = self._text.read_bytes()[-(4 << 10) :]
        lines = _plain(printed).split(b"\n")[-23:]
        self._screen = b"\n".join([*lines[:-1], _END.encode()])
        self._script = f"cat '{self._text}'; printf 'THE''END'; exec sleep 1000000"

    def times(self) -> list[tuple[str, float]]:
        """Give what each kind of viewer waited for its screen, in seconds."""
        with Tmux(self._folder, env=self._env, name="tmux") as tmux:
            one, other = self._begin(), self._begin()
            self._wait(one[1])
            self._wait(other[1])
            tmux.session("s", self._script)
            until(lambda: _END in tmux.run("capture-pane", "-p", "-t", "s"))
            tmux.run("set-option", "-g", "status", "off")
            at_rest(lambda: [*chain(*helpers_of(self._env).values())])
            argv = [PROGRAM, "attach", "--read-only"]
            found = [
                ("editor, first", self._in_editor(one[1])),
                ("tmux attach", self._on_terminal(tmux.argv("attach", "-t", "s"))),
                ("CLI, first", self._on_terminal([*argv, other[0]])),
                ("editor, again", self._in_editor(one[1])),
                ("CLI, again", self._on_terminal([*argv, other[0]])),
            ]
        self._editor.discard_all()
        return found

    def _begin(self) -> tuple[str, str]:
        return self._editor.begin(self._script)

    def _wait(self, session: str) -> None:
        """Wait until the log holds everything; nobody has attached by that."""
        folder = Path(self._env["AGENTLS_STATE_DIR"], "sessions", session)
        wanted = self._text.stat().st_size

        def written() -> bool:
            segments = sorted(folder.glob("log.*"))
            if not segments:
                return False
            begin = int(segments[-1].name.partition(".")[2])
            size = begin + segments[-1].stat().st_size
            return size > wanted and segments[-1].read_bytes().endswith(_END.encode())

        until(written)

    def _in_editor(self, session: str) -> float:
        began = time.perf_counter()
        answer = self._editor.execute("attach", session=session, repaint=True)
        took = time.perf_counter() - began
        assert answer["offset"] == answer["size"], "the screen isn't the last one"
        self._compare(answer["repaint"].encode())
        self._editor.execute("detach", session=session)
        return took

    def _on_terminal(self, argv: list[str]) -> float:
        began = time.perf_counter()
        terminal = Terminal(argv, env=self._env)
        drawn = terminal.until(_END.encode())
        took = time.perf_counter() - began
        terminal.close()
        self._compare(drawn)
        return took

    def _compare(self, drawn: bytes) -> None:
        """See that the screen's lines were drawn, in order and at the end."""
        shown = [line.rstrip() for line in _plain(drawn).split(b"\n") if line.strip()]
        wanted = [line.rstrip() for line in self._screen.split(b"\n")]
        end = shown.index(_END.encode()) + 1
        assert shown[end - len(wanted) : end] == wanted, shown[-30:]


def _plain(data: bytes) -> bytes:
    """Give text without escape sequences; each that moves the cursor breaks a line."""
    data = re.sub(rb"\x1b\[[\d;]*[Hd]", b"\n", data)
    return _ESCAPE.sub(b"", data).replace(b"\r", b"")
