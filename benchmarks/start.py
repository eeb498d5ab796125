"""Start: from asking for a session to the first byte of its program.

The program prints at once. Ours is measured twice: with the core's own calls, from
the request at the zygote to the byte at a viewer in the same process ("session"); and
through a client on `agentls lsp` that gives a task at rest more to do, attaches to
the new session and gets its output ("editor"), which includes a checkpoint and the
task's new state. Beside it: a terminal that Python forks, and `new-window` asked of
tmux by a control client that then gets the output.
"""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from agentls.model import SessionId
from agentls.paths import Paths
from agentls.sessions.launch import Launch
from agentls.sessions.sessions import Sessions
from agentls.sessions.viewer import Viewer
from figures import Line, medians
from peers import Terminal, Tmux, until
from stage import Editor, fresh_home, open_editor, repository

__all__ = ["measure"]

_LIMIT = 30.0
_SCRIPT = "printf 'THE''FIRST'; exec sleep 1000000"
_FIRST = b"THEFIRST"


def measure(rounds: int) -> list[Line]:
    """Give the lines of starting a session."""
    with fresh_home() as env:
        folder = Path(env["HOME"])
        with (
            open_editor(env, root=repository(folder)) as editor,
            Tmux(folder, env=env, name="tmux") as tmux,
            asyncio.Runner() as runner,
        ):
            task, _ = editor.begin("true")
            sessions = Sessions(paths=_paths(folder))
            runner.run(sessions.__aenter__())
            tmux.session("s", "exec sleep 1000000")
            with tmux.control("s") as control:

                def through_editor() -> float:
                    _at_rest(editor, task)
                    began = time.perf_counter()
                    more = editor.execute("sendPrompt", task=task, text=_SCRIPT)
                    session = more["task"]["sessions"][-1]["id"]
                    editor.execute("attach", session=session)
                    next(iter(editor.output_of(session)))
                    took = time.perf_counter() - began
                    editor.execute("stopTask", task=task)
                    return took

                def through_tmux() -> float:
                    assert control.stdin is not None
                    assert control.stdout is not None
                    began = time.perf_counter()
                    script = _SCRIPT.replace("'", "")
                    control.stdin.write(f'new-window "{script}"\n'.encode())
                    control.stdin.flush()
                    for line in control.stdout:
                        if line.startswith(b"%output") and _FIRST in line:
                            break
                    return time.perf_counter() - began

                found = medians(
                    {
                        "session": _through_sessions(runner, sessions, folder),
                        "editor": through_editor,
                        "bare": _bare(env),
                        "tmux": through_tmux,
                    },
                    rounds=rounds,
                )
            runner.run(sessions.__aexit__(None, None, None))
    return [
        line
        for name in ("session", "editor")
        for line in (
            Line(
                name=f"start, {name}",
                agentls=found[name],
                peer_name="bare spawn",
                peer=found["bare"],
                target=f"≤ {_LIMIT:.0f} ms over it",
                met=found[name] - found["bare"] <= _LIMIT,
            ),
            Line(
                name=f"start, {name}",
                agentls=found[name],
                peer_name="tmux new-window",
                peer=found["tmux"],
            ),
        )
    ]


def _at_rest(editor: Editor, task: str) -> None:
    """Wait until a task waits for a person."""

    def resting() -> bool:
        return editor.execute("getTask", task=task)["task"]["state"] == "review"

    until(resting)


def _paths(folder: Path) -> Paths:
    own = folder / "own"
    own.mkdir()
    return Paths(
        state=own / "state",
        data=own / "data",
        config=own / "config",
        runtime=(own / "run",),
    )


def _through_sessions(
    runner: asyncio.Runner, sessions: Sessions, folder: Path
) -> Callable[[], float]:
    """Start with the core's own calls, and read with its viewer."""
    count = iter(range(1_000_000))

    async def once() -> float:
        launch = Launch(
            id=SessionId(f"s{next(count)}"),
            argv=("/bin/sh", "-c", _SCRIPT),
            cwd=folder,
            env={"PATH": os.environ["PATH"]},
        )
        began = time.perf_counter()
        live = await sessions.start(launch)
        await anext(Viewer(live, offset=0, window=1 << 16))
        took = time.perf_counter() - began
        await live.stop(0)
        return took

    return lambda: runner.run(once())


def _bare(env: Mapping[str, str]) -> Callable[[], float]:
    def once() -> float:
        began = time.perf_counter()
        terminal = Terminal(["/bin/sh", "-c", _SCRIPT], env=env)
        terminal.until(_FIRST)
        took = time.perf_counter() - began
        terminal.close()
        return took

    return once
