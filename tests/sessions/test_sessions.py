import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import ptyprocess
import pytest

import agentls
from agentls.errors import (
    AgentMissing,
    InvalidParams,
    InvalidState,
    SessionEnded,
)
from agentls.host import identity_of, is_alive
from agentls.model import Exit, SessionId
from agentls.paths import Paths
from agentls.sessions.folder import read_exit, read_meta
from agentls.sessions.launch import Launch
from agentls.sessions.live import LiveSession
from agentls.sessions.sessions import Sessions

ONE = SessionId("one")


async def test_output_and_exit_status_are_kept(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    live = await sessions.start(launch("echo hello; exit 3"))

    assert await output(live) == b"hello\r\n"
    found = await ended(live)
    assert (found.status, found.signal, found.ok) == (3, None, False)
    assert sessions.get(ONE) is None
    assert await sessions.log(ONE).size() == live.size == 7


async def test_a_program_killed_by_a_signal_says_so(
    sessions: Sessions,
    launch: Callable[..., Launch],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    live = await sessions.start(launch("kill -9 $$"))

    found = await ended(live)
    assert (found.status, found.signal) == (None, signal.SIGKILL)


async def test_the_environment_is_the_given_one_and_nothing_else(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    paths: Paths,
    worktree: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("EDITORS_OWN", "x")
    live = await sessions.start(launch(argv=("/usr/bin/env", "-0"), MULTI="a\nb\tc=d"))

    values = dict(
        record.split(b"=", 1) for record in (await output(live)).split(b"\0") if record
    )
    assert values.pop(b"MULTI") == b"a\r\nb\tc=d"  # as a terminal shows a newline
    assert values.pop(b"PWD") == os.fsencode(worktree)
    assert values.pop(b"AGENTLS_SESSION_FOLDER") == os.fsencode(paths.sessions / ONE)
    assert values.keys() == {b"PATH", b"LD_AGENTLS_TEST"}


async def test_signals_and_descriptors_are_those_of_a_new_terminal(
    sessions: Sessions,
    python_program: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
):
    code = (
        "import os,signal;"
        "print([s for s in range(1, 32) if s not in (9, 19)"
        " and open('/proc/self/status').read().split('SigIgn:')[1].split()[0]"
        " and int(open('/proc/self/status').read().split('SigIgn:')[1].split()[0], 16)"
        " >> (s - 1) & 1 and s not in (13, 25)],"
        " signal.pthread_sigmask(signal.SIG_BLOCK, ()),"
        " sorted(os.listdir('/proc/self/fd'))[:4], os.getsid(0) == os.getpid())"
    )
    live = await sessions.start(python_program(code))

    # 0, 1, 2 and the one that lists them.
    assert await output(live) == b"[] set() ['0', '1', '2', '3'] True\r\n"


async def test_a_missing_program_is_named(
    sessions: Sessions, launch: Callable[..., Launch], paths: Paths
):
    with pytest.raises(AgentMissing, match="no-such-agent"):
        await sessions.start(launch(argv=("no-such-agent",)))

    record = read_exit(paths.sessions / "one")
    assert record.exit.status == 127
    assert "no-such-agent" in record.error
    assert await sessions.adopt(ONE) == record.exit


async def test_a_program_that_is_not_executable_is_missing(
    sessions: Sessions, launch: Callable[..., Launch], worktree: Path
):
    (worktree / "agent").write_text("#!/bin/sh\n")

    with pytest.raises(AgentMissing):
        await sessions.start(launch(argv=("./agent",)))


async def test_a_program_with_a_missing_interpreter_is_missing(
    sessions: Sessions, launch: Callable[..., Launch], worktree: Path
):
    (worktree / "agent").write_text("#!/no/such/interpreter\n")
    (worktree / "agent").chmod(0o755)

    with pytest.raises(AgentMissing, match="didn't start"):
        await sessions.start(launch(argv=("./agent",)))
    assert not (worktree / "exit").exists()
    assert not (worktree / "exit.room").exists()


async def test_an_argument_that_is_too_long_is_refused(
    sessions: Sessions, launch: Callable[..., Launch]
):
    with pytest.raises(InvalidParams):
        await sessions.start(launch(argv=("/bin/echo", "x" * (1 << 18))))


async def test_a_nul_byte_is_refused(sessions: Sessions, launch: Callable[..., Launch]):
    with pytest.raises(InvalidParams, match="NUL"):
        await sessions.start(launch(argv=("/bin/echo", "a\0b")))


async def test_no_worktree_no_start(
    sessions: Sessions, launch: Callable[..., Launch], tmp_path: Path
):
    with pytest.raises(InvalidParams, match="can't be entered"):
        await sessions.start(launch("echo hello", cwd=tmp_path / "gone"))


async def test_a_link_in_the_worktrees_place_is_no_worktree(
    sessions: Sessions, launch: Callable[..., Launch], tmp_path: Path, worktree: Path
):
    (tmp_path / "link").symlink_to(worktree)

    with pytest.raises(InvalidParams, match="is really"):
        await sessions.start(launch("touch made", cwd=tmp_path / "link"))
    assert not (worktree / "made").exists()


async def test_a_session_starts_only_once(
    sessions: Sessions,
    launch: Callable[..., Launch],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    live = await sessions.start(launch("exit 0"))
    await ended(live)

    with pytest.raises(InvalidState):
        await sessions.start(launch("exit 0"))


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden"])
async def test_an_id_that_is_no_name_is_refused(sessions: Sessions, name: str):
    with pytest.raises(InvalidParams):
        await sessions.adopt(SessionId(name))


async def test_what_is_typed_reaches_the_program(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
):
    live = await sessions.start(launch("read line; echo got $line"))
    await live.write(b"something\r")

    assert b"got something\r\n" in await output(live)


async def test_what_is_typed_apart_comes_when_the_program_has_shown_what_was_before(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
):
    # It reads what is there at once, shows it, and reads again.
    program = "stty raw -echo; printf '> '; for _ in 1 2; do dd bs=99 count=1; done"
    live = await sessions.start(launch(f"{program} 2>/dev/null"))
    assert await output(live, until=b"> ") == b"> "
    await live.write_apart((b"text", b"!"), within=60, pause=0)

    assert await output(live) == b"> text!"


async def test_what_is_typed_apart_comes_also_where_nothing_is_shown(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
):
    live = await sessions.start(launch("stty -echo; printf '> '; read l; echo got $l"))
    assert await output(live, until=b"> ") == b"> "
    await live.write_apart((b"text", b"\r"), within=0.05, pause=0)

    assert b"got text" in await output(live)


async def test_the_program_sees_its_grid_and_a_resize(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
):
    script = (
        "stty size; trap 'stty size; exit' WINCH; echo ready; while :; do read x; done"
    )
    live = await sessions.start(launch(script, rows=30, cols=100))
    assert live.grid == (30, 100)
    assert b"30 100\r\nready" in await output(live, until=b"ready")

    await live.resize(rows=40, cols=120)
    assert b"40 120\r\n" in await output(live)


async def test_control_c_interrupts(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    live = await sessions.start(
        # A child that has just been forked may swallow the signal; the next one not.
        launch(
            "trap 'echo stopped; exit 5' INT; echo ready; while :; do sleep 0.01; done"
        )
    )
    await output(live, until=b"ready")
    await live.write(b"\x03")

    assert (await ended(live)).status == 5
    assert b"stopped" in await output(live)


async def test_a_signal_reaches_the_foreground_group(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    live = await sessions.start(
        launch("trap 'echo usr1; exit 6' USR1; echo ready; while :; do read x; done")
    )
    await output(live, until=b"ready")
    await live.signal(signal.SIGUSR1)

    assert (await ended(live)).status == 6


async def test_stop_ends_a_program_at_its_own_pace(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    live = await sessions.start(
        launch("trap 'echo bye; exit 7' TERM; echo ready; while :; do read x; done")
    )
    await output(live, until=b"ready")
    await live.stop(20)

    assert (await ended(live)).status == 7
    assert (await output(live)).endswith(b"bye\r\n")


async def test_stop_kills_what_ignores_it_and_every_child(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
    marked: Callable[[], dict[int, str]],
):
    # One in the foreground group, one in a group of its own, one in a session, and
    # one in a session whose parents are gone.
    script = (
        "trap '' TERM; (trap '' TERM; sleep 1000) & "
        "set -m; (trap '' TERM HUP; sleep 1001) & set +m; "
        "setsid sh -c 'trap \"\" TERM; sleep 1002; :' & "
        "(setsid sh -c '(trap \"\" TERM; sleep 1003; :) &' &) ; "
        "echo ready; while :; do read x; done"
    )
    live = await sessions.start(launch(script))
    await output(live, until=b"ready")
    await live.stop(0.3)

    assert (await ended(live)).signal == signal.SIGKILL
    assert not any("sleep" in words for words in marked().values())


async def test_stop_of_an_ended_session_is_no_error(
    sessions: Sessions,
    launch: Callable[..., Launch],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    live = await sessions.start(launch("exit 0"))
    await ended(live)

    await live.stop(1)


async def test_input_to_an_ended_session_is_refused(
    sessions: Sessions,
    launch: Callable[..., Launch],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    live = await sessions.start(launch("exit 0"))
    await ended(live)

    with pytest.raises(SessionEnded):
        await live.write(b"x")
    with pytest.raises(SessionEnded):
        await live.resize(rows=2, cols=2)


async def test_grown_returns_at_the_end_too(
    sessions: Sessions, launch: Callable[..., Launch]
):
    live = await sessions.start(launch("read x"))
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(live.grown(1 << 40))
        await live.stop(5)
        assert await waiting == live.size


async def test_a_paste_waits_for_a_program_that_reads_late(
    sessions: Sessions,
    python_program: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    worktree: Path,
):
    count = 1 << 20
    code = (
        "import os,sys,time,tty\n"
        "tty.setraw(0)\n"
        "print('ready', flush=True)\n"
        "while not os.path.exists('go'): print('.', end='', flush=True);"
        " time.sleep(.01)\n"
        f"left={count}; import hashlib; h=hashlib.sha256()\n"
        "while left: d=os.read(0, left); left-=len(d); h.update(d)\n"
        "print(h.hexdigest())"
    )
    live = await sessions.start(python_program(code))
    await output(live, until=b"ready")
    paste = os.urandom(count)
    await live.write(paste)
    # Output and control go on meanwhile.
    await live.resize(rows=10, cols=20)
    size = live.size
    async with asyncio.timeout(10):
        while live.grid != (10, 20):
            size = await live.grown(size)
        await live.grown(size)
    (worktree / "go").touch()

    assert hashlib.sha256(paste).hexdigest().encode() in await output(live)


async def test_too_much_input_is_refused_whole(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
):
    live = await sessions.start(launch("stty raw; echo ready; sleep 1000"))
    await output(live, until=b"ready")
    await live.write(bytes(8 << 20))

    with pytest.raises(InvalidState, match="nothing of this was sent"):
        await live.write(b"one more")


async def test_a_live_session_is_adopted_by_the_next_daemon(
    sessions: Sessions,
    paths: Paths,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    async with Sessions(paths=paths) as before:
        await before.start(launch("echo one; read x; echo two; exit 4"))

    live = await sessions.adopt(ONE)
    assert live is sessions.get(ONE)
    assert live is await sessions.adopt(ONE)
    await output(live, until=b"one")
    await live.write(b"\r")
    assert (await output(live)).endswith(b"two\r\n")
    assert (await ended(live)).status == 4


async def test_the_exit_status_is_kept_while_no_daemon_lives(
    sessions: Sessions,
    paths: Paths,
    launch: Callable[..., Launch],
    worktree: Path,
    eventually: Callable[[Callable[[], object]], Awaitable[None]],
):
    script = "while ! [ -e go ]; do sleep 0.01; done; echo late; exit 9"
    async with Sessions(paths=paths) as before:
        await before.start(launch(script))
    (worktree / "go").touch()
    await eventually((paths.sessions / "one" / "exit").exists)

    found = await sessions.adopt(ONE)
    assert isinstance(found, Exit)
    assert found.status == 9
    assert (await sessions.log(ONE).read(0, limit=100)).data == b"late\r\n"


async def test_a_killed_shim_means_lost(
    sessions: Sessions,
    paths: Paths,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    live = await sessions.start(launch("echo before; read x"))
    await output(live, until=b"before")
    os.kill(read_meta(paths.sessions / "one").shim.pid, signal.SIGKILL)

    assert await ended(live) is None
    assert not live.live
    assert await sessions.adopt(ONE) is None
    assert await output(await sessions.watch(ONE)) == b"before\r\n"


async def test_what_a_lost_session_left_running_is_ended(
    sessions: Sessions,
    paths: Paths,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
    eventually: Callable[[Callable[[], object]], Awaitable[None]],
    marked: Callable[[], dict[int, str]],
):
    script = (
        "trap '' HUP TERM; (setsid sh -c '(trap \"\" TERM; sleep 1004; :) &' &); "
        "echo ready; while :; do sleep 1005; done"
    )
    live = await sessions.start(launch(script))
    other = await sessions.start(launch("echo other; sleep 1006", name="two"))
    await output(live, until=b"ready")
    await output(other, until=b"other")
    os.kill(read_meta(paths.sessions / "one").shim.pid, signal.SIGKILL)
    assert await ended(live) is None

    def left() -> set[str]:
        return {words.split()[-1] for words in marked().values() if "sleep" in words}

    await eventually(lambda: not left() & {"1004", "1005"})
    assert "1006" in left()


@pytest.mark.parametrize(
    "forged",
    [
        "version 2\nboot {boot}\nshim {pid} 12345\nend\n",
        "version 2\nboot x\nshim {pid} {start}\nend\n",
        "version 2\nboot {boot}\nshim {pid} {start}\n",
        "version 2\nboot {boot}\nshim 1 \nend\n",
        "version 2\nboot {boot}\nshim -1 0\nend\n",
        f"version 2\nboot {{boot}}\nshim {10**30} 0\nend\n",
        "\0" * 100,
        "",
    ],
    ids=["start", "boot", "torn", "init", "negative", "huge", "nul", "empty"],
)
async def test_a_forged_or_stale_meta_is_not_believed(
    sessions: Sessions,
    paths: Paths,
    launch: Callable[..., Launch],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
    forged: str,
):
    live = await sessions.start(launch("exit 0"))
    await ended(live)
    folder = paths.sessions / "one"
    (folder / "exit").unlink()
    os.utime(folder / "claim", (0, 0))  # no shim is just beginning there
    with subprocess.Popen(["sleep", "1000"]) as other:  # noqa: ASYNC220 - at once
        boot, pid, start = identity_of(other.pid)
        text = forged.format(boot=boot, pid=pid, start=start)
        (folder / "meta").write_text(text)
        assert await sessions.adopt(ONE) is None
        assert other.poll() is None
        other.kill()


async def test_a_living_process_that_is_no_shim_is_out_of_reach_and_not_harmed(
    sessions: Sessions,
    paths: Paths,
    launch: Callable[..., Launch],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    live = await sessions.start(launch("exit 0"))
    await ended(live)
    folder = paths.sessions / "one"
    (folder / "exit").unlink()
    code = "import signal,sys; signal.signal(signal.SIGUSR1, lambda *_: print('asked'))"
    code += "; print('ready', flush=True); sys.stdin.read(); print('lives')"
    with subprocess.Popen(  # noqa: ASYNC220 - at once
        [sys.executable, "-u", "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout.readline() == b"ready\n"
        me = identity_of(other.pid)
        meta = (folder / "meta").read_text().splitlines()
        meta[2] = f"shim {me.pid} {me.start_time}"
        (folder / "meta").write_text("\n".join(meta) + "\n")
        async with asyncio.TaskGroup() as group:
            adopting = group.create_task(sessions.adopt(ONE))
            assert await asyncio.to_thread(other.stdout.readline) == b"asked\n"
            rest, _ = await asyncio.to_thread(other.communicate, b"")
            assert rest == b"lives\n"
            assert await adopting is None


async def test_a_session_that_nobody_began_begins_no_more(
    sessions: Sessions, paths: Paths
):
    paths.make_private()
    (paths.sessions / "one").mkdir()

    assert await sessions.adopt(ONE) is None
    assert (paths.sessions / "one" / "claim").exists()
    assert await sessions.adopt(SessionId("unknown")) is None


async def test_a_killed_zygote_is_replaced(
    sessions: Sessions,
    launch: Callable[..., Launch],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    await ended(await sessions.start(launch("exit 1", name="first")))
    os.kill(sessions._starter.zygote_pid, signal.SIGKILL)
    before = sessions._starter.zygote_pid

    assert (await ended(await sessions.start(launch("exit 2")))).status == 2
    assert sessions._starter.zygote_pid != before


async def test_sessions_do_not_depend_on_the_zygote(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
):
    live = await sessions.start(launch("read x; echo still here"))
    os.kill(sessions._starter.zygote_pid, signal.SIGKILL)
    await live.write(b"\r")

    assert b"still here" in await output(live)


async def test_a_shim_starts_without_a_zygote(
    sessions: Sessions,
    launch: Callable[..., Launch],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
    monkeypatch: pytest.MonkeyPatch,
):
    async def none(_: object) -> bool:
        return False

    monkeypatch.setattr(sessions._starter, "_by_zygote", none)
    assert (await ended(await sessions.start(launch("exit 8")))).status == 8
    assert sessions._starter.zygote_pid is None


async def test_a_vanished_runtime_folder_is_made_again(
    sessions: Sessions,
    paths: Paths,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
):
    async with Sessions(paths=paths) as before:
        live = await before.start(launch("echo one; read x; echo two"))
        shutil.rmtree(paths._runtime[0])
        await live.write(b"")  # the open connection goes on

    live = await sessions.adopt(ONE)
    await live.write(b"\r")
    assert await output(live) == b"one\r\n\r\ntwo\r\n"


async def test_many_sessions_at_once(
    *,
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
    full: bool,
):
    count = 200 if full else 30
    script = "i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo {n} line $i; done; read x"
    async with asyncio.TaskGroup() as group:
        starts = [
            group.create_task(
                sessions.start(launch(script.replace("{n}", str(n)), name=f"s{n}"))
            )
            for n in range(count)
        ]
    for n, start in enumerate(starts):
        live = start.result()
        await live.write(b"\r")
        lines = "".join(f"{n} line {i}\r\n" for i in range(1, 201))
        assert (await output(live)) == lines.encode() + b"\r\n"
        assert (await ended(live)).status == 0
    print(f"[{count} sessions]", end=" ")


async def test_who_watches_a_session_that_is_being_started_sees_all_of_it(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
):
    async with asyncio.TaskGroup() as group:
        group.create_task(sessions.start(launch("echo hello; read x; echo bye")))
        await asyncio.sleep(0)
        watched = await sessions.watch(ONE)
    assert watched.live
    live = sessions.get(ONE)
    await live.write(b"\r")
    assert (await output(watched)).endswith(b"bye\r\n")


async def test_a_cancelled_start_leaves_no_session(
    paths: Paths,
    launch: Callable[..., Launch],
    eventually: Callable[[Callable[[], object]], Awaitable[None]],
):
    async def start(sessions: Sessions) -> None:
        await sessions.start(launch("sleep 1000"))

    async with Sessions(paths=paths) as sessions, asyncio.TaskGroup() as group:
        starting = group.create_task(start(sessions))
        await eventually((paths.sessions / "one" / "address").exists)
        starting.cancel()

    assert read_exit(paths.sessions / "one").exit.signal == signal.SIGTERM


async def test_the_shim_keeps_the_log_when_it_is_told_to_end(
    sessions: Sessions,
    paths: Paths,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    live = await sessions.start(launch("trap 'echo hup; exit 3' HUP; echo ready; cat"))
    await output(live, until=b"ready")
    shim = read_meta(paths.sessions / "one").shim
    for signum in (signal.SIGHUP, signal.SIGINT):
        os.kill(shim.pid, signum)
    await live.write(b"still there\r")
    await output(live, until=b"still there\r\nstill there")
    assert is_alive(shim)
    os.kill(shim.pid, signal.SIGTERM)

    assert (await ended(live)).status == 3
    assert (await output(live)).endswith(b"hup\r\n")


async def test_a_background_child_does_not_hold_the_session(
    sessions: Sessions,
    launch: Callable[..., Launch],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
    output: Callable[..., Awaitable[bytes]],
    worktree: Path,
):
    script = "(trap '' HUP; while ! [ -e go ]; do sleep 0.01; done) & echo last; exit 2"
    live = await sessions.start(launch(script))

    assert (await ended(live)).status == 2
    assert await output(live) == b"last\r\n"
    (worktree / "go").touch()


async def test_a_program_that_leaves_its_terminal_still_has_a_session(
    *,
    sessions: Sessions,
    python_program: Callable[..., Launch],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
    output: Callable[..., Awaitable[bytes]],
    worktree: Path,
    eventually: Callable[[Callable[[], object]], Awaitable[None]],
):
    code = (
        "import os,time; print('on'); [os.close(fd) for fd in (0, 1, 2)]\n"
        "open('off', 'w').close()\n"
        "while not os.path.exists('go'): time.sleep(.01)\n"
        "os.write(os.open('/dev/tty', os.O_WRONLY), b'back')\n"
        "os._exit(5)"
    )
    live = await sessions.start(python_program(code))
    await eventually((worktree / "off").exists)
    (worktree / "go").touch()

    assert (await ended(live)).status == 5
    assert await output(live) == b"on\r\nback"


async def test_the_last_output_of_a_flood_is_kept(
    sessions: Sessions,
    python_program: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
):
    code = "import sys; sys.stdout.write('x' * 3_000_000); sys.stdout.write('END')"
    live = await sessions.start(python_program(code))

    data = await output(live)
    assert len(data) == 3_000_003
    assert data.endswith(b"xEND")


def test_a_zygote_imports_little():
    folders = [
        str(Path(module.__file__).parent.parent) for module in (agentls, ptyprocess)
    ]
    code = (
        "import sys; sys.path += sys.argv[1:]; import agentls.sessions.shim;"
        "print(' '.join(sys.modules))"
    )
    found = subprocess.run(
        [sys.executable, "-S", "-E", "-I", "-c", code, *folders],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()

    assert not {"asyncio", "attrs", "attr", "typing", "pathlib", "socket"} & set(found)
    assert not {"subprocess", "json", "logging", "dataclasses"} & set(found)
    assert len(found) < 90
