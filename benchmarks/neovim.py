"""The plugin for Neovim: start-up, the list, the panel, and from done to merged.

- start-up: what `--startuptime` says of `plugin/agentls.lua`, median; beside: 2 ms.
- list: 1,000 tasks drawn and on the screen; beside: 50 ms.
- panel: a session's output up to its last line on Neovim's screen, and the same
  program in `:terminal`. A terminal that lags far behind is given the screen in place
  of what nobody could read, so the panel may be quicker than the terminal.
- merge: 20 files; from the key that opens the review to its first diff, and from the
  key that merges to the end, both on the screen, together; beside: 300 ms.
"""

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from figures import Line, medians
from stage import ROOT, agentls, fresh_home, repository

sys.path.append(str(ROOT / "tests" / "neovim"))

from neovim_driver import Neovim

__all__ = ["measure"]

_PROGRAM = ROOT / ".venv/bin/nvim"
_PLUGIN = ROOT / "editors/neovim"
_FILES = 20
_TASKS = """
local tasks, states = {}, { 'waiting', 'review', 'working', 'failed', 'queued' }
for number = 1, 1000 do
  tasks[number] = {
    id = ('t%03d'):format(number), number = number, rev = number, agent = 'shell',
    title = 'Do the thing with the number ' .. number, added = number, deleted = 1,
    state = states[number % 5 + 1], why = 'A reason.', repository = 'file:///r',
    worktree = 'file:///w/' .. number, created = '2026-01-01T00:00:00Z',
    changed = '2026-01-01T00:00:00Z',
  }
end
require('agentls.list').open()
require('agentls.store').replace(tasks, 1000)
local begun = vim.uv.hrtime()
require('agentls.list').draw()
vim.cmd.redraw()
return (vim.uv.hrtime() - begun) / 1e9
"""


def measure(rounds: int, *, megabytes: int) -> list[Line]:
    """Measure all four."""
    with fresh_home() as home, tempfile.TemporaryDirectory() as folder:
        root = repository(Path(folder))
        config = Path(home["HOME"], ".config/nvim")
        config.mkdir(parents=True)
        (config / "init.lua").write_text(
            f"vim.opt.runtimepath:append([[{_PLUGIN}]])\nvim.o.swapfile = false\n"
        )
        Path(home["HOME"], ".gitconfig").write_text("[user]\nname = b\nemail = b@b\n")
        env = home | {"PATH": f"{_PROGRAM.parent}:{home['PATH']}"}
        flood = Path(folder, "flood")
        line = b"\x1b[3%dma line of what an agent prints, %d\x1b[0m\n"
        count = megabytes * 1_000_000 // 45
        flood.write_bytes(b"".join(line % (n % 8, n) for n in range(count)))
        shown = medians(
            {
                "panel": lambda: _panel(env, root, flood),
                "terminal": lambda: _terminal(env, root, flood),
            },
            rounds=rounds,
        )
        alone = medians(
            {
                "start": lambda: _start_up(env, root),
                "list": lambda: _list(env, root),
                "merge": lambda: _merge(env, root),
            },
            rounds=rounds,
        )
    return [
        _line("start of the plugin", alone["start"], 2),
        _line("list of 1,000 tasks, Neovim", alone["list"], 50),
        _line("review and merge 20 files, Neovim", alone["merge"], 300),
        Line(
            name=f"{megabytes} MB of output, Neovim",
            agentls=shown["panel"],
            peer_name="`:terminal`",
            peer=shown["terminal"],
            target="≤ 1.1 ×",
            met=shown["panel"] <= 1.1 * shown["terminal"],
        ),
    ]


def _line(name: str, took: float, most: float) -> Line:
    return Line(
        name=name,
        agentls=took,
        peer_name="the target",
        peer=most,
        target=f"≤ {most:g} ms",
        met=took <= most,
    )


def _open(env: Mapping[str, str], root: Path) -> Neovim:
    return Neovim(_PROGRAM, environ=env, cwd=root)


def _start_up(env: Mapping[str, str], root: Path) -> float:
    times: list[float] = []
    for _ in range(5):
        with tempfile.NamedTemporaryFile("r") as log:
            subprocess.run(
                [_PROGRAM, "--headless", "--startuptime", log.name, "+qa"],
                env=dict(env),
                cwd=root,
                check=True,
                capture_output=True,
            )
            found = re.search(
                r"([\d.]+): sourcing \S*plugin/agentls\.lua", Path(log.name).read_text()
            )
        assert found
        times.append(float(found[1]) / 1000)
    return statistics.median(times)


def _list(env: Mapping[str, str], root: Path) -> float:
    neovim = _open(env, root)
    took: float = neovim.lua(_TASKS)
    neovim.until_screen("Needs you (400)")
    neovim.close()
    return took


def _task(env: Mapping[str, str], root: Path, script: str, *args: str) -> str:
    said = agentls(
        "run", "--repo", str(root), "--agent", "shell", "--json", *args, script, env=env
    )
    return json.loads(said)["task"]["id"]


def _panel(env: Mapping[str, str], root: Path, flood: Path) -> float:
    task = _task(env, root, f"read x; cat '{flood}'; echo THE $((6 * 7)) END; cat")
    neovim = _open(env, root)
    neovim.command(f"AgentTask open {task}")
    neovim.until_screen("-- TERMINAL --")
    took = _flooded(neovim)
    agentls("discard", task, env=env)
    return took


def _terminal(env: Mapping[str, str], root: Path, flood: Path) -> float:
    neovim = _open(env, root)
    script = f"read x; cat '{flood}'; echo THE $((6 * 7)) END; cat"
    neovim.lua("vim.cmd('botright vsplit | enew')")
    neovim.lua("vim.fn.jobstart({ 'sh', '-c', ... }, { term = true })", script)
    neovim.keys("i")
    neovim.until_screen("-- TERMINAL --")
    return _flooded(neovim)


def _flooded(neovim: Neovim) -> float:
    begun = time.monotonic()
    neovim.keys("<CR>")
    neovim.until_screen("THE 42 END")
    took = time.monotonic() - begun
    neovim.close()
    return took


def _merge(env: Mapping[str, str], root: Path) -> float:
    script = f"for n in $(seq 10 {9 + _FILES}); do date +%s%N > f$n.txt; done"
    _task(env, root, script, "--wait")
    neovim = _open(env, root)
    neovim.command("AgentTask")
    neovim.until_screen("Ready for review (1)")
    begun = time.monotonic()
    neovim.keys("<CR>")
    neovim.until_screen(f"{_FILES} files", "now: f10.txt", "before: f10.txt")
    opened = time.monotonic()
    neovim.keys("]")
    neovim.until_screen("now: f11.txt")
    merged = time.monotonic()
    neovim.keys("m")
    neovim.until_screen("is merged into")
    took = time.monotonic() - merged + opened - begun
    neovim.close()
    return took
