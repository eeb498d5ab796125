"""The screens' own process: followed sessions, answers, crashes."""

import os
import signal
from collections.abc import AsyncIterator

import pytest

from agentls.model import SessionId
from agentls.sessions.emulator import EmulatorMissing
from agentls.sessions.screens import Screens
from agentls.sessions.sessions import Sessions

ONE = SessionId("one")

# Asks for the terminal's attributes and the cursor's position, and shows what came.
ASKS = r"""
import os, sys, tty
tty.setraw(0)
while True:
    os.write(1, b"\x1b[c\x1b[6n\x1b]7501;?\x1b\\")
    answer = b""
    while not answer.endswith(b"\\"):
        answer += os.read(0, 100)
    print("got", answer.hex(), end="\r\n", flush=True)
    if os.read(0, 1) == b"q":
        break
"""
ANSWER = b"\x1b[?62;22c\x1b[1;1R\x1b]7501;?\x1b\\"


@pytest.fixture
async def screens(paths) -> AsyncIterator[Screens]:
    paths.make_private()
    async with Screens(paths.sessions) as opened:
        yield opened


@pytest.fixture
async def sessions(paths, limits, screens) -> AsyncIterator[Sessions]:
    async with Sessions(
        paths=paths, limits=limits, linked=screens.follow, over=screens.forget
    ) as opened:
        yield opened
        for live in list(opened._live.values()):
            await live.stop(0)


async def test_what_a_program_asks_is_answered_with_no_viewer(
    sessions, python_program, output, screens
):
    live = await sessions.start(python_program(ASKS))
    assert ANSWER.hex().encode() in await output(live, until=b"\r\n")
    assert screens.answers(ONE)


async def test_a_session_that_ended_is_not_answered(
    sessions, python_program, output, ended, screens, eventually
):
    live = await sessions.start(python_program(ASKS))
    await output(live, until=b"\r\n")
    await live.write(b"q")
    await ended(live)
    assert not screens.answers(ONE)
    await eventually(lambda: not screens._followed)
    text = await screens.text(ONE)
    assert text.lines[0].startswith("got")


async def test_after_a_crash_nothing_is_answered_twice_or_left_out(
    sessions, python_program, output, ended, screens, eventually
):
    live = await sessions.start(python_program(ASKS))
    seen = len(await output(live, until=b"\r\n"))
    for _ in range(3):
        screens._crashes.clear()  # it crashes in no session's output here
        os.kill(screens.pid, signal.SIGKILL)
        await eventually(lambda: screens.pid is None)
        await live.write(b"x")  # the program asks while nobody is there to answer
        seen += len(await output(live, until=b"\r\n", offset=seen))
    await live.write(b"q")
    await ended(live)
    got = [line for line in (await output(live)).split(b"\r\n") if b"got" in line]
    # The cursor stands lower each time; each question has one answer, in order.
    attributes, status = ANSWER[:9].hex().encode(), ANSWER[-10:].hex().encode()
    assert len(got) == 4
    assert all(line.count(attributes) == line.count(status) == 1 for line in got)


async def test_a_session_that_crashes_the_emulator_is_left_alone(
    sessions, launch, output, screens, eventually
):
    live = await sessions.start(launch("printf here; cat"))
    await output(live, until=b"here")
    assert await screens.repaint(ONE) is not None
    for _ in range(2):
        await eventually(lambda: screens.pid is not None)
        assert await screens.repaint(ONE) is not None
        os.kill(screens.pid, signal.SIGSEGV)
        await eventually(lambda: screens.pid is None)
    await eventually(lambda: not screens.answers(ONE))
    assert await screens.repaint(ONE) is None
    with pytest.raises(EmulatorMissing):
        await screens.text(ONE)
    await live.write(b"goes on\n")
    await output(live, until=b"goes on")


async def test_at_rest_a_screen_is_kept_and_goes_on_from_there(
    sessions, launch, output, screens, paths, eventually
):
    live = await sessions.start(launch("printf '\\033[31mred'; cat"))
    await output(live, until=b"red")
    await eventually((paths.sessions / ONE / "screen").exists)
    await live.write(b" again\n")
    await output(live, until=b"again")
    repaint = await screens.repaint(ONE)
    assert repaint is not None
    assert b"red" in repaint.data


async def test_only_a_screen_that_is_ahead_is_given(
    sessions, launch, output, screens, eventually
):
    live = await sessions.start(launch("printf here; cat"))
    await output(live, until=b"here")
    await eventually(lambda: ONE in screens._followed)
    assert await screens.repaint(ONE) is not None
    assert await screens.repaint(ONE, ahead_of=4) is None
    ahead = await screens.repaint(ONE, ahead_of=3)
    assert ahead is not None
    assert ahead.offset == 4
