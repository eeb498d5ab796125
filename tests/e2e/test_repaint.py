"""Attaching late: the screen as it is, and then what comes."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

# A full-screen program of its own: alternate screen, colours, wide characters, cursor.
PROGRAM = r"""
printf '%s\n' "a line of the shell"
printf '\033[?1049h\033[2J\033[3;5H\033[1;31mred\033[0m \033[38;2;1;2;3mtrue\033[0m'
printf '\033[5;1H日本語 🙂 end\033[7;10H\033[?2004h'
read -r _ < '{gate}'
printf 'after'
read -r _ < '{gate}.end'
"""


@pytest.fixture
def tmux(tmp_path: Path, home):
    """A real terminal as the judge; it has a socket of its own."""
    base = ["tmux", "-S", str(tmp_path / "tmux"), "-f", "/dev/null"]

    def run(*args: str) -> str:
        done = subprocess.run(
            [*base, *args],
            env=dict(home.environ),
            capture_output=True,
            check=True,
            text=True,
        )
        return done.stdout

    yield run
    subprocess.run([*base, "kill-server"], check=False, capture_output=True)


async def _shown(tmux, data: bytes, *, name: str, tmp_path: Path) -> str:
    """Let tmux draw some bytes, and give text, attributes and cursor."""
    file = tmp_path / name
    file.write_bytes(data)
    script = f"cat '{file}'; tmux -S '{tmp_path / 'tmux'}' wait -S {name}; sleep 1000"
    tmux("new-session", "-d", "-s", name, "-x", "80", "-y", "24", f"stty raw; {script}")
    await asyncio.to_thread(tmux, "wait", name)
    text = tmux("capture-pane", "-p", "-e", "-t", name)
    form = "#{cursor_x},#{cursor_y},#{alternate_on}"
    return text + tmux("display", "-p", "-t", name, form)


@pytest.mark.needs("tmux")
async def test_a_late_viewer_sees_the_same_screen(
    open_editor, repository: Path, home, tmux, tmp_path: Path
):
    gate = home.path / "gate"
    os.mkfifo(gate)
    os.mkfifo(f"{gate}.end")  # one gate for both could still be open from the first
    editor = await open_editor(repository)
    created = await editor.execute(
        "createTask", prompt=PROGRAM.replace("{gate}", str(gate)), agent="shell"
    )
    session = created.task.sessions[-1].id
    await editor.attach(session=session)
    await editor.until(
        lambda: b"2004h" in editor.output.get(session, b""), "the first screen"
    )

    late = await open_editor(repository)
    attached = await late.execute("attach", session=session, repaint=True)
    assert attached.offset == len(editor.output[session])
    assert (attached.rows, attached.cols) == (24, 80)
    repaint = attached.repaint.encode()
    assert b"\x1b[?2004h" in repaint
    early = await _shown(tmux, editor.output[session], name="early", tmp_path=tmp_path)
    assert early == await _shown(tmux, repaint, name="late", tmp_path=tmp_path)
    assert "日本語 🙂 end" in early

    late.output[session] = b" " * attached.offset  # what it did not need to see
    await asyncio.to_thread(gate.write_text, "go\n")
    await editor.until(
        lambda: editor.output[session].endswith(b"after"), "what comes then"
    )
    await late.until(lambda: late.output[session].endswith(b"after"), "the same")
    assert late.output[session][attached.offset :] == b"after"
    await asyncio.to_thread(Path(f"{gate}.end").write_text, "end\n")
    await editor.until_state(created.task.id, "review")


async def test_the_screen_of_an_ended_session_is_its_last_one(
    open_editor, repository: Path
):
    editor = await open_editor(repository)
    created = await editor.execute("createTask", prompt="echo gone", agent="shell")
    await editor.until_state(created.task.id, "review")
    attached = await editor.execute("attach", task=created.task.id, repaint=True)
    assert not attached.live
    assert "gone" in attached.repaint
