"""List: reading all tasks, and telling every editor of a change.

A thousand tasks are in the book, all but one of them queued; the list is asked for
through a client on `agentls lsp`. Then ten clients are connected, one more task is
created, and the time counts from where the one who asked was told to where the last
was.
"""

import contextlib
import time
from pathlib import Path

from figures import Line, medians
from stage import Editor, fresh_home, open_editor, repository

__all__ = ["measure"]

_LIST, _TOLD = 20.0, 10.0
_CLIENTS = 10


def measure(rounds: int, *, tasks: int) -> list[Line]:
    """Give the lines of listing so many tasks, and of telling of one."""
    with fresh_home() as env, contextlib.ExitStack() as stack:
        config = Path(env["AGENTLS_CONFIG_DIR"], "config.toml")
        config.write_text("[limits]\nmax_parallel = 1\n")
        root = repository(Path(env["HOME"]))
        editor = stack.enter_context(open_editor(env, root=root))
        editor.begin("exec sleep 1000000")
        for _ in range(tasks - 1):
            editor.execute("createTask", prompt="true", agent="shell")
        others = [Editor(env, root=root) for _ in range(_CLIENTS - 1)]
        for other in others:
            stack.callback(other.close)

        def list_all() -> float:
            began = time.perf_counter()
            found = editor.execute("listTasks")["tasks"]
            took = time.perf_counter() - began
            assert len(found) >= tasks
            return took

        def tell_all() -> float:
            asked = {"prompt": "true", "agent": "shell"}
            command = {"command": "agentls.createTask", "arguments": [asked]}
            answer = editor.begin_to_ask("workspace/executeCommand", command)
            task = _told(editor)
            began = time.perf_counter()
            for other in others:
                while _told(other) != task:
                    pass
            took = time.perf_counter() - began
            editor.answer_to(answer)
            return took

        found = medians({"list": list_all, "tell": tell_all}, rounds=rounds)
    return [
        Line(
            name=f"list, {tasks:,} tasks",
            agentls=found["list"],
            peer_name="nobody",
            peer=0,
            target=f"≤ {_LIST:.0f} ms",
            met=found["list"] <= _LIST,
        ),
        Line(
            name=f"taskChanged to {_CLIENTS} clients",
            agentls=found["tell"],
            peer_name="nobody",
            peer=0,
            target=f"≤ {_TOLD:.0f} ms",
            met=found["tell"] <= _TOLD,
        ),
    ]


def _told(editor: Editor) -> str:
    """Give the next task that the client is told of."""
    for method, params in editor.notifications():
        if method == "agentls/taskChanged":
            name: str = params["task"]["id"]
            return name
    raise EOFError
