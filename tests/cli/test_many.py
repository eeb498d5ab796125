"""Many tasks from the command line: batches and races."""

from typing import Any


def test_a_checklist_becomes_tasks_and_its_boxes_are_ticked(user: Any):
    (user.repository / "TODO.md").write_text(
        "- [ ] echo 1 > one\n- [ ] echo 2 > two\n- [x] done\n"
    )
    user.git("add", "TODO.md")
    user.git("commit", "-qm", "a list")
    dry = user.call("batch", "TODO.md", "--agent", "shell", "--dry-run")
    assert dry.splitlines() == ["new   echo 1 > one", "new   echo 2 > two"]
    items = user.json("batch", "TODO.md", "--agent", "shell")["items"]
    one, two = (item["task"]["id"] for item in items)
    user.call("wait", one, two)
    again = user.call("batch", "TODO.md", "--agent", "shell").splitlines()
    assert again[0] == f"{one}  echo 1 > one (review already)"
    user.call("merge", one)
    assert (user.repository / "TODO.md").read_text().startswith("- [x] echo 1")
    (user.repository / "TODO.md").write_text("nothing here\n")
    assert "no open item" in user.raw("batch", "TODO.md").stderr.decode()


def test_a_race_is_compared_and_merging_one_ends_it(user: Any):
    tasks = user.json(
        "race", "echo $AGENTLS_TASK > who", "--agent", "shell", "--tries", "2"
    )
    one, two = (task["id"] for task in tasks["tasks"])
    user.call("wait", one, two)
    table = user.call("compare", one).splitlines()
    assert table[0].split() == [
        "TASK",
        "AGENT",
        "STATE",
        "SINCE",
        "CHANGE",
        "FILES",
        "TOLD",
    ]
    assert [line.split()[0] for line in table[1:]] == [one, two]
    assert user.call("compare", one, two).splitlines()[-1] == "  who  +1 -1"
    assert f"-{one}\n+{two}\n" in user.call("compare", "-p", one, two)
    user.call("merge", two)
    user.call("wait", one, "--until", "discarded")
    assert user.json("show", one)["task"]["lostTo"] == two
    alone = user.task("true")
    assert "is in no race" in user.call("compare", alone, status=1)
