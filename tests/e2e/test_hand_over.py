"""A newer client takes the daemon over: sessions and editors go on."""

import asyncio
import json
import sys
from pathlib import Path

import agentls
from agentls.host import ProcessIdentity, wait_gone

# The same code, calling itself an older version.
OLD_DAEMON = """
import sys
from agentls.daemon import instance, main
instance.__version__ = "0.0.1"
sys.exit(main.main(["--detach"]))
"""
OLD_BRIDGE = """
import os, sys
from agentls.bridge import Bridge
from agentls.connect import connect
from agentls.paths import Paths
paths = Paths.of_this_process()
bridge = Bridge(lambda: connect(paths, version="0.0.1"), environ=os.environ)
sys.exit(bridge.run())
"""
SCRIPT = """n=0
until [ -e '{stop}' ]; do n=$((n + 1)); echo "{name} line $n"; done
echo "{name} ends after $n"
read -r answer
echo "got $answer"
"""


async def _start_old_daemon(home) -> None:
    starting = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", OLD_DAEMON, env=home.environ
    )
    assert await starting.wait() == 0
    record = home.state / "daemon.json"
    async with asyncio.timeout(30):
        while not record.exists() or not _record(home)["address"]:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)


def _record(home) -> dict:
    return json.loads((home.state / "daemon.json").read_text())


async def test_sessions_and_editors_go_on_over_a_hand_over(
    open_editor, repository: Path, home
):
    await _start_old_daemon(home)
    old = _record(home)
    editor = await open_editor(repository, bridge=("-c", OLD_BRIDGE))
    assert _record(home)["pid"] == old["pid"], "an old client met an old daemon"
    stop = home.path / "stop"
    sessions = {}
    for name in "ab":
        script = SCRIPT.format(name=name, stop=stop)
        created = await editor.execute("createTask", prompt=script, agent="shell")
        sessions[name] = created.task.sessions[-1].id
        await editor.attach(session=sessions[name], window=1 << 16)
    for name, session in sessions.items():
        await editor.until(
            lambda session=session: len(editor.output.get(session, b"")) > 50_000,
            f"output of {name}",
        )

    listed = await asyncio.to_thread(home.agentls, "ls", "--json")  # a newer client

    assert listed.returncode == 0, listed.stderr
    assert {task["state"] for task in json.loads(listed.stdout)["tasks"]} == {"working"}
    new = _record(home)
    assert (old["version"], new["version"]) == ("0.0.1", agentls.__version__)
    assert new["pid"] != old["pid"]
    process = ProcessIdentity(old["bootId"], old["pid"], old["startTime"])
    assert await asyncio.to_thread(wait_gone, process, seconds=30)
    await editor.until(lambda: editor.reconnected == 1, "reconnected")
    for session in sessions.values():
        have = len(editor.output[session])
        await editor.attach(session=session, offset=have, control=True, window=1 << 20)
    for name, session in sessions.items():  # it goes on while the new one is there
        have = len(editor.output[session])
        await editor.until(
            lambda session=session, have=have: len(editor.output[session]) > have,
            f"more output of {name}",
        )
    stop.touch()
    for name, session in sessions.items():
        await editor.until(
            lambda name=name, session=session: (
                f"{name} ends after".encode() in editor.output[session][-100:]
            ),
            f"the end of {name}",
        )
        editor.client.protocol.notify(
            "agentls/input", {"session": session, "text": "an answer\r"}
        )
        await editor.until_state(session.partition("-")[0], "review")
        await editor.until(lambda session=session: session in editor.ends, "its end")
        text = editor.output[session].decode()
        count = int(text.partition("ends after ")[2].split()[0])
        expected = "".join(f"{name} line {n}\r\n" for n in range(1, count + 1))
        assert text.startswith(expected + f"{name} ends after {count}\r\n")
        assert text.endswith("got an answer\r\n")
    assert editor.reconnected == 1
    assert editor.removed == []
