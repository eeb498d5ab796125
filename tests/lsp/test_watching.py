"""One connection's watching of real sessions, up to the messages that it sends."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from agentls.errors import AgentlsError, InvalidParams
from agentls.lsp.protocol.sessions import AttachParams, OutputParams
from agentls.lsp.watching import Watching
from agentls.sessions.log import LogReader, OutputGone
from agentls.sessions.segments import LogFiles
from agentls.tasks.book import SessionEnd
from agentls.tasks.request import TaskRequest
from agentls.tasks.starting import silent


class Client:
    """What a client was told."""

    def __init__(self, core: Any) -> None:
        self.output: list[OutputParams] = []
        self.acks = True
        self.told: list[str] = []
        self._news = asyncio.Event()
        self.watching = Watching(
            core,
            send=self._send,
            drain=self.drain,
            after_answer=lambda act: act(),
        )

    def _send(self, method: str, params: Any) -> None:
        self.told.append(method)
        if method == "agentls/output":
            self.output.append(params)
            if self.acks:
                self.watching.ack(params.session, params.end)
        elif method == "agentls/controllerChanged":
            self.told.append(f"you={params.you} held={params.held}")
        self._news.set()

    async def drain(self) -> None:
        pass

    @property
    def text(self) -> str:
        return "".join(piece.text or "" for piece in self.output)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not true():
                self._news.clear()
                await self._news.wait()


def _params(**values: Any) -> AttachParams:
    return AttachParams(task="any", **values)


def _pumps(core) -> int:
    names = [running.get_name() for running in core.background._running]
    return sum(name.startswith("output of") for name in names)


async def test_a_closed_connection_takes_no_control_and_watches_nothing(core, session):
    gone, here = Client(core), Client(core)
    await gone.watching.close()
    # Handlers that were under way when the stream ended.
    await gone.watching.type_input(session.id, b"from nowhere\n")
    with pytest.raises(AgentlsError):
        await gone.watching.attach(session, _params(control=True))
    assert _pumps(core) == 0
    await here.watching.attach(session, _params())
    await here.watching.type_input(session.id, b"here\n")
    await here.until(lambda: "here" in here.text)
    assert "nowhere" not in here.text


async def test_two_attaches_at_once_stream_once(core, session):
    client = Client(core)
    attach = client.watching.attach
    params = _params(control=True, rows=30, cols=90, offset=0)
    await asyncio.gather(attach(session, params), attach(session, params))
    await client.watching.type_input(session.id, b"typed\n")
    await client.until(lambda: "typed" in client.text)
    assert _pumps(core) == 1
    ends = [piece.end for piece in client.output]
    assert [piece.offset for piece in client.output] == [0, *ends[:-1]]
    await client.watching.close()
    assert _pumps(core) == 0


async def test_what_is_typed_at_once_never_overtakes(core, session, monkeypatch):
    client = Client(core)
    watching = client.watching
    await watching.attach(session, _params(control=True))
    live = core.sessions.get(session.id)
    live.disconnect()
    assert not watching.type_at_once(session.id, b"one ")
    assert not watching.resize_at_once(session.id, rows=10, cols=20)
    waits = core.spawn(watching.type_input(session.id, b"one "), name="waits")
    await asyncio.sleep(0)
    at_once: list[bool] = []
    back = asyncio.Event()

    def wake() -> None:  # the connection is back, and the one that waits not yet
        if live._link is not None:
            at_once.append(watching.type_at_once(session.id, b"overtaken"))
            back.set()
        type(live)._wake(live)

    monkeypatch.setattr(live, "_wake", wake)
    async with asyncio.timeout(20):
        await back.wait()
        await waits
    assert at_once[0] is False
    assert watching.type_at_once(session.id, b"two\n")
    await client.until(lambda: "two" in client.text)
    assert "one two" in client.text


async def test_an_echo_is_read_without_a_thread(core, session, monkeypatch):
    client = Client(core)
    await client.watching.attach(session, _params(control=True))
    await client.watching.type_input(session.id, b"first\n")
    await client.until(lambda: "first" in client.text)
    read: list[int] = []
    original = LogFiles.read

    def in_a_thread(self: LogFiles, offset: int, *, limit: int) -> Any:
        read.append(offset)
        return original(self, offset, limit=limit)

    monkeypatch.setattr(LogFiles, "read", in_a_thread)
    for number in range(20):
        assert client.watching.type_at_once(session.id, b"%d more\n" % number)
        await client.until(lambda n=number: f"{n} more" in client.text)
    assert len(read) < 10  # now and then the page is being written


@pytest.mark.parametrize("size", [(0, 80), (24, -1), (70000, 80), (24, 1 << 40)])
async def test_a_size_that_no_terminal_has_is_refused(core, session, size):
    rows, cols = size
    client = Client(core)
    await client.watching.attach(session, _params(control=True))
    with pytest.raises(InvalidParams):
        await client.watching.resize(session.id, rows=rows, cols=cols)
    if all(size):
        with pytest.raises(InvalidParams):
            await client.watching.attach(
                session, _params(control=True, rows=rows, cols=cols)
            )
    await client.watching.type_input(session.id, b"still here\n")
    await client.until(lambda: "still here" in client.text)


async def test_an_attach_that_is_refused_ends_no_earlier_one(core, session):
    client = Client(core)
    await client.watching.attach(session, _params(control=True))
    with pytest.raises(InvalidParams):
        await client.watching.attach(session, _params(offset=1 << 40))
    await client.watching.type_input(session.id, b"still here\n")
    await client.until(lambda: "still here" in client.text)


@pytest.fixture
def end(core, session) -> Callable[[Client], Any]:
    """End the session while a client attaches to it: once the client was told."""

    async def end_it(client: Client) -> None:
        ended = asyncio.Event()

        def hear(event: object) -> None:
            if isinstance(event, SessionEnd):
                client.watching.session_ended(event.session)
                ended.set()

        with core.book.listening(hear):
            await core.sessions.get(session.id).write(b"last words\n\x04")
            async with asyncio.timeout(20):
                await ended.wait()

    return end_it


async def test_the_end_of_a_session_never_comes_before_its_output(
    core, session, end, monkeypatch
):
    client = Client(core)
    monkeypatch.setattr(core.screens, "repaint", lambda *_: end(client))
    await client.watching.attach(session, _params(repaint=True))
    assert "agentls/sessionEnded" not in client.told
    await client.until(lambda: "agentls/sessionEnded" in client.told)
    assert "last words" in client.text


async def test_the_end_of_a_session_is_told_where_the_attach_was_refused(
    core, session, end, monkeypatch
):
    client = Client(core)

    async def fails(*_: object) -> None:
        await end(client)
        raise AgentlsError("No screen.")

    monkeypatch.setattr(core.screens, "repaint", fails)
    with pytest.raises(AgentlsError, match="No screen"):
        await client.watching.attach(session, _params(repaint=True))
    assert "agentls/sessionEnded" in client.told


async def test_output_that_went_before_it_was_sent_is_a_gap(core, session, monkeypatch):
    client = Client(core)
    await client.watching.attach(session, _params(control=True))
    await client.watching.type_input(session.id, b"old\n")
    await client.until(lambda: "old" in client.text)
    at = client.output[-1].end
    original = LogReader.read

    async def read(self: LogReader, offset: int, *, limit: int) -> Any:
        if offset < at + 3:
            raise OutputGone(offset=offset, first=at + 3)
        return await original(self, offset, limit=limit)

    monkeypatch.setattr(LogReader, "read", read)
    await client.watching.type_input(session.id, b"gone new\n")
    await client.until(lambda: "new" in client.text)
    gap = next(piece for piece in client.output if piece.gap)
    assert (gap.offset, gap.end, gap.text) == (at, at + 3, "")
    assert client.text.endswith("e new\r\n")


async def test_a_client_that_went_ends_its_stream_quietly(core, session, caplog):
    client = Client(core)

    async def drain() -> None:
        raise ConnectionResetError

    client.watching._drain = drain
    await client.watching.attach(session, _params(control=True))
    await client.watching.type_input(session.id, b"typed\n")
    await client.until(lambda: bool(client.output))
    async with asyncio.timeout(20):
        while _pumps(core):  # noqa: ASYNC110 - nothing tells of its end
            await asyncio.sleep(0)
    assert [r for r in caplog.records if r.levelname == "ERROR"] == []


async def test_control_goes_to_the_last_to_ask_and_comes_back_by_asking(core, session):
    one, two = Client(core), Client(core)
    await one.watching.attach(session, _params(control=True))
    await two.watching.attach(session, _params(control=True))
    assert "agentls/controllerChanged" in one.told
    await one.watching.type_input(session.id, b"ignored\n")
    await two.watching.type_input(session.id, b"two\n")
    await two.until(lambda: "two" in two.text)
    await one.watching.attach(session, _params(control=True))
    assert "agentls/controllerChanged" in two.told
    await one.watching.type_input(session.id, b"one\n")
    await two.until(lambda: "one" in two.text)
    assert "ignored" not in two.text
    await one.watching.end(session.id)
    await two.watching.type_input(session.id, b"free\n")
    await two.until(lambda: "free" in two.text)


async def test_a_hand_over_is_told_to_all_that_are_attached(core, session):
    one, two, third = Client(core), Client(core), Client(core)
    for client in (one, two, third):
        await client.watching.attach(session, _params())
        client.told.clear()
    await one.watching.attach(session, _params(control=True))
    await two.watching.attach(session, _params(control=True))
    await two.watching.end(session.id)
    held = ["you=False held=True", "you=False held=False"]

    def said(client: Client) -> list[str]:
        return [told for told in client.told if told.startswith("you")]

    assert said(one) == ["you=True held=True", *held]
    assert said(two) == ["you=False held=True", "you=True held=True"]
    assert said(third) == ["you=False held=True", *held]


async def test_a_watchers_terminal_answers_nothing_and_takes_no_control(core, session):
    watcher, here = Client(core), Client(core)
    await watcher.watching.attach(session, _params(repaint=True))
    await watcher.watching.type_input(session.id, b"\x1b[?62;22c\x1b[0n")
    assert watcher.watching.type_at_once(session.id, b"\x1b[?62;22c\x1b[0n")
    assert "you=True held=True" not in watcher.told
    await here.watching.attach(session, _params(control=True))
    await here.watching.type_input(session.id, b"\x1b[0nhere\n")
    await here.until(lambda: "here" in here.text)
    assert here.text == "here\r\n"


async def test_a_terminal_that_lags_is_given_the_screen(core, session):
    root = core.book.get(session.task).repository
    request = TaskRequest(
        prompt="read x; seq 500000; printf 'the end'; cat", folder=root, agent="shell"
    )
    task = await core.creating.create(request, progress=silent)
    flood = core.book.sessions(task.id)[-1]
    quick, slow = Client(core), Client(core)
    slow.acks = False
    await slow.watching.attach(flood, _params(repaint=True, window=1 << 16))
    await quick.watching.attach(flood, _params(control=True))
    await quick.watching.type_input(flood.id, b"go\n")
    await quick.until(lambda: quick.text.endswith("the end"))
    size = quick.output[-1].end
    assert sum(len(piece.text or "") for piece in slow.output) <= 1 << 16
    assert (await core.screens.repaint(flood.id)).offset == size

    slow.acks = True
    slow.watching.ack(flood.id, slow.output[-1].end)
    await slow.until(lambda: slow.output[-1].end == size)
    moved = [piece for piece in slow.output if piece.repaint is not None]
    assert len(moved) == 1
    assert "the end" in moved[0].repaint
    assert (moved[0].end, moved[0].rows, moved[0].cols) == (size, 24, 80)
    ends = [piece.end for piece in slow.output]
    assert [piece.offset for piece in slow.output] == [0, *ends[:-1]]
    assert sum(len(piece.text or "") for piece in slow.output) < 1 << 18


async def test_a_terminal_goes_on_from_its_offset_if_the_log_holds_it(core, session):
    client = Client(core)
    await client.watching.attach(session, _params(control=True))
    await client.watching.type_input(session.id, b"one two\n")
    await client.until(lambda: client.text.endswith("one two\r\n"))
    client.output.clear()
    again = await client.watching.attach(session, _params(repaint=True, offset=4))
    assert (again.offset, again.repaint) == (4, None)
    await client.until(lambda: client.text == "two\r\n")
    anew = await client.watching.attach(session, _params(repaint=True, offset=1 << 40))
    assert anew.repaint is not None
    assert "one two" in anew.repaint


async def test_a_screen_is_drawn_in_the_size_of_who_attaches(core, session):
    client = Client(core)
    for rows, cols in zip(range(5, 35), range(90, 120), strict=True):
        params = _params(control=True, repaint=True, rows=rows, cols=cols)
        drawn = await client.watching.attach(session, params)
        assert (drawn.rows, drawn.cols) == (rows, cols)


async def test_another_size_is_told_to_all_that_are_attached(core, session):
    one, two = Client(core), Client(core)
    await one.watching.attach(session, _params(control=True))
    await two.watching.attach(session, _params())
    await one.watching.resize(session.id, rows=30, cols=99)
    for client in (one, two):
        await client.until(lambda client=client: "agentls/resized" in client.told)
    assert core.sessions.get(session.id).grid == (30, 99)


async def test_a_client_that_never_acks_holds_its_window_and_no_more(
    core, session, monkeypatch
):
    reads, never = Client(core), Client(core)
    monkeypatch.setattr(never.watching, "ack", lambda *_: None)
    await never.watching.attach(session, _params(window=1 << 16))
    await reads.watching.attach(session, _params(control=True, window=1 << 20))
    lines = (b"x" * 1000 + b"\n") * 4000
    await reads.watching.type_input(session.id, lines)
    size = len(lines) + 4000  # a terminal ends lines with CR LF
    await reads.until(lambda: bool(reads.output) and reads.output[-1].end >= size)
    assert never.output
    assert sum(piece.end - piece.offset for piece in never.output) <= 1 << 16
    assert sum(len(piece.text or "") for piece in never.output) <= 1 << 16
