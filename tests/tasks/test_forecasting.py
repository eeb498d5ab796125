"""The forecast of real tasks: by events, and whenever it is asked for."""

import asyncio

import pytest

from agentls.model import Lines, State
from agentls.review.outlook import Outcome
from agentls.review.radar import TouchKind

LINES = "".join(f"{n}\n" for n in range(1, 9))


@pytest.fixture
def repository(repository, git):
    (repository / "plain.txt").write_text(LINES)
    git(repository, "commit", "-qam", "lines")
    return repository


async def _forecast(daemon):
    found = await daemon.core.forecasting.forecast(daemon.root, task=None)
    return {one.task: one for one in found}


async def _news(daemon, act, *, of=None):
    """Do something, and wait for the forecast that follows by itself."""
    told = asyncio.Event()
    tasks = {}

    def hear(news):
        tasks.update(news.tasks)
        if of is None or of(tasks):
            told.set()

    with daemon.core.forecasting.listening(hear):
        await act()
        async with asyncio.timeout(20):
            await told.wait()
    return tasks


async def test_two_tasks_on_the_same_line_are_told_before_anybody_reviews(daemon):
    one = await daemon.done("sed -i 's/^2$/two/' plain.txt")
    other = await daemon.done("sed -i 's/^2$/zwei/' plain.txt")
    apart = await daemon.done("sed -i 's/^7$/seven/' plain.txt")
    found = await _forecast(daemon)
    assert set(found) == {one.id, other.id, apart.id}
    assert set(found[one.id].tasks) == {other.id}
    assert found[apart.id].tasks == {}
    assert found[one.id].target.outcome is Outcome.CLEAN
    (file,) = found[one.id].tasks[other.id].files
    assert (file.path, file.lines) == (b"plain.txt", (Lines(first=2, last=2),))


async def test_a_checkpoint_brings_news_by_itself(daemon):
    one = await daemon.done("sed -i 's/^2$/two/' plain.txt")
    await _forecast(daemon)

    async def another():
        await daemon.done("sed -i 's/^2$/zwei/' plain.txt")

    news = await _news(
        daemon, another, of=lambda tasks: one.id in tasks and tasks[one.id].tasks
    )
    assert len(news) == 2


async def test_another_change_is_told_though_nothing_else_is_to_be_expected(daemon):
    task = await daemon.done("sed -i 's/^2$/two/' plain.txt")
    await _forecast(daemon)
    moved = asyncio.Event()

    def hear(news):
        if task.id in news.moved and not news.tasks:
            moved.set()

    with daemon.core.forecasting.listening(hear):
        await daemon.core.tasks.send_prompt(task.id, "sed -i 's/^7$/seven/' plain.txt")
        async with asyncio.timeout(20):
            await moved.wait()


async def test_a_merge_shows_in_the_forecast_of_the_others(daemon):
    one = await daemon.done("sed -i 's/^2$/two/' plain.txt")
    other = await daemon.done("sed -i 's/^2$/zwei/' plain.txt")
    await _forecast(daemon)
    assert daemon.core.forecasting.conflicts(other.id) is False
    news = await _news(daemon, lambda: daemon.merge(one))
    assert news[one.id] is None
    assert news[other.id].target.outcome is Outcome.CONFLICTS
    assert news[other.id].tasks == {}
    assert daemon.core.forecasting.conflicts(other.id) is True
    assert daemon.core.forecasting.of(one.id) is None


async def test_a_commit_of_the_users_counts_when_it_is_asked_for(daemon, git):
    task = await daemon.done("sed -i 's/^2$/two/' plain.txt")
    await _forecast(daemon)
    (daemon.root / "plain.txt").write_text(LINES.replace("2\n", "deux\n"))
    git(daemon.root, "commit", "-qam", "mine")
    found = await _forecast(daemon)
    assert found[task.id].target.outcome is Outcome.CONFLICTS
    assert found[task.id].user.outcome is Outcome.CLEAN


async def test_a_saved_file_of_the_users_brings_news(daemon):
    task = await daemon.done("sed -i 's/^2$/two/' plain.txt")
    await _forecast(daemon)

    async def save():
        (daemon.root / "plain.txt").write_text(LINES.replace("2\n", "deux\n"))
        daemon.core.forecasting.look_soon(daemon.root, saved=True)

    news = await _news(daemon, save)
    assert news[task.id].user.outcome is Outcome.CONFLICTS
    assert news[task.id].in_the_way == (b"plain.txt",)


async def test_work_that_is_discarded_conflicts_with_nobody(daemon):
    one = await daemon.done("sed -i 's/^2$/two/' plain.txt")
    other = await daemon.done("sed -i 's/^2$/zwei/' plain.txt")
    assert (await _forecast(daemon))[one.id].tasks
    await daemon.core.discarding.discard(other.id)
    assert (await _forecast(daemon))[one.id].tasks == {}
    await daemon.core.discarding.restore(other.id)
    assert (await _forecast(daemon))[one.id].tasks


async def test_the_next_daemon_knows_it_again(start):
    async with start() as daemon:
        one = await daemon.done("sed -i 's/^2$/two/' plain.txt")
        other = await daemon.done("sed -i 's/^2$/zwei/' plain.txt")
        before = await _forecast(daemon)
    async with start() as daemon:
        assert await _forecast(daemon) == before
        assert before[one.id].tasks.keys() == {other.id}


async def test_a_repository_that_is_gone_stops_no_forecast_of_another(
    daemon, git, tmp_path
):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    git(other, "commit", "-q", "--allow-empty", "-m", "first")
    await daemon.done("echo x > new", folder=other)
    task = await daemon.done("sed -i 's/^2$/two/' plain.txt")
    await _forecast(daemon)
    other.rename(tmp_path / "moved")

    async def both():
        daemon.core.forecasting.look_soon(other, saved=True)
        (daemon.root / "plain.txt").write_text(LINES.replace("2\n", "deux\n"))
        daemon.core.forecasting.look_soon(daemon.root, saved=True)

    assert task.id in await _news(daemon, both)


async def _radar(daemon, text: str, name: str = "plain.txt"):
    await _forecast(daemon)  # else a busy machine may take longer than it waits
    found = await daemon.core.forecasting.radar(daemon.root / name, text.encode())
    return [(one.task, one.kind, one.lines.first, one.lines.last) for one in found]


async def test_the_radar_places_lines_in_what_the_user_has(daemon):
    task = await daemon.done("sed -i 's/^5$/five/' plain.txt")
    assert await _radar(daemon, LINES) == [(task.id, TouchKind.CHANGES, 5, 5)]
    above = LINES.replace("2\n", "2\nnew\nnew\n")
    assert await _radar(daemon, above) == [(task.id, TouchKind.CHANGES, 7, 7)]
    below = LINES.replace("7\n", "7\nnew\n")
    assert await _radar(daemon, below) == [(task.id, TouchKind.CHANGES, 5, 5)]
    windows = above.replace("\n", "\r\n")
    assert await _radar(daemon, windows) == [(task.id, TouchKind.CHANGES, 7, 7)]


async def test_the_radar_tells_lines_that_both_changed(daemon):
    task = await daemon.done("sed -i 's/^5$/five/' plain.txt")
    mine = LINES.replace("5\n", "cinq\nmore\n")
    assert await _radar(daemon, mine) == [(task.id, TouchKind.CLASHES, 5, 6)]
    assert await _radar(daemon, LINES.replace("5\n", "five\n")) == []


async def test_the_radar_knows_added_deleted_and_untouched_files(daemon):
    one = await daemon.done("rm plain.txt; echo x > added.txt")
    assert await _radar(daemon, LINES) == [(one.id, TouchKind.DELETES, 1, 1)]
    assert await _radar(daemon, "y\n", "added.txt") == [(one.id, TouchKind.ADDS, 1, 1)]
    assert await _radar(daemon, "y\n", "other.txt") == []


async def test_the_radar_looks_only_into_repositories_with_open_tasks(daemon, tmp_path):
    task = await daemon.done("sed -i 's/^5$/five/' plain.txt")
    radar = daemon.core.forecasting.radar
    await _forecast(daemon)
    assert await radar(tmp_path / "elsewhere.txt", b"x") == ()
    assert await radar(task.worktree / "plain.txt", b"x") == ()
    link = tmp_path / "link"
    link.symlink_to(daemon.root)
    assert len(await radar(link / "plain.txt", LINES.encode())) == 1
    await daemon.merge(task)
    assert daemon.core.book.get(task.id).state is State.MERGED
    assert await radar(daemon.root / "plain.txt", LINES.encode()) == ()
