"""Events: from the moment that an agent says something to the editor's list.

The agent is a shell script. "hook" is from just before it calls `agentls hook` (which
starts, writes the event durably and pokes the daemon), "sequence" from just before it
writes one to its terminal, both to `agentls/taskChanged` at a client on `agentls lsp`.
The state goes to and fro between working and waiting. Beside it: a Python that starts
and does nothing, which is what any hook in Python costs.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import agentls
from figures import Line, medians
from stage import Editor, fresh_home, open_editor, repository

__all__ = ["measure"]

_LIMIT = 100.0
_CONFIG = """
[agents.teller]
bin = "/bin/sh"
start = ["{script}", "{prompt}"]
done = "event"
[[agents.teller.events]]
when = {{ type = "busy" }}
status = "working"
[[agents.teller.events]]
when = {{ type = "done" }}
status = "done"
[[agents.teller.signals]]
source = "osc"
code = 7501
match = "state=(?P<state>blocked|busy)"
status = "waiting"
reason = "{{state}}"
[[agents.teller.events]]
when = {{ type = "blocked" }}
status = "waiting"
"""
_SCRIPT = """
while read -r how state <{gate}; do
  date +%s%N >{stamp}
  if [ "$how" = hook ]; then
    {python} -I {main} hook x '{{"type":"'"$state"'"}}'
  else
    printf '\\033]7501;state=%s\\033\\\\' "$state"
  fi
done
"""


def measure(rounds: int) -> list[Line]:
    """Give the lines of what an agent says."""
    found: dict[str, float] = {}
    for how in ("hook", "sequence"):
        with fresh_home() as env:
            folder = Path(env["HOME"])
            gate, stamp = folder / "gate", folder / "stamp"
            os.mkfifo(gate)
            script = folder / "teller.sh"
            main = Path(agentls.__file__).parent / "__main__.py"
            script.write_text(
                _SCRIPT.format(gate=gate, stamp=stamp, python=sys.executable, main=main)
            )
            config = _CONFIG.format(script=script, prompt="{prompt}")
            if how == "sequence":  # else the events would count for it
                config = config.rpartition("[[agents.teller.events]]")[0]
            with (folder / "config/config.toml").open("a") as file:
                file.write(config)
            with open_editor(env, root=repository(folder)) as editor:
                task = editor.execute("createTask", prompt="x", agent="teller")["task"]
                told = _teller(editor, task["id"], how=how, gate=gate, stamp=stamp)
                works = {how: told} if how == "sequence" else {how: told, "pass": _pass}
                found |= medians(works, rounds=rounds)
                editor.execute("stopTask", task=task["id"])
    return [
        Line(
            name=f"event to editor, {how}",
            agentls=found[how],
            peer_name="python -c pass",
            peer=found["pass"],
            target="≤ 100 ms",
            met=found[how] <= _LIMIT,
        )
        for how in ("hook", "sequence")
    ]


def _teller(
    editor: Editor, task: str, *, how: str, gate: Path, stamp: Path
) -> Callable[[], float]:
    says = ("blocked", "busy")
    turn = [0]

    def tell() -> float:
        state = says[turn[0] % 2]
        turn[0] += 1
        gate.write_text(f"{how} {state}\n")
        waits = how == "sequence" or state == "blocked"
        why = state if how == "sequence" else ""
        while True:
            message = editor.receive()
            if message.get("method") != "agentls/taskChanged":
                continue
            shown = message["params"]["task"]
            wanted = "waiting" if waits else "working"
            if (
                shown["id"] == task
                and shown["state"] == wanted
                and shown.get("why", "") == why
                and shown.get("source")
            ):
                break
        return time.time() - int(stamp.read_text()) / 1e9

    return tell


def _pass() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - began
