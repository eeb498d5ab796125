"""Batches: many tasks from what a person wrote down."""

import attrs
import pytest

from agentls.model import GroupKind, State
from agentls.tasks.batches import BatchSource
from agentls.tasks.request import TaskRequest

TODO = """# Today

- [ ] echo one > one
- [x] echo done > done
- [ ] echo two > two
  echo more >> two
"""


@pytest.fixture
def todo(repository, git):
    path = repository / "TODO.md"
    path.write_text(TODO)
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "what is to be done")
    return path


async def _run(daemon, *, text=None, path=None, dry=False, note_ids=False, **asked):
    source = BatchSource(format="markdown", text=text, path=path)
    return await daemon.core.batching.run(
        attrs.evolve(source, **asked),
        TaskRequest(prompt="", folder=daemon.root, agent="shell"),
        dry=dry,
        note_ids=note_ids,
    )


async def test_each_open_item_becomes_a_task_with_what_is_nested_in_it(daemon, todo):
    one, two = await _run(daemon, path=todo)
    assert (one.line, one.title, one.made) == (3, "echo one > one", True)
    assert two.prompt == "echo two > two\necho more >> two"
    assert one.task.group == two.task.group
    assert one.task.group.kind is GroupKind.BATCH
    done = await daemon.until(two.task.id, State.REVIEW)
    assert (done.worktree / "two").read_text() == "two\nmore\n"


async def test_the_merge_ticks_the_box_in_the_same_commit(daemon, todo, git):
    _, two = await _run(daemon, path=todo)
    await daemon.until(two.task.id, State.REVIEW)
    merged = await daemon.merge(two.task)
    assert todo.read_text() == TODO.replace("[ ] echo two", "[x] echo two")
    changed = git(daemon.root, "show", "--name-only", "--format=", merged.commit)
    assert changed.split() == ["TODO.md", "two"]


@pytest.mark.parametrize("strategy", ["merge", "rebase"])
async def test_whatever_the_strategy(daemon, todo, git, strategy):
    (item,) = await _run(
        daemon, path=todo, text="- [ ] echo two > two; git add .; git commit -qm agent"
    )
    todo.write_text("- [ ] echo two > two; git add .; git commit -qm agent\n")
    git(daemon.root, "commit", "-qam", "another list")
    await daemon.until(item.task.id, State.REVIEW)
    (daemon.root / ".agentls.local.toml").write_text(
        f'[merge]\nstrategy = "{strategy}"\n'
    )
    await daemon.merge(item.task)
    assert todo.read_text().startswith("- [x] echo two")
    assert not git(daemon.root, "status", "--porcelain", "--untracked-files=no")


async def test_a_file_with_changes_of_the_user_s_is_left_alone(daemon, todo):
    one, _ = await _run(daemon, path=todo)
    await daemon.until(one.task.id, State.REVIEW)
    mine = TODO + "- [ ] a thought\n"
    todo.write_text(mine)
    await daemon.merge(one.task)
    assert todo.read_text() == mine
    assert (daemon.root / "one").read_text() == "one\n"


async def test_the_same_file_again_makes_nothing_twice(daemon, todo):
    one, two = await _run(daemon, path=todo)
    again = await _run(daemon, path=todo)
    assert [item.made for item in again] == [False, False]
    assert [item.task.id for item in again] == [one.task.id, two.task.id]
    await daemon.until(one.task.id, State.REVIEW)
    await daemon.core.discarding.discard(one.task.id)
    first, second = await _run(daemon, path=todo)
    assert (first.made, second.made) == (True, False)
    todo.write_text(todo.read_text() + "- [ ] echo three > three\n")
    assert [item.made for item in await _run(daemon, path=todo)] == [False, False, True]


async def test_a_dry_run_makes_nothing(daemon, todo):
    items = await _run(daemon, path=todo, dry=True)
    assert [(item.title, item.task) for item in items] == [
        ("echo one > one", None),
        ("echo two > two", None),
    ]
    assert daemon.core.book.tasks() == ()


async def test_ids_are_written_only_if_asked_for(daemon, todo):
    one, two = await _run(daemon, path=todo, note_ids=True)
    assert todo.read_text() == TODO.replace(
        "one > one", f"one > one <!-- agentls: {one.task.id} -->"
    ).replace("two > two", f"two > two <!-- agentls: {two.task.id} -->")
    assert [item.made for item in await _run(daemon, path=todo)] == [False, False]


async def test_lines_and_json_are_batches_too(daemon):
    lines = await _run(daemon, format="lines", text="true\n# no\n\n  echo x\n")
    assert [(item.line, item.prompt) for item in lines] == [(1, "true"), (4, "echo x")]
    first, second = await _run(
        daemon,
        format="json",
        text='[{"prompt": "true", "key": "a"}, {"prompt": "false", "after": ["a"]}]',
    )
    assert second.task.after == (first.task.id,)
    assert second.task.state is State.QUEUED


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "no JSON"),
        ("{}", "not an array"),
        ("[3]", "not an array"),
        ('[{"promt": "x"}]', "prompt"),
        ('[{"prompt": "x", "after": "a"}]', "after"),
        ('["true", {"prompt": " "}]', "empty"),
        ('["true", {"prompt": "x", "agent": "nobody"}]', "nobody"),
        ('["true", {"prompt": "x", "after": ["nothing"]}]', "nothing"),
    ],
)
async def test_one_wrong_entry_makes_none(daemon, text, says):
    with pytest.raises(Exception, match=says) as refused:
        await _run(daemon, format="json", text=text)
    assert refused.value.kind in {"invalidParams", "unknownAgent", "unknownTask"}
    assert daemon.core.book.tasks() == ()
