"""`agentls attach` by a late viewer beside one from the start, in real terminals.

The program runs in a session. Two panes of a tmux of our own have `agentls attach
--read-only`: one from the start, one made anew at random moments. At each of them
the program is stopped wherever it is, in the middle of drawing too, so that both are
at the same byte; then text, attributes, cursor and modes must be the same.
`AGENTLS_TEST_FULL=1` takes 20 moments of each program, and 10 MB of a shell's output.
"""

import asyncio
import os
import random
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentls.sessions.folder import read_meta
from judge import COLS, ROWS, Pane, Tmux, differences

FULL = os.environ.get("AGENTLS_TEST_FULL") == "1"
MOMENTS = 20 if FULL else 4
_DEADLINE = 60.0

pytestmark = [pytest.mark.needs("tmux"), pytest.mark.timeout(900)]

SHELL = r"""
for i in $(seq {lines}); do
  printf '\033[3%dm%s a quick brown 日本語 fox \033[1;4mjumps\033[0m over\n' \
    $((i%8)) $i
done
read -r _ < '{gate}'
"""


@pytest.fixture
def tmux(tmp_path: Path, home: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tmux]:
    monkeypatch.delenv("TMUX", raising=False)
    for name, value in home.environ.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "t"
    folder.mkdir()
    server = Tmux(folder)
    yield server
    server.close()


class Stage:
    """A program in a session, a terminal that was there from the start, late ones."""

    def __init__(self, tmux: Tmux, editor: Any, *, home: Any) -> None:
        self._tmux, self._editor, self._home = tmux, editor, home
        self._gate = home.path / "gate"
        os.mkfifo(self._gate)
        self.task, self.session = "", ""

    async def begin(self, script: str) -> None:
        """Start the program, once the first terminal is attached."""
        gate = f"printf 'attached?\\n'\nread -r _ < '{self._gate}'"
        prompt = f"{gate}\nexport LC_ALL=C.UTF-8\n{script}"
        created = await self._editor.execute("createTask", prompt=prompt, agent="shell")
        self.task, self.session = created.task.id, created.task.sessions[-1].id
        self._start = self._attach()
        await self._until(lambda: "attached?" in self._text(self._start))
        before = self.size()
        await asyncio.to_thread(self._gate.write_text, "go\n")
        await self.grown(before)

    async def take_control(self) -> None:
        """Let the editor type."""
        grid = {"rows": ROWS, "cols": COLS}
        await self._editor.attach(session=self.session, control=True, **grid)

    def type(self, keys: str) -> None:
        self._editor.client.protocol.notify(
            "agentls/input", {"session": self.session, "text": keys}
        )

    def size(self) -> int:
        """Give how much the program has written."""
        folder = self._home.state / "sessions" / self.session
        last = max(folder.glob("log.*"))
        return int(last.name.partition(".")[2]) + last.stat().st_size

    async def grown(self, size: int) -> None:
        """Wait until it has written more than so much."""
        await self._until(lambda: self.size() > size)

    async def compare(self) -> None:
        """Stop the program, attach late, compare, and let it go on."""
        stopped = self._signal(signal.SIGSTOP)
        await self._until(lambda: all(_state(pid) == "T" for pid in stopped))
        await self._at_rest()
        late = self._attach()
        wrong = ["nothing was looked at"]

        def same() -> bool:
            start = self._start.look(above=0)
            wrong[:] = differences(start, late.look(above=0))
            return not wrong

        try:
            await self._until(same)
        except TimeoutError:
            pytest.fail(f"at byte {self.size()}: {wrong}")
        self._tmux.run("kill-pane", "-t", late.name)
        self._signal(signal.SIGCONT)

    async def end(self) -> None:
        """End the program, whatever it waits for."""
        await self._editor.execute("stopTask", task=self.task)

    def _attach(self) -> Pane:
        words = (sys.executable, "-m", "agentls", "attach", "--read-only", self.task)
        return self._tmux.window(f"exec {shlex.join(words)}")

    def _text(self, pane: Pane) -> str:
        return self._tmux.run("capture-pane", "-p", "-t", pane.name)

    def _signal(self, number: signal.Signals) -> list[int]:
        """Signal every process of the program's terminal session."""
        meta = read_meta(self._home.state / "sessions" / self.session)
        assert meta is not None
        assert meta.agent is not None
        pids = [pid for pid in _processes() if _leader(pid) == meta.agent.pid]
        for pid in pids:
            os.kill(pid, number)
        return pids

    async def _at_rest(self) -> None:
        """Wait until what the terminal still held is in the log."""
        before, looks = -1, 0
        while looks < 5:
            size = self.size()
            looks = looks + 1 if size == before else 0
            before = size
            await asyncio.sleep(0.01)  # nothing tells that nothing comes

    async def _until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(_DEADLINE):
            while not await asyncio.to_thread(true):  # noqa: ASYNC110 - as files
                await asyncio.sleep(0.02)  # and terminals tell nobody


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _fields(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:  # it ended
        return ["X", "0", "0", "0"]


def _state(pid: int) -> str:
    return _fields(pid)[0]


def _leader(pid: int) -> int:
    return int(_fields(pid)[3])


@pytest.fixture
async def stage(
    tmux: Tmux, open_editor: Any, repository: Path, home: Any
) -> AsyncIterator[Stage]:
    editor = await open_editor(repository)
    prepared = Stage(tmux, editor, home=home)
    yield prepared
    await prepared.end()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file worth looking at."""
    path = tmp_path / "source.py"
    text = Path(__file__).read_text("utf-8")
    path.write_text("# 日本語 😀 é\t" + "long " * 40 + "\n" + text, "utf-8")
    return path


async def _typed(stage: Stage, keys: tuple[str, ...]) -> None:
    """Type key after key, and compare wherever the program is then."""
    chance = random.Random(len(keys))  # noqa: S311 - moments, no secrets
    await stage.take_control()
    for moment in range(MOMENTS):
        before = stage.size()
        stage.type(keys[moment % len(keys)])
        await stage.grown(before + chance.randrange(60))
        await stage.compare()


@pytest.mark.full
@pytest.mark.needs("vim")
async def test_vim(stage: Stage, source: Path):
    settings = "set number hlsearch mouse=a laststatus=2 ruler termguicolors"
    await stage.begin(f"exec vim -u NONE -c 'syntax on' -c '{settings}' '{source}'")
    await _typed(
        stage,
        (
            *("\x06", ":split\r", "/def\r", "\x06", "G", ":vsplit\r", "gg\x06"),
            *("Ohéllo 日本語 😀 end\x1b", ":only\r", "V5j", "\x1b\x02", ":set list\r"),
        ),
    )


@pytest.mark.full
@pytest.mark.needs("less")
async def test_less(stage: Stage, source: Path):
    await stage.begin(f"exec less -R -N '{source}'")
    await _typed(stage, (" ", "/import\r", "G", "g", "jjjjj", " ", "?def\r", "b"))


@pytest.mark.needs("htop")
async def test_htop(stage: Stage):
    await stage.begin("exec htop -d 2")
    await _typed(stage, ("\x1b[B" * 3, "t", "H", "/sh", "\x1b[B", "t", "H"))


@pytest.mark.full
async def test_a_shell_with_much_output(stage: Stage, home: Any, say: Any):
    lines = 180_000 if FULL else 18_000
    script = SHELL.format(lines=lines, gate=home.path / "gate")
    await stage.begin(script)
    wanted = lines * 58
    chance = random.Random(lines)  # noqa: S311 - moments, no secrets
    for moment in sorted(chance.randrange(wanted) for _ in range(MOMENTS)):
        await stage.grown(moment)
        await stage.compare()
    await stage.grown(wanted)
    await stage.compare()
    assert stage.size() > (10_000_000 if FULL else 1_000_000)
    say(f"{stage.size()} bytes, {MOMENTS} moments")
