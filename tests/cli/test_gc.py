"""`agentls gc`: shows first, and never drops what may still be needed."""

from typing import Any

import pytest


def configure(user: Any, text: str) -> None:
    (user.folder / "config" / "config.toml").write_text(f"[logs]\n{text}\n")


def test_it_shows_first_then_compresses_and_all_reads_as_before(user: Any):
    configure(user, "compress_days = 0")
    task = user.task("seq 1 20000")
    folder = user.folder / "state" / "sessions" / f"{task}-1"
    before = user.call("logs", task)
    shown = user.call("gc")
    assert f"compress the output of {task}-1" in shown
    assert "Nothing was done" in shown
    assert list(folder.glob("log.*.gz")) == []
    assert "freed" in user.call("gc", "--yes")
    assert [path.suffix for path in folder.glob("log.*")] == [".gz"]
    assert user.call("logs", task) == before
    assert user.call("logs", "-n", "1", task) == "20000\n"
    assert user.call("logs", "--grep", "^19999$") == f"{task}-1:19999: 19999\n"
    assert "nothing to do" in user.call("gc")


@pytest.mark.full
def test_only_closed_tasks_lose_their_output(user: Any):
    configure(user, "compress_days = 0\nkeep_days = 0.0000001")
    kept = user.task("echo kept")
    gone = user.task("echo gone")
    user.call("discard", gone)
    whats = {item["session"]: item["what"] for item in user.json("gc")["items"]}
    assert whats == {f"{kept}-1": "compressLog", f"{gone}-1": "dropLog"}
    user.call("gc", "--yes")
    assert user.call("logs", kept) == "kept\n"
    assert user.call("logs", "--session", f"{gone}-1", gone) == ""
