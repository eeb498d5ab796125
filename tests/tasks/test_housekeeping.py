"""What has ended is compressed in the background, and reads the same."""

from agentls.host import wait_gone
from agentls.model import State
from agentls.sessions.folder import packed_path, read_meta
from agentls.sessions.packing import unpacked
from agentls.sessions.segments import LogFiles
from agentls.threads import in_thread


async def test_ended_output_is_compressed_and_living_output_is_left(daemon, paths):
    paths.config.mkdir(parents=True, exist_ok=True)
    (paths.config / "config.toml").write_text("[logs]\ncompress_days = 0\n")
    done = await daemon.done("seq 20000")
    living = await daemon.create("seq 20000; read -r _")
    core = daemon.core
    ended, runs = (core.book.sessions(task.id)[-1].id for task in (done, living))
    before = LogFiles(paths.sessions / ended).read(0, limit=1 << 20).data
    shim = read_meta(paths.sessions / ended).shim
    assert await in_thread(wait_gone, shim, seconds=20)  # it says the end first
    await core.housekeeper.compress(rest=0)
    assert unpacked(paths.sessions / ended) == ()
    assert LogFiles(paths.sessions / ended).read(0, limit=1 << 20).data == before
    assert before.endswith(b"20000\r\n")
    assert not packed_path(paths.sessions / runs, offset=0).exists()
    await core.tasks.stop(living.id)
    await daemon.until(living.id, State.REVIEW)
