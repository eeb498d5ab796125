"""`agentls train`: what goes in together, what stays behind, and the merge of it."""

from typing import Any

import pytest


@pytest.mark.full
def test_it_tells_what_goes_in_and_what_stays_behind(user: Any):
    assert "Nothing is ready" in user.call("train", "--no-checks")
    one = user.task("sed -i s/one/1/ README.md", "--title", "First")
    clash = user.task("sed -i s/one/I/ README.md; seq 9 > a", "--title", "Second")
    last = user.task("seq 20 > b", "--title", "Third")
    before = user.git("rev-parse", "main"), user.git("count-objects", "-v")
    assert user.call("train", "--no-checks").splitlines() == [
        f"{one} First: goes in",
        f"{clash} Second: stays behind. It conflicts with {one} in README.md.",
        f"{last} Third: goes in",
        "Nothing was merged: `agentls train --merge` does it.",
    ]
    assert (user.git("rev-parse", "main"), user.git("count-objects", "-v")) == before
    user.call("merge", one)
    assert "It conflicts with main in README.md." in user.call("train", "--no-checks")


def test_it_merges_what_goes_in(user: Any):
    one = user.task("seq 2 > a", "--title", "First")
    two = user.task("seq 3 > b", "--title", "Second")
    said = user.call("train", "--merge", "--only", two, "--only", one).splitlines()
    assert said[:2] == [f"{two} Second: merged", f"{one} First: merged"]
    tip = user.git("rev-parse", "main").strip()
    assert said[2] == f"Merged 2 tasks into main as {tip[:12]}."
    assert user.git("log", "-2", "--format=%s", "main").split() == ["First", "Second"]
    assert user.json("train")["cars"] == []
