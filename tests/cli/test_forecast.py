"""`agentls forecast`: what would conflict, before anybody merges."""

from typing import Any


def test_it_names_tasks_files_and_lines(user: Any):
    one = user.task("sed -i 's/two/mine/' README.md", "--title", "First")
    other = user.task("sed -i 's/two/theirs/' README.md", "--title", "Second")
    apart = user.task("echo x > new.txt", "--title", "Third")
    assert user.call("forecast", "--repo", str(user.repository)).splitlines() == [
        f"{one} First",
        f"  conflicts with {other} (Second): README.md:2",
        f"{other} Second",
        f"  conflicts with {one} (First): README.md:2",
        f"{apart} Third: clean",
    ]
    user.call("merge", one)
    (user.repository / "new.txt").write_text("y\n")
    assert user.call("forecast").splitlines() == [
        f"{other} Second",
        "  conflicts with main: README.md:2",
        f"{apart} Third",
        "  conflicts with your uncommitted changes: new.txt",
        "  uncommitted changes keep main from a merge: new.txt",
    ]
    assert user.json("forecast", apart)["tasks"][0]["inTheWay"] == ["new.txt"]


def test_lists_show_the_forecast_too(user: Any):
    assert "no open task" in user.call("forecast")
    one = user.task("sed -i 's/two/mine/' README.md")
    other = user.task("sed -i 's/two/theirs/' README.md")
    user.call("forecast")
    (first, _) = user.json("ls")["tasks"]
    assert first["forecast"] == {
        "target": "clean",
        "user": "clean",
        "inTheWay": 0,
        "tasks": [other],
    }
    user.call("merge", one)
    user.call("forecast")
    assert user.json("next")["why"] == (
        "The only one that is ready: it conflicts with its target, 2 lines in 1 file."
    )
