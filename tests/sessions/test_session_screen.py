"""A session's screen along its log: sizes, gaps, snapshots, answers."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from agentls.background import Background
from agentls.sessions import kept_screen, session_screen
from agentls.sessions.folder import segment_path
from agentls.sessions.launch import LogLimits
from agentls.sessions.rounds import Look, Rounds
from agentls.sessions.screen import Screen
from agentls.sessions.session_screen import SessionScreen

DEADLINE = 30


class Folder:
    """A session's folder as a shim writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        path.mkdir()

    def write(self, data: bytes, *, segment: int = 0) -> None:
        """Append to a segment of the log."""
        with segment_path(self.path, offset=segment).open("ab") as file:
            file.write(data)
        self.size += len(data)

    def resize(self, rows: int, cols: int) -> None:
        """Note another size of the terminal, from now on."""
        with (self.path / "grids").open("a") as file:
            file.write(f"{self.size} {rows} {cols}\n")

    def gap(self, begin: int, end: int) -> None:
        """Note output that was lost."""
        with (self.path / "gaps").open("a") as file:
            file.write(f"{begin:020d} {end:020d} {'ENOSPC':<22}\n")
        self.size = end


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "session")


@pytest.fixture
async def following(folder: Folder) -> AsyncIterator[Callable[[], SessionScreen]]:
    """Make screens of the session; the emulators are freed at the end."""
    made: list[SessionScreen] = []

    def make() -> SessionScreen:
        made.append(SessionScreen(folder.path))
        return made[-1]

    yield make
    async with asyncio.timeout(DEADLINE):
        for screen in made:
            await screen.close()


@pytest.fixture
def fed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the bytes that emulators are fed with."""
    counts: list[int] = []
    feed = Screen.feed

    def counted(self: Screen, data: bytes) -> None:
        counts.append(len(data))
        feed(self, data)

    monkeypatch.setattr(Screen, "feed", counted)
    return counts


def shown(data: bytes, *, rows: int, cols: int) -> tuple[str, ...]:
    """Give what a viewer's terminal shows."""
    screen = Screen(rows=rows, cols=cols)
    screen.feed(data)
    text = screen.text()
    screen.close()
    return text


async def test_a_repaint_has_the_logs_end_and_its_offset(folder, following):
    folder.resize(5, 20)
    folder.write(b"one\r\n\x1b[?1049h\x1b[Htwo")
    screen = following()

    repaint = await screen.repaint()

    assert (repaint.offset, repaint.rows, repaint.cols) == (folder.size, 5, 20)
    assert shown(repaint.data, rows=5, cols=20)[0] == "two"
    folder.write(b"\x1b[?1049lthree")
    assert (await screen.text()).lines[:2] == ("one", "three")
    assert (await screen.text()).offset == folder.size


async def test_a_session_without_output_has_an_empty_screen(following):
    repaint = await following().repaint()
    assert repaint.offset == 0
    assert (repaint.rows, repaint.cols) == (24, 80)


async def test_sizes_are_taken_at_their_offsets(folder, following):
    folder.resize(5, 20)
    folder.write(b"\x1b[2J\x1b[18t")
    folder.resize(6, 30)
    folder.write(b"\x1b[18t")
    folder.resize(7, 40)
    folder.resize(8, 50)
    folder.write(b"\x1b[18t")
    folder.resize(9, 60)
    screen = following()
    await screen.answer(since=0)

    repaint = await screen.repaint()

    assert (repaint.rows, repaint.cols) == (9, 60)
    sizes = b"\x1b[8;5;20t\x1b[8;6;30t\x1b[8;8;50t"
    assert (await screen.answers())[1] == sizes


async def test_a_size_without_output_after_it_is_seen(folder, following):
    folder.resize(5, 20)
    folder.write(b"text")
    screen = following()
    await screen.repaint()
    folder.resize(10, 40)
    repaint = await screen.repaint()
    assert (repaint.offset, repaint.rows, repaint.cols) == (4, 10, 40)


async def test_questions_before_the_offset_stay_unanswered(folder, following):
    folder.write(b"\x1b[5n\x1b[5n\x1b[6n")
    screen = following()
    await screen.answer(since=8)
    assert (await screen.answers())[1] == b"\x1b[1;1R"
    assert (await screen.answers())[1] == b""

    folder.write(b"\x1b[5n")
    await screen.answer(since=None)  # a viewer's terminal answers that
    assert (await screen.answers())[1] == b""
    folder.write(b"\x1b[5n")
    await screen.answer(since=folder.size)
    folder.write(b"\x1b[c\x1b[5n")
    assert (await screen.answers())[1] == b"\x1b[?62;22c\x1b[0n"


async def test_answers_that_nobody_takes_need_no_more_memory(folder, following):
    screen = following()
    await screen.answer(since=0)
    folder.write(b"\x1b[c" * 100_000)
    assert len((await screen.answers())[1]) <= 1 << 16


async def test_after_a_restart_only_what_is_new_is_fed(folder, following, fed):
    folder.write(b"x" * 5_000_000 + b"\x1b[31mlast")
    await following().close()  # never used: nothing to keep
    first = following()
    before = await first.repaint()
    await first.close()
    assert sum(fed) >= 5_000_000
    fed.clear()

    folder.write(b" and more")
    after = await following().repaint()

    assert sum(fed) == len(b" and more")
    lines = shown(after.data, rows=24, cols=80)
    assert any(line.endswith("last and more") for line in lines)
    assert after.offset == before.offset + len(b" and more")


async def test_a_daemon_that_was_killed_feeds_no_more_than_a_few_megabytes(
    folder, following, fed
):
    folder.write(b"line of output\r\n" * 800_000)
    await following().repaint()  # and no close
    fed.clear()
    await following().repaint()
    assert sum(fed) <= session_screen._KEEP_BYTES


@pytest.mark.parametrize("spoil", ["lost", "torn", "junk", "other version", "beyond"])
async def test_a_snapshot_that_is_of_no_use_is_made_again(
    folder, following, spoil, monkeypatch
):
    folder.write(b"text")
    first = following()
    await first.repaint()
    await first.close()
    kept = folder.path / "screen"
    assert kept.stat().st_mode & 0o777 == 0o600
    data = kept.read_bytes()
    match spoil:
        case "lost":
            kept.unlink()
        case "torn":
            kept.write_bytes(data[:-20])
        case "junk":
            kept.write_bytes(b"junk")
        case "other version":
            monkeypatch.setattr(kept_screen, "_library_version", lambda: "9")
        case _:
            kept.write_bytes(data.replace(b" 4 24 80\n", b" 5 24 80\n"))
    assert (await following().text()).lines[0] == "text"


async def test_a_full_disk_costs_the_snapshot_only(folder, following):
    folder.write(b"text")
    (folder.path / "screen.room").mkdir()  # writing there fails
    screen = following()
    assert (await screen.text()).lines[0] == "text"
    await screen.close()
    folder.write(b" more")
    assert (await screen.text()).lines[0] == "text more"


async def test_output_that_was_lost_ends_a_sequence_under_way(folder, following):
    folder.write(b"before\x1b]0;title without an e")
    folder.gap(folder.size, folder.size + 100)
    folder.write(b" after", segment=folder.size)
    screen = following()
    text = await screen.text()
    assert text.lines[0] == "before after"
    assert text.offset == folder.size


async def test_a_log_whose_beginning_is_gone_begins_at_a_safe_place(folder, following):
    folder.size = 1000
    folder.write(b"\xa5;2;3m half a line\r\n\x1b[1mwhole", segment=1000)
    text = await following().text()
    assert text.lines[:2] == ("", "whole")


async def test_a_log_that_was_cut_meanwhile_goes_on_with_what_is_left(
    folder, following
):
    folder.write(b"old\x1b[3")
    screen = following()
    await screen.text()
    segment_path(folder.path, offset=0).unlink()
    folder.size = 2000
    folder.write(b" new", segment=2000)
    assert (await screen.text()).lines[0] == "old new"


async def test_inside_a_very_long_sequence_the_screen_before_is_given(
    folder, following
):
    folder.write(b"before")
    screen = following()
    await screen.repaint()
    await screen.close()
    folder.write(b"\x1b]52;c;" + b"QUJD" * (1 << 19))

    repaint = await screen.repaint()

    assert repaint.offset == len(b"before")
    assert (await screen.text()).lines[0] == "before"
    folder.write(b"\x07 after")
    assert (await screen.repaint()).offset == folder.size


async def test_many_may_ask_at_once(folder, following):
    folder.write(b"x" * 3_000_000 + b"\r\nend")
    screen = following()
    async with asyncio.timeout(DEADLINE):
        found = await asyncio.gather(*(screen.text() for _ in range(10)))
    assert {text.lines[-1] for text in found} == {"end"}


@pytest.mark.full
async def test_the_event_loop_goes_on_while_a_long_log_is_fed(folder, following):
    folder.write(os.urandom(1 << 20) * 20)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with asyncio.TaskGroup() as group:
        counting = group.create_task(count())
        await following().text()
        counting.cancel()
    assert turns > 100


@pytest.fixture
def limits() -> LogLimits:
    return LogLimits(segment_bytes=1 << 20, keep_bytes=1 << 30)


async def test_it_follows_a_session_to_its_end(sessions, python_program, paths, ended):
    code = "import os\nfor i in range(60000): print('line', i, 'of the program')"
    live = await sessions.start(python_program(code))
    screen = SessionScreen(paths.sessions / "one")

    async with asyncio.timeout(DEADLINE):
        async with Background() as background:
            await screen.follow(live, rounds=Rounds(background))
        await ended(live)

    text = await screen.text()
    assert text.lines[-2:] == ("line 59999 of the program", "")
    assert text.offset == live.size
    assert (paths.sessions / "one" / "screen").exists()
    await screen.close()


async def test_at_rest_a_snapshot_is_kept(
    sessions, launch, paths, eventually, monkeypatch
):
    monkeypatch.setattr(session_screen, "_REST_SECONDS", 0.01)
    live = await sessions.start(launch("echo hello; exec cat"))
    screen = SessionScreen(paths.sessions / "one")
    async with Background() as background:
        rounds = Rounds(background)
        background.spawn(screen.follow(live, rounds=rounds), name="follow")
        await eventually((paths.sessions / "one" / "screen").exists)
    await screen.close()


async def test_a_program_that_prints_is_answered_without_its_shim_being_asked(
    sessions, python_program, paths, eventually, monkeypatch
):
    monkeypatch.setattr(session_screen, "_ASKING_SECONDS", 0.0)
    code = (
        "import sys, time, tty; tty.setraw(0); begun = time.monotonic()\n"
        "while time.monotonic() < begun + 1: print('x', flush=True); time.sleep(0.02)\n"
        "print(end='\\x1b[5n', flush=True); sys.stdin.read(4)"
    )
    live = await sessions.start(python_program(code))
    screen = SessionScreen(paths.sessions / "one")
    sent: list[bytes] = []
    async with Background() as background:
        await screen.answer(since=0)
        await screen.answers(size=await live.grown(0))
        told = live.size
        follow = screen.follow(
            live,
            rounds=Rounds(background),
            send=lambda _upto, answers: sent.append(answers),
        )
        background.spawn(follow, name="follow")
        await eventually(lambda: sent == [b"\x1b[0n"])
        assert live.size == told
    await screen.close()


async def test_a_look_takes_what_is_new(folder, following):
    folder.resize(5, 20)
    folder.write(b"one\r\n")
    screen = following()
    assert screen.look() is Look.MORE  # nothing of it is open yet
    await screen.text()
    assert screen.look() is Look.NOTHING

    folder.write(b"two\r\n")
    folder.resize(5, 30)
    folder.write(b"three\r\n")
    assert screen.look() is Look.TAKEN
    folder.write(b"\x1b[5n")
    await screen.answer(since=folder.size - 4)
    assert screen.look() is Look.MORE
    assert (await screen.answers())[1] == b"\x1b[0n"
    folder.write(b"x" * 100_000)
    assert screen.look() is Look.MORE

    repaint = await screen.repaint()
    assert (repaint.offset, repaint.cols) == (folder.size, 30)
