"""Twenty tasks at the same moment from four clients: nobody sees a lock."""

import asyncio
from pathlib import Path

_CLIENTS, _EACH = 4, 5


async def test_twenty_tasks_are_created_at_once_from_four_clients(
    open_editor, repository: Path, home, git
):
    (home.path / "config").mkdir()
    (home.path / "config" / "config.toml").write_text("[limits]\nmax_parallel = 20\n")
    editors = [await open_editor(repository) for _ in range(_CLIENTS)]
    created = await asyncio.gather(
        *(
            editor.execute("createTask", agent="shell", prompt=f"echo {n} > {name}-{n}")
            for name, editor in enumerate(editors)
            for n in range(_EACH)
        )
    )
    tasks = [one.task for one in created]
    failed = [task.why for task in tasks if task.state == "failed"]
    assert failed == []
    assert len({task.id for task in tasks}) == _CLIENTS * _EACH
    for task in tasks:
        await editors[0].until_state(task.id, "review")
    # Each worktree and branch is known to git.
    listed = git(repository, "worktree", "list", "--porcelain")
    for task in tasks:
        assert task.worktree.removeprefix("file://") in listed
        git(repository, "rev-parse", "--verify", f"refs/heads/{task.branch}")
