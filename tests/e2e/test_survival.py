"""Killing daemons: no agent is harmed, and every byte comes once and in order."""

import asyncio
import hashlib
import json
import os
import signal
from pathlib import Path

import pytest

FULL = os.environ.get("AGENTLS_TEST_FULL") == "1"
KILLS = 100 if FULL else 8
NAMES = "abcdefgh" if FULL else "abcd"
LINES = 400_000 if FULL else 40_000

SCRIPT = """\
read -r _ < '{gate}'
awk 'BEGIN {{ for (n = 1; n <= {lines}; n++) print "{name} \\033[3" n % 8 "mline " n }}'
read -r _ < '{gate}.end'
"""


@pytest.mark.timeout(900)
async def test_every_byte_of_all_sessions_survives_kill_after_kill(
    open_editor, repository: Path, home, say
):
    say(f"{KILLS} kills, {len(NAMES)} sessions, {LINES} lines each")
    config = Path(home.environ["AGENTLS_CONFIG_DIR"]) / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(f"[limits]\nmax_parallel = {len(NAMES)}\n")
    editor = await open_editor(repository)
    tasks = {}
    for name in NAMES:
        gate = home.path / name
        os.mkfifo(gate)
        os.mkfifo(f"{gate}.end")
        script = SCRIPT.format(gate=gate, lines=LINES, name=name)
        created = await editor.execute("createTask", prompt=script, agent="shell")
        session = created.task.sessions[-1].id
        tasks[name] = session
        await editor.attach(session=session, window=1 << 18)
        await asyncio.to_thread(gate.write_text, "go\n")

    expected = {
        name: b"".join(
            b"%s \033[3%dmline %d\r\n" % (name.encode(), n % 8, n)
            for n in range(1, LINES + 1)
        )
        for name in tasks
    }
    total = sum(len(text) for text in expected.values())
    killed = 0
    while killed < KILLS:
        # Spread over the output: wait until a further part of it has come.
        wanted = total * killed // (KILLS + 1)
        await editor.until(
            lambda wanted=wanted: sum(map(len, editor.output.values())) >= wanted,
            f"{wanted} bytes",
        )
        pid = json.loads((home.state / "daemon.json").read_text())["pid"]
        os.kill(pid, signal.SIGKILL)
        killed += 1
        await editor.until(
            lambda wanted=killed: editor.reconnected == wanted, "reconnected"
        )
        for session in tasks.values():
            have = len(editor.output.get(session, b""))
            await editor.attach(session=session, offset=have, window=1 << 18)
    for name, session in tasks.items():
        await editor.until(
            lambda name=name, session=session: (
                len(editor.output[session]) >= len(expected[name])
            ),
            f"the rest of {name}",
        )
        digest = hashlib.sha256(editor.output[session]).hexdigest()
        assert digest == hashlib.sha256(expected[name]).hexdigest()
    for name in tasks:
        await asyncio.to_thread((home.path / f"{name}.end").write_text, "end\n")
    for session in tasks.values():
        task = session.partition("-")[0]
        await editor.until_state(task, "review")


async def test_input_reaches_the_agent_before_and_after_a_kill(
    open_editor, repository: Path, home
):
    editor = await open_editor(repository)
    created = await editor.execute(
        "createTask", prompt="read a; echo got $a; read b; echo got $b", agent="shell"
    )
    session = created.task.sessions[-1].id
    await editor.attach(session=session, control=True, rows=30, cols=100)
    editor.client.protocol.notify("agentls/input", {"session": session, "text": "1\r"})
    await editor.until(
        lambda: b"got 1" in editor.output.get(session, b""), "the first answer"
    )
    os.kill(json.loads((home.state / "daemon.json").read_text())["pid"], signal.SIGKILL)
    await editor.until(lambda: editor.reconnected == 1, "reconnected")
    have = len(editor.output[session])
    await editor.attach(session=session, offset=have, control=True)
    editor.client.protocol.notify("agentls/input", {"session": session, "text": "2\r"})
    await editor.until(lambda: b"got 2" in editor.output[session], "the second answer")
    await editor.until_state(created.task.id, "review")


async def test_a_stopped_daemon_leaves_agents_alone(
    open_editor, repository: Path, home
):
    os.mkfifo(home.path / "gate")
    editor = await open_editor(repository)
    created = await editor.execute(
        "createTask", prompt=f"cat '{home.path}/gate' > out", agent="shell"
    )
    os.kill(json.loads((home.state / "daemon.json").read_text())["pid"], signal.SIGTERM)
    await editor.until(lambda: editor.reconnected == 1, "reconnected")
    (listed,) = (await editor.execute("listTasks")).tasks
    assert listed.state == "working"
    (home.path / "gate").write_text("the end\n")
    await editor.until_state(created.task.id, "review")


async def test_a_lost_session_is_interrupted_and_can_be_resumed(
    open_editor, repository: Path, home
):
    editor = await open_editor(repository)
    created = await editor.execute(
        "createTask", prompt="echo here; sleep 1000", agent="shell"
    )
    session = created.task.sessions[-1].id
    await editor.attach(session=session)
    await editor.until(lambda: b"here" in editor.output.get(session, b""), "output")
    shim = _shim_of(home.state / "sessions" / session)
    os.kill(shim, signal.SIGKILL)
    await editor.until_state(created.task.id, "interrupted")
    again = await editor.execute("sendPrompt", task=created.task.id, text="echo more")
    assert len(again.task.sessions) == 2
    await editor.until_state(created.task.id, "review")


def _shim_of(folder: Path) -> int:
    from agentls.sessions.folder import read_meta  # noqa: PLC0415

    meta = read_meta(folder)
    assert meta is not None
    return meta.shim.pid
